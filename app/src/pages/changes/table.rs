//! A table of changes, wherever a list of them stands.

use domain::view::change::ChangeRow;
use leptos::prelude::*;

use crate::{
    components::{moment::ago, status::status, table::Table},
    pages::change_states,
    routes,
};

pub fn changes_table(rows: Vec<ChangeRow>) -> AnyView {
    let lines = rows.into_iter().map(line).collect_view();
    view! {
        <Table label="Changes">
            <thead>
                <tr>
                    <th scope="col">"Change"</th>
                    <th scope="col">"Environment"</th>
                    <th scope="col">"By"</th>
                    <th scope="col">"Impact"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="num">
                        "Proposed"
                    </th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(row: ChangeRow) -> AnyView {
    let said = change_states::said(&row);
    view! {
        <tr>
            <th scope="row">
                <a href=routes::change(row.id)>
                    <span class="mono muted id">{row.id.to_string()}</span>
                    " "
                    {row.title}
                </a>
            </th>
            <td>{row.environment}</td>
            <td>{row.proposed_by_name}</td>
            <td>{change_states::impact(&row.impact)}</td>
            <td>{status(change_states::state(row.state), said)}</td>
            <td class="num">{ago(row.proposed_at)}</td>
        </tr>
    }
    .into_any()
}
