//! A month's cost by day: on-demand and spot upon each other, what the coming days would cost at the present size,
//! and an even share of the budget.

use chrono::Datelike as _;
use domain::{
    cost::{Known, Money, next_month},
    view::costs::CostsView,
};

use super::{Layer, draw, ticks};
use crate::components::plot::{EndLabel, Plot, Reading, Tick};

const HEIGHT: u32 = 168;
/// Of a day's place, left free at each side of its bar.
const GAP: f64 = 0.14;

/// None where nothing was looked at in the month.
pub fn plot(view: &CostsView) -> Option<Plot> {
    view.as_of?;
    let first = view.days.first()?.day;
    let count = (next_month(view.month) - first).num_days().max(1);
    let days = count as f64;
    let present = view.forecast.is_some();
    let ahead = present.then(|| day_at_present(view)).filter(|_| view.days.len() < count as usize);
    let share =
        view.budget.standing.as_ref().filter(|_| present).map(|budget| budget.monthly.as_f64() / days);
    let spent = view.days.iter().map(|day| day.spend.total.as_f64());
    let highest = spent.chain(ahead.map(Money::as_f64)).fold(0.0_f64, f64::max);
    // A budget far above what is spent would press all bars to the ground; then its line is left out, and said.
    let share = share.filter(|share| *share <= highest * 3.0);
    let marks = ticks::numbers(highest.max(share.unwrap_or_default()).max(0.01), false);
    let top = marks.last().copied().unwrap_or(1.0);
    let down = |value: f64| f64::from(HEIGHT) * (1.0 - value / top);
    let bar =
        |index: usize, low: f64, high: f64| [(index as f64 + GAP, low), (index as f64 + 1.0 - GAP, high)];
    let (mut on_demand, mut spot) = (Vec::new(), Vec::new());
    for (index, day) in view.days.iter().enumerate() {
        let (standard, all) = (day.spend.on_demand.as_f64(), day.spend.total.as_f64());
        if standard > 0.0 {
            on_demand.push(bar(index, 0.0, standard));
        }
        if all > standard {
            spot.push(bar(index, standard, all));
        }
    }
    let mut layers = vec![Layer::Bars("bar", on_demand), Layer::Bars("bar spot", spot)];
    if let Some(ahead) = ahead {
        let coming = (view.days.len()..count as usize).map(|index| bar(index, 0.0, ahead.as_f64())).collect();
        layers.insert(0, Layer::Bars("bar ghost", coming));
    }
    let mut ends = Vec::new();
    if let Some(share) = share {
        layers.push(Layer::Line("rule dotted", vec![(0.0, share), (days, share)]));
        let text = format!("even share of the budget {}", Money::from_nanos((share * 1e9) as i64).short());
        ends.push(EndLabel { y: (down(share) - 5.0).max(8.0), text, strong: false });
    }
    let place = |index: usize| (index as f64 + 0.5) / days * 100.0;
    Some(Plot {
        id: "by-day".to_owned(),
        title: "Cost by day".to_owned(),
        summary: summary(view, ahead),
        height: HEIGHT,
        paths: draw(HEIGHT, 0.0..days, 0.0..top, layers),
        y: marks
            .iter()
            .map(|mark| Tick { at: down(*mark), label: dollars(*mark, top), optional: false })
            .collect(),
        x: (0..count as usize)
            .filter(|index| index % 5 == 0)
            .map(|index| Tick {
                at: place(index),
                label: ticks::day(first + chrono::TimeDelta::days(index as i64)),
                optional: index % 10 != 0,
            })
            .collect(),
        future: present.then(|| view.days.len() as f64 / days * 100.0).filter(|at| *at < 100.0),
        ends,
        axis: "Day".to_owned(),
        series: ["on-demand", "Spot", "in all"].map(str::to_owned).to_vec(),
        readings: view
            .days
            .iter()
            .enumerate()
            .map(|(index, day)| {
                let said = |amount: Money| Some(day.spend.part(amount).exact());
                Reading {
                    at: place(index),
                    label: ticks::day(day.day),
                    values: vec![
                        (None, said(day.spend.on_demand)),
                        (None, said(day.spend.spot)),
                        (Some(down(day.spend.total.as_f64())), said(day.spend.total)),
                    ],
                }
            })
            .collect(),
    })
}

/// A day of what runs now.
fn day_at_present(view: &CostsView) -> Money {
    domain::cost::Accrued::of(view.now_monthly.known, 86_400).money()
}

/// As many decimals as the axis needs.
fn dollars(value: f64, top: f64) -> String {
    let decimals = match top {
        top if top >= 10.0 => 0,
        top if top >= 0.1 => 2,
        _ => 3,
    };
    format!("${value:.decimals$}")
}

