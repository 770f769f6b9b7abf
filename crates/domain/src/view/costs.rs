//! Costs: where the money goes, what the month will be, and the budget.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    cost::{BudgetStanding, Forecast, Known, Monthly, Source, Spend, VmPrice, month_of},
};

/// How many days back a month may begin that is had as a file.
const EXPORTED_DAYS: i64 = 400;

/// Whether the month of that day is had as a file: the last year is, and nothing that is yet to come.
pub fn is_exported(month: NaiveDate, today: NaiveDate) -> bool {
    (0..=EXPORTED_DAYS).contains(&(today - month_of(month)).num_days())
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySpend {
    pub day: NaiveDate,
    pub spend: Spend,
}

/// One pool or agent type in the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendRow {
    pub name: String,
    /// For pools.
    pub agent_type: Option<String>,
    pub spend: Spend,
    /// VMs that run now.
    pub running: u64,
    /// What these cost a month.
    pub now: Monthly,
    /// The month's days up to now, in order.
    pub days: Vec<crate::cost::Money>,
}

/// The newest budget; it is set after `revision`, whether there is one or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    pub revision: i32,
    /// Beside the present month's cost; None: no budget is set.
    pub standing: Option<BudgetStanding>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostsView {
    /// None: no environment exists yet.
    pub environment: Option<String>,
    /// The first day of the month that is shown.
    pub month: NaiveDate,
    /// The months before and after, where there is something to show.
    pub previous: Option<NaiveDate>,
    pub next: Option<NaiveDate>,
    /// Costs are counted until the last look at Compute Engine; None: there was none.
    pub as_of: Option<Timestamp>,
    pub total: Spend,
    /// In the present month.
    pub forecast: Option<Forecast>,
    /// What runs now, by the month.
    pub running: u64,
    pub now_monthly: Monthly,
    /// Every day of the month up to now.
    pub days: Vec<DaySpend>,
    /// Dearest first.
    pub pools: Vec<SpendRow>,
    pub agent_types: Vec<SpendRow>,
    pub budget: BudgetView,
    /// The price book in force.
    pub book: String,
    pub sources: Vec<Source>,
    pub now: Timestamp,
}

impl CostsView {
    /// What is known of the forecast: what has no price is lacking of the spent as of what is to come.
    pub fn forecast_known(&self) -> Option<Known> {
        let whole = self.total.unknown_seconds == 0 && self.now_monthly.unknown.is_empty();
        self.forecast.map(|forecast| Known::of(forecast.month, whole))
    }
}

/// VMs of a pool that run at one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedVms {
    /// None run: what a new one of the declared template would cost.
    pub vms: u64,
    /// None where nothing is known of them.
    pub price: Option<VmPrice>,
}

/// One pool's part of a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolCosts {
    pub pool: String,
    /// As Costs shows it, of this pool alone and without a budget: that is the environment's.
    pub view: CostsView,
    pub prices: Vec<PricedVms>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_year_is_had_as_a_file_and_nothing_that_is_to_come() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-22");
        let exported = ["2026-11-30", "2026-11-01", "2025-11-01", "2025-09-30", "2026-12-01"]
            .map(|month| is_exported(day(month), today));
        assert_eq!(exported, [true, true, true, false, false]);
    }
}
