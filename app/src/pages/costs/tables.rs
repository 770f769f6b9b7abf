//! The month by pool and by agent type.

use domain::{
    cost::Money,
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
    table("by-pool", "By pool", "Pool", rows, view.total.total, link)
}

pub fn agent_types(view: &CostsView) -> AnyView {
    table("by-type", "By agent type", "Agent type", view.agent_types.clone(), view.total.total, |_| None)
}

fn table(
    id: &'static str,
    title: &'static str,
    noun: &'static str,
    rows: Vec<SpendRow>,
    total: Money,
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
    let lines = rows.into_iter().map(|row| line(&row, total, link(&row))).collect_view();
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

fn line(row: &SpendRow, total: Money, href: Option<String>) -> AnyView {
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
    let spent = row.spend.known();
    let share = if total > Money::ZERO && !spent.is_unknown() {
        words::percent(row.spend.total.as_f64() / total.as_f64() * 100.0)
    } else {
        String::new()
    };
    let none_as_empty = |amount: Money| (amount != Money::ZERO).then(|| amount.exact());
    let days: Vec<f64> = row.days.iter().map(|amount| amount.as_f64()).collect();
    let said = format!("{} by day", row.name);
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="num">{spent.exact()}</td>
            <td class="num">{share}</td>
            <td class="num">{none_as_empty(row.spend.on_demand)}</td>
            <td class="num">{none_as_empty(row.spend.spot)}</td>
            <td class="num">{words::number(row.running)}</td>
            <td class="num">{(row.running > 0).then(|| row.now.words())}</td>
            <td>{spark(&days, said)}</td>
        </tr>
    }
    .into_any()
}
