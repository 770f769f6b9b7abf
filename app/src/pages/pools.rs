//! Pools: what runs, what should run?

pub mod autoscaling;
mod conditions;
mod cost;
mod fields;
mod firewall;
pub mod form;
mod head;
mod instances;
mod named_ports;
mod overview;
mod panels;
mod rollout;
mod timeline;
pub mod verbs;

use domain::{
    Permission,
    list_order::POOL_COLUMNS,
    view::pool::{PoolRow, Requested},
};
use leptos::prelude::*;

pub use autoscaling::{EditAutoscaling, PoolAutoscaling};
pub use cost::PoolCost;
pub use firewall::PoolFirewallPage;
pub use instances::{PoolInstances, rows_table, vm_words};
pub use overview::{Overview, PoolChanges};
pub use panels::{
    ActOnInstances, ChangeVersion, DeletePool, EditPool, NewPool, PromoteCanary, ResizePool, RollBackCanary,
};
pub use rollout::Rollout;
pub use timeline::Timeline;

use super::{agent_states, pool_states};
use crate::{
    api,
    components::{
        button::{ButtonLink, LockedLink},
        empty::Empty,
        glyph::State,
        icon::Icon,
        loaded::loaded,
        moment::ago,
        order::{Order, asked as order_asked},
        page_head::PageHead,
        status::status,
        table::Table,
        title::Title,
    },
    frame::Scope,
    live::Live,
    opening::refusal,
    routes,
    url_state::{Query, use_query},
    words,
};
use domain::agent::AgentState;

#[component]
pub fn Pools() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    let pools = Resource::new(
        move || (scope.named(), query.with(order_asked), live.pools()),
        |(environment, sort, _)| api::pools::list_pools(environment, sort),
    );
    view! {
        <Title text="Pools" />
        {loaded(pools, "the pools", move |rows| draw(rows, &query.get_untracked()))}
    }
    .into_any()
}

/// How pools come to be: where the heads of Pools and Fleet lead to.
pub fn beginnings(scope: Scope) -> AnyView {
    view! {
        <ButtonLink href=routes::IMPORT label="Import from Terraform" />
        <LockedLink
            id="new-pool"
            href=scope.link(routes::NEW_POOL)
            label="New pool"
            primary=true
            blocked=refusal(Permission::ProposeChange)
        />
    }
    .into_any()
}

fn draw(rows: Vec<PoolRow>, query: &Query) -> AnyView {
    let scope = Scope::here();
    if rows.is_empty() {
        return view! {
            <PageHead title="Pools" lead=|| "No pool is declared yet." />
            <section class="panel" aria-label="Nothing yet">
                <Empty title="A pool comes from a declaration" icon=Icon::Pools>
                    <p class="soft">"Import the Terraform module block that declares it."</p>
                    <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
                </Empty>
            </section>
        }
        .into_any();
    }
    let standings: Vec<_> = rows.iter().map(pool_states::standing).collect();
    let well = standings.iter().filter(|standing| standing.state == State::Ok).count();
    let lead = match rows.len() {
        all if well == all => {
            format!("{} as declared.", words::every(all as u64, "pool", ("runs", "run")))
        }
        1 => "The pool does not run as declared.".to_owned(),
        all => {
            let run = if well == 1 { "runs" } else { "run" };
            format!("{well} of {} {run} as declared.", words::count(all as u64, "pool"))
        }
    };
    let order = Order::of(query, routes::POOLS, POOL_COLUMNS);
    let (problem, name, size) =
        (order.problem(), order.head("name", "Pool", ""), order.head("size", "Desired", "num"));
    let (agent_type, template) =
        (order.head("type", "Agent type", ""), order.head("template", "Template", ""));
    let lines = rows.into_iter().zip(standings).map(|(row, standing)| line(row, standing)).collect_view();
    view! {
        <PageHead
            title="Pools"
            lead=move || lead.clone()
            actions=move || beginnings(scope)
        />
        <section class="panel" aria-label="Pools">
            {problem} <Table label="Pools" class="table cards">
                <thead>
                    <tr>
                        {name} <th scope="col">"State"</th> {size} <th scope="col" class="num">
                            "Observed"
                        </th>
                        <th scope="col" class="num">
                            "Healthy"
                        </th>
                        {agent_type} {template} <th scope="col">"Autoscaling"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        </section>
    }
    .into_any()
}

fn line(row: PoolRow, standing: pool_states::Standing) -> AnyView {
    let href = routes::pool(&row.environment, &row.name);
    let healthy = agent_states::of(&row.agents, AgentState::Healthy);
    view! {
        <tr>
            <th scope="row">
                <a href=href>
                    {row.name} " " <small>{row.environment}</small>
                </a>
            </th>
            <td>
                {status(standing.state, standing.word)} {row.requested.map(|requested| asked(&requested))}
            </td>
            <td class="num" data-label="Desired">
                {words::number(u64::from(row.desired_size))}
            </td>
            <td class="num" data-label="Observed">
                {row.observed_size.map(|size| words::number(u64::from(size)))}
            </td>
            <td class="num" data-label="Healthy">
                {words::number(healthy)}
            </td>
            <td>{row.agent_type.as_str()}</td>
            <td class="mono" data-label="Template">
                {row.template}
            </td>
            <td data-label="Autoscaling">{row.autoscaling}</td>
        </tr>
    }
    .into_any()
}

/// `scaling 2 → 5, requested 4 s ago by you`: what a change is about to do, or waits to do.
pub fn asked(requested: &Requested) -> AnyView {
    let said = format!("{}, requested ", words::sentence(&requested.what));
    let waits =
        (requested.state == domain::ChangeState::AwaitingApprovals).then_some(", waits for approvals");
    view! {
        <a class="asked sm" href=routes::change(requested.change)>
            {said}
            {ago(requested.at)}
            {format!(" by {}", requested.by)}
            {waits}
        </a>
    }
    .into_any()
}
