//! The same as the heat grid in numbers.

use domain::view::fleet::{FleetPool, FleetView};
use leptos::prelude::*;

use crate::{components::table::Table, live::Live, pages::agent_states, words};

pub fn counts(view: &FleetView) -> AnyView {
    let heads = agent_states::ORDER
        .map(|agent| {
            view! {
                <th scope="col" class="num">
                    {agent_states::word(agent)}
                </th>
            }
        })
        .collect_view();
    let rows = view.pools.iter().map(pool_row).collect_view();
    view! {
        <Table label="Counts by pool">
            <thead>
                <tr>
                    <th scope="col">"Pool"</th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
    .into_any()
}

fn pool_row(pool: &FleetPool) -> AnyView {
    let live = Live::here();
    let loaded: Vec<_> = pool.zones.iter().flat_map(|zone| zone.instances.clone()).collect();
    let tally = Memo::new(move |_| {
        agent_states::tally(loaded.iter().filter_map(|row| live.newest(row)).map(|row| row.agent))
    });
    let cells = agent_states::ORDER
        .map(|agent| {
            let count = move || agent_states::of(&tally.get(), agent);
            view! {
                <td class="num">
                    <span class=move || (count() == 0).then_some("muted")>
                        {move || words::number(count())}
                    </span>
                </td>
            }
        })
        .collect_view();
    view! {
        <tr>
            <th scope="row">{pool.row.name.clone()}</th>
            {cells}
        </tr>
    }
    .into_any()
}
