//! Beside the grid: what today has cost, beside an even share of the budget.

use domain::{cost::Money, view::fleet::FleetSpend};
use leptos::prelude::*;

use crate::{
    components::{panel::Panel, spark::spark},
    routes,
    url_state::Query,
};

/// Of the bar, all of it.
const WIDTH: u64 = 1000;

pub fn spend(spend: Option<&FleetSpend>, environment: &str) -> AnyView {
    let href = Query::default().with("environment", Some(environment)).on(routes::COSTS);
    let body = match spend {
        Some(spend) => figures(spend),
        None => view! { <p class="soft">"Costs are counted once Compute Engine was read."</p> }.into_any(),
    };
    view! {
        <Panel
            id="spend"
            title="Spend today"
            aside=move || {
                view! {
                    <a href=href.clone()>
                        <small>"Costs"</small>
                    </a>
                }
            }
        >
            <div class="panel-body">{body}</div>
        </Panel>
    }
    .into_any()
}

fn figures(spend: &FleetSpend) -> AnyView {
    let share = spend.share();
    let values: Vec<f64> = spend.days.iter().map(|day| day.as_f64()).collect();
    let most = spend.days.iter().copied().max().unwrap_or_default();
    let days = format!("Last {} days", spend.days.len());
    let line = spark(&values, format!("{days}, at most {} a day", most.short()));
    let of = share.map(|share| format!(" of {} a day", share.short()));
    let unpriced = spend.unpriced.then(|| {
        view! { <small>"Some VMs have no known price and are left out."</small> }
    });
    view! {
        <div class="split">
            <p class="figure">{spend.today().short()} {of.map(|of| view! { <small>{of}</small> })}</p>
            {line}
        </div>
        {share.map(|share| bar(spend.today(), share))}
        <small class="cluster">
            <span>{forecast(spend)}</span>
            <span>{days}</span>
        </small>
        {unpriced}
    }
    .into_any()
}

/// How much of the day's share is spent.
fn bar(today: Money, share: Money) -> AnyView {
    let label = format!("{} spent of today's even share of the budget, {}", today.short(), share.short());
    let filled = percent(today, share).min(100) * WIDTH / 100;
    view! {
        <svg class="segbar" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label=label>
            <rect class="seg" width=WIDTH.to_string() height="8"></rect>
            <rect class="seg ink" width=filled.to_string() height="8"></rect>
        </svg>
    }
    .into_any()
}

fn forecast(spend: &FleetSpend) -> String {
    let month = format!("{} by the month's end", spend.forecast.short());
    match spend.budget {
        Some(budget) => {
            format!("{month}, {} % of the budget of {}", percent(spend.forecast, budget), budget.short())
        }
        None => format!("{month}; no budget is set"),
    }
}

/// Rounded down.
fn percent(part: Money, whole: Money) -> u64 {
    let (part, whole) = (i128::from(part.nanos()), i128::from(whole.nanos()));
    if whole <= 0 { 0 } else { u64::try_from(part.max(0) * 100 / whole).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn the_forecast_stands_beside_the_budget_or_says_that_there_is_none() {
        let dollars = Money::from_dollars;
        let spend = FleetSpend {
            as_of: Timestamp::from_timestamp(1_795_057_964, 0).unwrap(),
            days: vec![dollars(90), dollars(412)],
            forecast: dollars(3140),
            budget: Some(dollars(3400)),
            unpriced: false,
        };
        assert_eq!(forecast(&spend), "$3,140 by the month's end, 92 % of the budget of $3,400");
        assert_eq!(percent(spend.today(), spend.share().unwrap()), 363);
        let free = FleetSpend { budget: None, ..spend };
        assert_eq!(forecast(&free), "$3,140 by the month's end; no budget is set");
        assert_eq!(percent(dollars(1), Money::ZERO), 0);
    }
}
