//! A month's cost by day: on-demand and spot upon each other, what the coming days would cost at the present size,
//! and an even share of the budget.

use chrono::Datelike as _;
use domain::{
    cost::{Money, next_month},
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
                let said = |amount: Money| Some(amount.exact());
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
    let spot = match view.total.spot {
        Money::ZERO => "none of it for Spot VMs".to_owned(),
        spot => format!("{} of it for Spot VMs", spot.exact()),
    };
    let dearest =
        view.days.iter().max_by_key(|day| day.spend.total).filter(|day| day.spend.total > Money::ZERO);
    let dearest = dearest
        .map(|day| format!(" The dearest day was {} with {}.", ticks::day(day.day), day.spend.total.exact()))
        .unwrap_or_default();
    let ahead =
        ahead.map(|ahead| format!(" At the present size a day costs {}.", ahead.exact())).unwrap_or_default();
    format!("{month} has cost {}, {spot}.{dearest}{ahead}", view.total.total.exact())
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
    fn a_month_that_nobody_looked_at_has_no_plot() {
        assert_eq!(plot(&CostsView { as_of: None, ..view() }), None);
    }
}