fn summary(view: &CostsView, ahead: Option<Money>) -> String {
    let month = format!("{} {}", ticks::day(view.month).trim_start_matches("1 "), view.month.year());
    let total = view.total.known();
    let cost = match (view.total.spot, view.total.unknown_seconds) {
        _ if total.is_unknown() => {
            format!("What {month} has cost is unknown: nothing that ran has a known price")
        }
        (Money::ZERO, 0) => format!("{month} has cost {}, none of it for Spot VMs", total.exact()),
        // What is known of it holds no Spot VM; what is not may.
        (Money::ZERO, _) => format!("{month} has cost {}", total.exact()),
        (spot, _) => {
            let spot = view.total.part(spot).exact();
            format!("{month} has cost {}, {spot} of it for Spot VMs", total.exact())
        }
    };
    let dearest =
        view.days.iter().max_by_key(|day| day.spend.total).filter(|day| day.spend.total > Money::ZERO);
    let dearest = dearest
        .map(|day| {
            format!(" The dearest day was {} with {}.", ticks::day(day.day), day.spend.known().exact())
        })
        .unwrap_or_default();
    let ahead = ahead.map(|ahead| Known::of(ahead, view.now_monthly.unknown.is_empty()));
    let ahead = match ahead {
        Some(ahead) if ahead.is_unknown() => " What a day costs at the present size is unknown.".to_owned(),
        Some(ahead) => format!(" At the present size a day costs {}.", ahead.exact()),
        None => String::new(),
    };
    format!("{cost}.{dearest}{ahead}")
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::{
        Timestamp,
        cost::{Forecast, Monthly, Spend},
        view::costs::{BudgetView, DaySpend},
    };

    use super::*;

    fn view() -> CostsView {
        let month = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let spend = |dollars: i64, spot: i64| Spend {
            total: Money::from_dollars(dollars + spot),
            on_demand: Money::from_dollars(dollars),
            spot: Money::from_dollars(spot),
            ..Spend::default()
        };
        let day = |number: u32, dollars, spot| DaySpend {
            day: NaiveDate::from_ymd_opt(2026, 11, number).unwrap(),
            spend: spend(dollars, spot),
        };
        let now = Timestamp::from_timestamp(1_795_057_964, 0).unwrap();
        CostsView {
            environment: Some("dev".into()),
            month,
            previous: None,
            next: None,
            as_of: Some(now),
            total: spend(7, 2),
            forecast: Some(Forecast { month: Money::ZERO, to_come: Money::ZERO, seconds_left: 0 }),
            running: 2,
            now_monthly: Monthly { known: Money::from_dollars(730), unknown: Default::default() },
            days: vec![day(1, 3, 0), day(2, 4, 2), day(3, 0, 0)],
            pools: Vec::new(),
            agent_types: Vec::new(),
            budget: BudgetView::default(),
            book: "1".into(),
            sources: Vec::new(),
            now,
        }
    }

    #[test]
    fn days_have_bars_and_the_rest_of_the_month_is_a_ghost() {
        let plot = plot(&view()).unwrap();
        let count = |class: &str| plot.paths.iter().filter(|path| path.class == class).count();
        assert_eq!((count("bar"), count("bar spot"), count("bar ghost")), (2, 1, 27));
        assert_eq!(plot.readings.len(), 3);
        assert_eq!(
            plot.summary,
            "Nov 2026 has cost $9.00, $2.00 of it for Spot VMs. The dearest day was 2 Nov with $6.00. \
             At the present size a day costs $24.00."
        );
        assert_eq!(plot.future, Some(10.0));
    }

    #[test]
    fn what_has_no_price_is_no_bar_of_nothing() {
        let mut lacking = view();
        let unpriced = |spend: &mut Spend| *spend = Spend { unknown_seconds: 60, ..Spend::default() };
        unpriced(&mut lacking.total);
        lacking.days.iter_mut().for_each(|day| unpriced(&mut day.spend));
        lacking.now_monthly =
            Monthly { known: Money::ZERO, unknown: ["machine type c4-standard-8".to_owned()].into() };
        let told = plot(&lacking).unwrap();
        assert_eq!(
            told.summary,
            "What Nov 2026 has cost is unknown: nothing that ran has a known price. \
             What a day costs at the present size is unknown."
        );
        assert_eq!(told.readings[0].values[2].1.as_deref(), Some("unknown"));
        // A part of it is known.
        lacking.total = Spend { unknown_seconds: 60, ..view().total };
        let told = plot(&lacking).unwrap().summary;
        assert!(told.starts_with("Nov 2026 has cost at least $9.00, at least $2.00 of it"), "{told}");
    }

    #[test]
    fn a_month_that_nobody_looked_at_has_no_plot() {
        assert_eq!(plot(&CostsView { as_of: None, ..view() }), None);
    }
}
