//! The same as the heat grid in numbers.

use leptos::prelude::*;

use super::pool::LivePool;
use crate::{components::table::Table, pages::agent_states, words};

pub fn counts(pools: &[LivePool]) -> AnyView {
    let heads = agent_states::ORDER
        .map(|agent| {
            view! {
                <th scope="col" class="num">
                    {agent_states::word(agent)}
                </th>
            }
        })
        .collect_view();
    let rows = pools.iter().map(pool_row).collect_view();
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

fn pool_row(pool: &LivePool) -> AnyView {
    let tally = pool.tally;
    let cells = agent_states::ORDER
        .map(|agent| {
            let count = move || tally.with(|tally| agent_states::of(tally, agent));
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
            <th scope="row">{pool.name.clone()}</th>
            {cells}
        </tr>
    }
    .into_any()
}
