//! The month in one sentence and in a few figures.

use domain::{
    cost::{Known, Money, Spend},
    view::costs::CostsView,
};

use super::month_words;
use crate::{components::facets::Facet, words};

pub(super) fn lead(view: &CostsView) -> String {
    let spent = view.total.known();
    let month = month_words(view.month);
    match (view.forecast_known(), spent.is_unknown()) {
        (Some(forecast), true) if forecast.is_unknown() => {
            format!("What {month} costs is unknown: nothing that ran has a known price.")
        }
        (Some(forecast), true) => format!(
            "What this month has cost so far is unknown; {} by its end if what runs now runs on.",
            forecast.exact()
        ),
        (Some(forecast), false) => words::sentence(&format!(
            "{} so far this month; {} by its end if what runs now runs on.",
            spent.exact(),
            forecast.exact()
        )),
        (None, true) => format!("What {month} cost is unknown: nothing that ran has a known price."),
        (None, false) => format!("{month} cost {}.", spent.exact()),
    }
}

pub(in crate::pages) fn figures(view: &CostsView) -> Vec<Facet> {
    let spend = &view.total;
    let told = |part: Money| spend.part(part).exact();
    let mut items = vec![Facet {
        name: "Spent",
        figure: spend.known().exact(),
        unit: String::new(),
        detail: match spend.unknown_seconds {
            0 => format!("{} of running VMs", hours(spend.seconds)),
            unknown => format!("{} have no known price", hours(unknown)),
        },
    }];
    if let (Some(forecast), Some(month)) = (&view.forecast, view.forecast_known()) {
        let to_come = Known::of(forecast.to_come, view.now_monthly.unknown.is_empty());
        items.push(Facet {
            name: "Forecast for the month",
            figure: month.exact(),
            unit: String::new(),
            detail: format!("{} still to come", to_come.exact()),
        });
        let hourly = Money::from_nanos(view.now_monthly.known.nanos() / domain::cost::HOURS_A_MONTH);
        items.push(Facet {
            name: "Runs now",
            figure: Known::of(view.now_monthly.known, view.now_monthly.unknown.is_empty())
                .said(an_hour(hourly)),
            unit: String::new(),
            // A figure with its unit is wider than its fifth of the panel.
            detail: format!(
                "an hour for {}, {} a month",
                words::count(view.running, "VM"),
                view.now_monthly.words()
            ),
        });
    }
    items.push(Facet {
        name: "Spot",
        figure: share(spend.spot, spend),
        unit: String::new(),
        detail: format!("{} Spot, {} on-demand", told(spend.spot), told(spend.on_demand)),
    });
    items.push(Facet {
        name: "Machines",
        figure: share(spend.machines, spend),
        unit: String::new(),
        detail: format!("disks {}, addresses {}", told(spend.disks), told(spend.addresses)),
    });
    items
}

/// `$0.1766`, `$12.35`: below a dollar as the price list has it.
fn an_hour(amount: Money) -> String {
    if amount < Money::from_dollars(1) { amount.hourly() } else { amount.short() }
}

/// Of what has a price.
fn share(part: Money, of: &Spend) -> String {
    if of.known().is_unknown() {
        "unknown".to_owned()
    } else if of.total <= Money::ZERO {
        "none".to_owned()
    } else {
        words::percent(part.as_f64() / of.total.as_f64() * 100.0)
    }
}

/// `3.5 VM hours`.
fn hours(seconds: i64) -> String {
    let hours = seconds as f64 / 3600.0;
    if seconds > 0 && hours < 0.05 {
        "under 0.1 VM hours".to_owned()
    } else if hours < 10.0 {
        format!("{hours:.1} VM hours")
    } else {
        format!("{} VM hours", words::number(hours as u64))
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::{
        Timestamp,
        cost::{Forecast, Monthly},
        view::costs::BudgetView,
    };

    use super::*;

    #[test]
    fn an_hour_has_the_decimals_that_tell_something() {
        let said =
            [176_600_000, 12_345_600_000, 1_234_500_000_000].map(|nanos| an_hour(Money::from_nanos(nanos)));
        assert_eq!(said, ["$0.1766", "$12.35", "$1,235"]);
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        let of = |dollars| Spend { total: Money::from_dollars(dollars), ..Spend::default() };
        assert_eq!(share(Money::ZERO, &of(0)), "none");
        assert_eq!(share(Money::from_dollars(1), &of(4)), "25 %");
        assert_eq!(share(Money::ZERO, &Spend { unknown_seconds: 60, ..of(0) }), "unknown");
    }

    /// A month with so many dollars spent and to come, of VMs that have prices or have none.
    fn month(spent: i64, to_come: Option<i64>, priced: bool) -> CostsView {
        let [total, after] = [spent, spent + to_come.unwrap_or_default()].map(Money::from_dollars);
        let unpriced = (!priced).then(|| "machine type c4-standard-8".to_owned());
        CostsView {
            environment: None,
            month: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
            previous: None,
            next: None,
            as_of: None,
            total: Spend {
                total,
                on_demand: total,
                seconds: 7200,
                unknown_seconds: if priced { 0 } else { 1800 },
                ..Spend::default()
            },
            forecast: to_come.map(|dollars| Forecast {
                month: after,
                to_come: Money::from_dollars(dollars),
                seconds_left: 60,
            }),
            running: 1,
            now_monthly: Monthly { known: Money::ZERO, unknown: unpriced.into_iter().collect() },
            days: Vec::new(),
            pools: Vec::new(),
            agent_types: Vec::new(),
            budget: BudgetView::default(),
            book: "1".to_owned(),
            sources: Vec::new(),
            now: Timestamp::default(),
        }
    }

    #[test]
    fn a_month_that_lacks_prices_is_led_in_without_a_false_figure() {
        let whole = lead(&month(5, Some(2), true));
        assert_eq!(whole, "$5.00 so far this month; $7.00 by its end if what runs now runs on.");
        let partly = lead(&month(5, Some(2), false));
        assert_eq!(
            partly,
            "At least $5.00 so far this month; at least $7.00 by its end if what runs now runs on."
        );
        let unknown = "is unknown: nothing that ran has a known price.";
        assert_eq!(lead(&month(0, Some(0), false)), format!("What November 2026 costs {unknown}"));
        assert_eq!(lead(&month(0, None, false)), format!("What November 2026 cost {unknown}"));
        assert_eq!(lead(&month(0, None, true)), "November 2026 cost $0.00.");
        assert_eq!(lead(&month(5, None, false)), "November 2026 cost at least $5.00.");
    }

    #[test]
    fn figures_say_what_they_lack() {
        let said = |view: &CostsView| -> Vec<(&'static str, String, String)> {
            figures(view).into_iter().map(|one| (one.name, one.figure, one.detail)).collect()
        };
        let nothing = said(&month(0, Some(0), false));
        assert_eq!(
            nothing[0],
            ("Spent", "unknown".to_owned(), "0.5 VM hours have no known price".to_owned())
        );
        assert_eq!((nothing[1].1.as_str(), nothing[1].2.as_str()), ("unknown", "unknown still to come"));
        assert_eq!(nothing[2].1, "unknown");
        assert_eq!(
            (nothing[3].1.as_str(), nothing[3].2.as_str()),
            ("unknown", "unknown Spot, unknown on-demand")
        );
        let partly = said(&month(5, Some(2), false));
        assert_eq!((partly[0].1.as_str(), partly[1].1.as_str()), ("at least $5.00", "at least $7.00"));
    }
}
