//! A pool: desired beside observed, its conditions, its agents, and what changed it.

use domain::{
    condition::{Condition, ConditionStatus},
    hindrance,
    view::{change::ChangeRow, instance::InstanceList, pool::PoolView},
};
use leptos::prelude::*;

use super::{
    head::{head, pool_resource},
    instances::{paged, rows_table},
};
use crate::{
    components::{
        code_link::code_link,
        empty::Empty,
        glyph::{State, glyph},
        icon::Icon,
        loaded::loaded,
        moment::ago,
        pair::Pair,
        panel::Panel,
    },
    pages::{changes::table::changes_table, instances::foot, pool_states},
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn Overview() -> impl IntoView {
    loaded(paged(|| (None, None)), "the pool", |(view, list)| {
        let head = head(&view);
        let underway = view.row.generation != view.row.observed_generation
            || view.row.observed_size != Some(view.row.desired_size);
        let difference = if underway { State::Progress } else { State::Warn };
        let all = routes::pool_tab(&view.row.environment, &view.row.name, "instances");
        // The other pages are those of the tab.
        let foot = foot(&list, &Query::default(), &all).filter(|_| list.next.is_some());
        let InstanceList { rows, found, .. } = list;
        let conditions = conditions(&view);
        let events = routes::audit_of(&view.row.environment, &view.row.group);
        let latest: Vec<ChangeRow> = view.changes.iter().take(3).cloned().collect();
        view! {
            {head}
            <div class="cols wide block">
                <div class="stack">
                    <Panel
                        id="instances"
                        title=words::count(found, "instance")
                        aside=move || {
                            view! {
                                <a href=all.clone()>
                                    <small>"All fields"</small>
                                </a>
                            }
                        }
                    >
                        {rows_table(rows, false)}
                        {foot}
                    </Panel>
                    {conditions}
                </div>
                <div class="stack">
                    <Pair
                        id="settings"
                        settings=view.settings.clone()
                        observed_at=view.observed_at
                        difference=difference
                    />
                    {recent(latest, events)}
                </div>
            </div>
        }
    })
}

fn conditions(view: &PoolView) -> AnyView {
    let lines = view.row.conditions.iter().cloned().map(condition).collect_view();
    let none = view.row.conditions.is_empty().then(|| {
        view! { <p class="panel-body soft">"Nothing was observed yet. The first reading follows the apply."</p> }
    });
    view! {
        <Panel id="conditions" title="Conditions">
            {none}
            <ul class="rows verdicts">{lines}</ul>
        </Panel>
    }
    .into_any()
}

fn condition(condition: Condition) -> AnyView {
    let state = pool_states::of_condition(&condition);
    let word = match condition.status {
        ConditionStatus::True => condition.kind.as_str().to_owned(),
        ConditionStatus::False => condition.kind.broken().to_owned(),
        ConditionStatus::Unknown => format!("{} is unknown", condition.kind.as_str()),
    };
    let remedy = hindrance::remedy(condition.kind).filter(|_| condition.status == ConditionStatus::False);
    view! {
        <li data-s=state.as_str()>
            {glyph(state)} <p>
                <b>{word}</b>
                " "
                <span class="soft">{words::sentence(&condition.message)}</span>
                {remedy.map(|remedy| view! { " " <span>{remedy}</span> })}
                <small>"since " {ago(condition.since)}</small>
            </p> {code_link(condition.reason)}
        </li>
    }
    .into_any()
}

fn recent(rows: Vec<ChangeRow>, events: String) -> impl IntoView {
    (!rows.is_empty()).then(|| {
        let lines = rows
            .into_iter()
            .map(|row| {
                let state = crate::pages::change_states::state(row.state);
                view! {
                    <li data-s=state.as_str()>
                        {glyph(state)} <p>
                            <a href=routes::change(row.id)>{row.title}</a>
                            <small>
                                <span class="mono">{row.id.to_string()}</span>
                                {format!(" by {}, ", row.proposed_by_name)}
                                {ago(row.proposed_at)}
                            </small>
                        </p>
                    </li>
                }
            })
            .collect_view();
        view! {
            <Panel
                id="recent"
                title="Latest changes"
                aside=move || view! { <a href=events.clone()><small>"All its events"</small></a> }
            >
                <ol class="rows verdicts">{lines}</ol>
            </Panel>
        }
    })
}

/// The pool's changes as a route of its own.
#[component]
pub fn PoolChanges() -> impl IntoView {
    loaded(pool_resource(), "the pool", |view| {
        let head = head(&view);
        let body = if view.changes.is_empty() {
            view! {
                <Empty title="No change has touched this pool" icon=Icon::Changes>
                    <p class="soft">"Every change of it will be listed here."</p>
                </Empty>
            }
            .into_any()
        } else {
            changes_table(view.changes.clone()).into_any()
        };
        view! {
            {head}
            <section class="panel block" aria-label="Changes of this pool">
                {body}
            </section>
        }
    })
}
