//! The month by pool and by agent type.

use domain::{
    cost::{Money, Spend},
    view::costs::{CostsView, SpendRow},
};
use leptos::prelude::*;

use crate::{
    components::{panel::Panel, spark::spark, table::Table},
    routes, words,
};

pub fn pools(view: &CostsView) -> AnyView {
    let environment = view.environment.clone().unwrap_or_default();
    let rows = view.pools.clone();
    let link = move |row: &SpendRow| Some(routes::pool(&environment, &row.name));
    table("by-pool", "By pool", "Pool", rows, view.total, link)
}

pub fn agent_types(view: &CostsView) -> AnyView {
    table("by-type", "By agent type", "Agent type", view.agent_types.clone(), view.total, |_| None)
}

fn table(
    id: &'static str,
    title: &'static str,
    noun: &'static str,
    rows: Vec<SpendRow>,
    total: Spend,
    link: impl Fn(&SpendRow) -> Option<String>,
) -> AnyView {
    if rows.is_empty() {
        return view! {
            <Panel id=id title=title>
                <p class="panel-body soft">"No VM ran in this month."</p>
            </Panel>
        }
        .into_any();
    }
    let lines = rows.into_iter().map(|row| line(&row, &total, link(&row))).collect_view();
    view! {
        <Panel id=id title=title>
            <Table label=title class="table spend">
                <thead>
                    <tr>
                        <th scope="col">{noun}</th>
                        <th scope="col" class="num">
                            "Spent"
                        </th>
                        <th scope="col" class="num few">
                            "Share"
                        </th>
                        <th scope="col" class="num">
                            "On-demand"
                        </th>
                        <th scope="col" class="num">
                            "Spot"
                        </th>
                        <th scope="col" class="num few">
                            "Runs now"
                        </th>
                        <th scope="col" class="num">
                            "A month at this size"
                        </th>
                        <th scope="col">"By day"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        </Panel>
    }
    .into_any()
}

/// One of its amounts. Nothing where it is known to be none.
fn part(spend: &Spend, amount: Money) -> Option<String> {
    (amount != Money::ZERO || spend.unknown_seconds > 0).then(|| words::unparted(&spend.part(amount).exact()))
}

/// Of the month, where both are whole: of a part of an amount nobody knows the share.
fn share(spend: &Spend, total: &Spend) -> Option<String> {
    let whole = spend.unknown_seconds == 0 && total.unknown_seconds == 0;
    (whole && total.total > Money::ZERO)
        .then(|| words::percent(spend.total.as_f64() / total.total.as_f64() * 100.0))
}

fn line(row: &SpendRow, total: &Spend, href: Option<String>) -> AnyView {
    let name = match (href, &row.agent_type) {
        (Some(href), agent_type) => {
            let kind = agent_type.clone();
            view! {
                <a href=href>
                    {row.name.clone()} " " <small>{kind}</small>
                </a>
            }
            .into_any()
        }
        (None, _) => view! { <span>{row.name.clone()}</span> }.into_any(),
    };
    let days: Vec<f64> = row.days.iter().map(|amount| amount.as_f64()).collect();
    let said = format!("{} by day", row.name);
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="num">{words::unparted(&row.spend.known().exact())}</td>
            <td class="num">{share(&row.spend, total)}</td>
            <td class="num">{part(&row.spend, row.spend.on_demand)}</td>
            <td class="num">{part(&row.spend, row.spend.spot)}</td>
            <td class="num">{words::number(row.running)}</td>
            <td class="num">{(row.running > 0).then(|| words::unparted(&row.now.words()))}</td>
            <td>{spark(&days, said)}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_may_lack_something_is_never_told_as_nothing() {
        let of = |dollars, unknown_seconds| Spend {
            total: Money::from_dollars(dollars),
            on_demand: Money::from_dollars(dollars),
            unknown_seconds,
            ..Spend::default()
        };
        let told = |spend: Spend| (part(&spend, spend.on_demand), part(&spend, spend.spot));
        assert_eq!(told(of(4, 0)), (Some("$4.00".to_owned()), None));
        assert_eq!(told(of(4, 60)), (Some("at least $4.00".to_owned()), Some("unknown".to_owned())));
        let little =
            Spend { total: Money::from_nanos(1), on_demand: Money::from_nanos(1), ..Spend::default() };
        assert_eq!(told(little), (Some("under\u{a0}$0.01".to_owned()), None));
        assert_eq!(told(of(0, 60)), (Some("unknown".to_owned()), Some("unknown".to_owned())));
    }

    #[test]
    fn a_share_is_told_of_whole_amounts_alone() {
        let of = |dollars, unknown_seconds| Spend {
            total: Money::from_dollars(dollars),
            unknown_seconds,
            ..Spend::default()
        };
        assert_eq!(share(&of(1, 0), &of(4, 0)).as_deref(), Some("25 %"));
        for (spend, total) in [(of(1, 60), of(4, 60)), (of(1, 0), of(4, 60)), (of(0, 0), of(0, 0))] {
            assert_eq!(share(&spend, &total), None);
        }
    }
}
