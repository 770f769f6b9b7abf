//! What the Fleet page says of money: the last days, the forecast and the budget. Whoever adds it up for one page keeps it for the
//! others: at ten thousand VMs that reads all their intervals, and a minute more changes little.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};
use domain::{
    Timestamp,
    cost::{Forecast, Money, Monthly, Tally, forecast, month_of},
    view::fleet::{BudgetNotice, FleetSpend},
};
use store::Environment;
use tokio::sync::Mutex;

use super::days_of;
use crate::{Control, Error};

/// Days before today that are shown.
const BEFORE: Days = Days::new(15);
/// By the looks at Compute Engine: so long a sum is not made anew.
const KEPT: TimeDelta = TimeDelta::seconds(60);

/// The last ones, by environment, shared by all pages of this process.
#[derive(Debug, Default)]
pub struct Sums(Mutex<BTreeMap<String, Sum>>);

#[derive(Clone, Debug)]
struct Sum {
    as_of: Timestamp,
    days: Vec<Money>,
    forecast: Forecast,
    unpriced: bool,
}

impl Sum {
    fn still_holds(&self, as_of: Timestamp) -> bool {
        (TimeDelta::zero()..KEPT).contains(&(as_of - self.as_of))
            && as_of.date_naive() == self.as_of.date_naive()
    }
}

/// Both are of the budget in force; None until Compute Engine was read.
pub(crate) async fn of_fleet(
    control: &Control,
    environment: &Environment,
) -> Result<(Option<FleetSpend>, Option<BudgetNotice>), Error> {
    let Some(as_of) = environment.observed_at else { return Ok((None, None)) };
    let budget = control.store.get_budget(&environment.name).await?;
    let limit = budget.and_then(|budget| Some((budget.revision, budget.monthly?)));
    let notice = match limit {
        Some((revision, monthly)) => {
            let month = month_of(as_of.date_naive());
            let notices = control.store.list_budget_notices(&environment.name, revision, month).await?;
            notices.last().map(|notice| BudgetNotice {
                threshold: notice.threshold,
                monthly,
                crossed_at: notice.crossed_at,
            })
        }
        None => None,
    };
    let sum = last_days(control, &environment.name, as_of).await?;
    let spend = FleetSpend {
        as_of: sum.as_of,
        days: sum.days,
        forecast: sum.forecast.month,
        budget: limit.map(|(_, monthly)| monthly),
        unpriced: sum.unpriced,
    };
    Ok((Some(spend), notice))
}

/// Of those who ask at once one adds it up, and the others wait for it.
async fn last_days(control: &Control, environment: &str, as_of: Timestamp) -> Result<Sum, Error> {
    let mut known = control.sums.0.lock().await;
    if let Some(sum) = known.get(environment).filter(|sum| sum.still_holds(as_of)) {
        return Ok(sum.clone());
    }
    let today = as_of.date_naive();
    let (month, shown) = (month_of(today), today.checked_sub_days(BEFORE).unwrap_or(today));
    let days = days_of(month.min(shown), today);
    let slices = control.store.sum_run_intervals(environment, &days, as_of).await?;
    let by_day = Tally::by(&slices, |slice| slice.day);
    let mut running = Monthly::default();
    for now in control.store.running_now(environment).await? {
        running.add_running(now.vms, now.price.as_ref());
    }
    let this_month = Tally::of(slices.iter().filter(|slice| slice.day >= month));
    let spent = |day: &NaiveDate| by_day.get(day).copied().unwrap_or_default();
    let sum = Sum {
        as_of,
        days: days.iter().filter(|day| **day >= shown).map(|day| spent(day).total().money()).collect(),
        forecast: forecast(this_month.total(), running.known, as_of),
        unpriced: this_month.unknown_seconds > 0,
    };
    known.insert(environment.to_owned(), sum.clone());
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_holds_for_a_minute_of_the_same_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let of = |as_of: &str| Sum {
            as_of: at(as_of),
            days: Vec::new(),
            forecast: Forecast { month: Money::ZERO, to_come: Money::ZERO, seconds_left: 0 },
            unpriced: false,
        };
        let noon = of("2026-11-19T12:00:00Z");
        let holds = ["11:59:59", "12:00:00", "12:00:59", "12:01:00"]
            .map(|time| noon.still_holds(at(&format!("2026-11-19T{time}Z"))));
        assert_eq!(holds, [false, true, true, false]);
        assert!(!of("2026-11-19T23:59:50Z").still_holds(at("2026-11-20T00:00:10Z")), "another day is today");
    }
}
