//! The heat grid: pools down, zones across, a cell an agent. Each block is drawn anew only when its own agents move.

use domain::agent::AgentState;
use leptos::prelude::*;

use super::{ailing, mosaic::mosaic, pool::LivePool, total};
use crate::{
    components::{
        heat::{block_label, cells},
        table::Table,
    },
    pages::agent_states,
    routes, words,
};

pub fn grid(zones: &[String], pools: &[LivePool]) -> AnyView {
    let heads = zones.iter().map(|zone| zone_head(zone)).collect_view();
    let rows = pools.iter().map(pool_row).collect_view();
    view! {
        <Table label="Agents by pool and zone" class="heat">
            <thead>
                <tr>
                    <th scope="col">"Pool"</th>
                    <th scope="col" class="num">
                        "Agents"
                    </th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
    .into_any()
}

/// `us-central1-` stays quiet; the letter that tells zones apart does not.
fn zone_head(zone: &str) -> AnyView {
    let (region, letter) = zone.rsplit_once('-').map_or(("", zone), |(region, letter)| (region, letter));
    let region = if region.is_empty() { String::new() } else { format!("{region}-") };
    view! {
        <th scope="col">
            {region} <b>{letter.to_owned()}</b>
        </th>
    }
    .into_any()
}

fn pool_row(pool: &LivePool) -> AnyView {
    let href = routes::pool(&pool.environment, &pool.name);
    let (tally, large) = (pool.tally, pool.is_large());
    let zones = 0..pool.crowd.zones().len();
    let blocks = zones.map(|zone| view! { <td>{block(pool, zone, large)}</td> }).collect_view();
    view! {
        <tr>
            <th scope="row">
                <a href=href>{pool.name.clone()}</a>
            </th>
            <td class="num">{move || words::number(tally.with(|tally| total(tally)))}</td>
            {blocks}
        </tr>
        {large.then(|| ailing::row(pool))}
    }
    .into_any()
}

fn block(pool: &LivePool, zone: usize, large: bool) -> impl IntoView + use<> {
    let crowd = pool.crowd.clone();
    let agents = Memo::new(move |_| crowd.with(|zones| zones.get(zone).cloned().unwrap_or_default()));
    move || agents.with(|agents| picture(agents, large))
}

/// None where nobody is.
fn picture(agents: &[Option<AgentState>], large: bool) -> Option<AnyView> {
    let here: Vec<AgentState> = agents.iter().copied().flatten().collect();
    if here.is_empty() {
        return None;
    }
    let words: Vec<_> = agent_states::tally(here.iter().copied())
        .iter()
        .map(|entry| (entry.state.as_str(), entry.count as usize))
        .collect();
    let label = block_label(&words);
    if large {
        return Some(mosaic(agents, label));
    }
    let states: Vec<_> = here.into_iter().map(agent_states::state).collect();
    Some(cells(&states, label))
}
