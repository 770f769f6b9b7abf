//! What the fleet costs, in exact integers: a price book, the price of one VM, what a plan does to the month, and
//! what run intervals add up to. List prices: no discount, no tax, no traffic. A price that the book lacks is unknown, never 0.

mod accrual;
mod budget;
mod declared;
mod impact;
mod interval;
mod known;
mod money;
mod price_book;
mod vm;

pub use accrual::{Accrued, Forecast, RunSlice, Spend, Tally, forecast, month_of, next_month};
pub use budget::{BudgetStanding, THRESHOLDS, crossed, day_share, percent_of};
pub use declared::{PoolPrice, declared_prices};
pub use impact::CostImpact;
pub(crate) use impact::{cost_impact, present_month};
pub use interval::{IntervalSteps, OpenInterval, RunningVm, VmKey, runs, step};
pub use known::Known;
pub use money::{InvalidMoney, Money};
pub use price_book::{DiskPrice, PriceBook, Source};
pub use vm::{Monthly, VmPrice, monthly, vm_price};

/// Compute Engine's own month, by which it turns monthly prices into hourly ones:
/// <https://cloud.google.com/compute/vm-instance-pricing>
pub const HOURS_A_MONTH: i64 = 730;
pub const SECONDS_A_MONTH: i64 = HOURS_A_MONTH * 3600;
