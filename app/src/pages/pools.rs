//! Pools: what runs, what should run?

pub mod autoscaling;
mod firewall;
mod head;
mod instances;
mod overview;

use domain::view::pool::PoolRow;
use leptos::prelude::*;

pub use autoscaling::{EditAutoscaling, PoolAutoscaling};
pub use firewall::PoolFirewallPage;
pub use instances::{PoolInstances, rows_table, vm_words};
pub use overview::{Overview, PoolChanges};

use super::{agent_states, pool_states};
use crate::{
    api,
    components::{
        button::ButtonLink, empty::Empty, glyph::State, icon::Icon, loaded::loaded, page_head::PageHead,
        status::status, title::Title,
    },
    frame::Scope,
    live::Live,
    routes, words,
};
use domain::agent::AgentState;

#[component]
pub fn Pools() -> AnyView {
    let (scope, live) = (Scope::here(), Live::here());
    let pools = Resource::new(
        move || (scope.named(), live.pools()),
        |(environment, _)| api::pools::list_pools(environment),
    );
    view! {
        <Title text="Pools" />
        {loaded(pools, "the pools", draw)}
    }
    .into_any()
}

fn draw(rows: Vec<PoolRow>) -> impl IntoView {
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
            format!(
                "{} as declared.",
                if all == 1 { "The pool runs".to_owned() } else { format!("All {all} pools run") }
            )
        }
        all => format!("{well} of {} run as declared.", words::count(all as u64, "pool")),
    };
    let lines = rows.into_iter().zip(standings).map(|(row, standing)| line(row, standing)).collect_view();
    view! {
        <PageHead
            title="Pools"
            lead=move || lead.clone()
            actions=|| view! { <ButtonLink href=routes::IMPORT label="Import from Terraform" /> }
        />
        <section class="panel" aria-label="Pools">
            <div class="scroll" tabindex="0" role="group" aria-label="Pools">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Pool"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="num">
                                "Desired"
                            </th>
                            <th scope="col" class="num">
                                "Observed"
                            </th>
                            <th scope="col" class="num">
                                "Healthy"
                            </th>
                            <th scope="col">"Agent type"</th>
                            <th scope="col">"Template"</th>
                            <th scope="col">"Autoscaling"</th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
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
            <td>{status(standing.state, standing.word)}</td>
            <td class="num">{words::number(u64::from(row.desired_size))}</td>
            <td class="num">{row.observed_size.map(|size| words::number(u64::from(size)))}</td>
            <td class="num">{words::number(healthy)}</td>
            <td>{row.agent_type.as_str()}</td>
            <td class="mono">{row.template}</td>
            <td>{row.autoscaling}</td>
        </tr>
    }
    .into_any()
}
