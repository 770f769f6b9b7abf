//! The heat grid: pools down, zones across, a cell an agent. Each block is drawn anew only when its own agents move.

use domain::view::fleet::{FleetPool, FleetView, FleetZone};
use leptos::prelude::*;

use crate::{
    components::{
        heat::{block_label, cells},
        table::Table,
    },
    live::Live,
    pages::agent_states,
    routes, words,
};

pub fn grid(view: &FleetView) -> AnyView {
    let heads = view.zones.iter().map(|zone| zone_head(zone)).collect_view();
    let rows = view.pools.iter().map(pool_row).collect_view();
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

fn pool_row(pool: &FleetPool) -> AnyView {
    let live = Live::here();
    let href = routes::pool(&pool.row.environment, &pool.row.name);
    let loaded: Vec<_> = pool.zones.iter().flat_map(|zone| zone.instances.clone()).collect();
    let present = Memo::new(move |_| loaded.iter().filter(|row| live.newest(row).is_some()).count());
    let blocks = pool.zones.iter().map(|zone| view! { <td>{block(zone)}</td> }).collect_view();
    view! {
        <tr>
            <th scope="row">
                <a href=href>{pool.row.name.clone()}</a>
            </th>
            <td class="num">{move || words::number(present.get() as u64)}</td>
            {blocks}
        </tr>
    }
    .into_any()
}

fn block(zone: &FleetZone) -> impl IntoView + use<> {
    let live = Live::here();
    let loaded = zone.instances.clone();
    let agents = Memo::new(move |_| {
        loaded.iter().filter_map(|row| live.newest(row)).map(|row| row.agent).collect::<Vec<_>>()
    });
    move || {
        let agents = agents.get();
        if agents.is_empty() {
            return None;
        }
        let words: Vec<_> = agent_states::tally(agents.iter().copied())
            .iter()
            .map(|entry| (entry.state.as_str(), entry.count as usize))
            .collect();
        let states: Vec<_> = agents.iter().map(|agent| agent_states::state(*agent)).collect();
        Some(cells(&states, block_label(&words)))
    }
}
