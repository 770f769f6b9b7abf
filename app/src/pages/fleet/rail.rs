//! Beside the grid: changes that are not finished.

use domain::view::change::ChangeRow;
use leptos::prelude::*;

use crate::{
    components::{moment::ago, panel::Panel, status::status},
    frame::Scope,
    pages::change_states,
    routes,
};

pub fn changes(rows: Vec<ChangeRow>) -> AnyView {
    let scope = Scope::here();
    let items = rows.iter().map(item).collect_view();
    let none = rows.is_empty().then(|| {
        view! { <p class="panel-body soft">"No change is under way: the fleet is as it was last applied."</p> }
    });
    view! {
        <Panel
            id="changes"
            title="Changes under way"
            aside=move || {
                view! {
                    <a href=move || scope.link(routes::CHANGES)>
                        <small>"All changes"</small>
                    </a>
                }
            }
        >
            {none}
            <ul class="list">{items}</ul>
        </Panel>
    }
    .into_any()
}

fn item(row: &ChangeRow) -> AnyView {
    view! {
        <li>
            <a class="list-item" href=routes::change(row.id)>
                <b>{row.title.clone()}</b>
                <small class="split">
                    <span>{format!("{} · {}", row.proposed_by_name, change_states::impact(&row.impact))}</span>
                    <span>{ago(row.proposed_at)}</span>
                </small>
                <small class="split">
                    {status(change_states::state(row.state), change_states::said(row))}
                    <span class="mono">{row.id.to_string()}</span>
                </small>
            </a>
        </li>
    }
    .into_any()
}
