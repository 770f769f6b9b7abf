//! Changes: what is proposed, under way and done; and of one, may this happen?

mod apply;
mod approvals;
mod detail;
mod impact;
mod plan;
mod sign;
mod signature;
pub mod table;

pub use detail::ChangePage;
pub use impact::impact_panel;
pub use plan::{actions_list, notes_list, of_severity};
pub use table::changes_table;

use std::str::FromStr as _;

use domain::{ChangeId, ChangeState, view::change::ChangeList};
use leptos::prelude::*;

use super::change_states;
use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        icon::{Icon, icon},
        loaded::loaded,
        page_head::PageHead,
        tabs::{Tab, Tabs},
        title::Title,
    },
    frame::Scope,
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};

/// What the address asks for.
fn filter(query: &Query) -> (Option<ChangeState>, Option<ChangeId>) {
    let state = query.get("state").and_then(|word| ChangeState::from_str(word).ok());
    (state, query.get("before").and_then(|id| id.parse().ok()))
}

/// Only what waits for the viewer's vote.
fn waits_for_me(query: &Query) -> bool {
    query.get("waiting") == Some("me")
}

#[component]
pub fn Changes() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    // Rows do not move under the pointer: what arrives is counted, and shown when asked for.
    let shown = RwSignal::new(live.changes_untracked());
    let changes = Resource::new(
        move || (scope.named(), query.with(filter), query.with(waits_for_me), shown.get(), live.opened()),
        |(environment, (state, before), mine, ..)| async move {
            match mine {
                true => api::changes::list_changes_waiting_for_me(environment, before).await,
                false => api::changes::list_changes(environment, state, before).await,
            }
        },
    );
    let updates = Memo::new(move |_| live.changes().saturating_sub(shown.get()));
    view! {
        <Title text="Changes" />
        {loaded(
            changes,
            "the changes",
            move |list| {
                let show = move || shown.set(live.changes_untracked());
                draw(list, &query.get_untracked(), updates, show)
            },
        )}
    }
    .into_any()
}

fn draw<S: Fn() + Copy + Send + Sync + 'static>(
    list: ChangeList,
    query: &Query,
    updates: Memo<u32>,
    show: S,
) -> AnyView {
    let (state, before) = filter(query);
    let preset = |state: Option<ChangeState>| {
        query
            .clone()
            .with("before", None)
            .with("waiting", None)
            .with("state", state.map(ChangeState::as_str))
            .on(routes::CHANGES)
    };
    let mine = query.clone().with("before", None).with("state", None).with("waiting", Some("me"));
    let mine = mine.on(routes::CHANGES);
    let for_me = waits_for_me(query);
    let mut tabs = vec![Tab::new("All", preset(None)), Tab::new("Waiting for me", mine.clone())];
    for state in [
        ChangeState::AwaitingApprovals,
        ChangeState::Applying,
        ChangeState::Applied,
        ChangeState::Failed,
        ChangeState::Cancelled,
        ChangeState::Rejected,
        ChangeState::Expired,
        ChangeState::Superseded,
    ] {
        tabs.push(Tab::new(change_states::word(state), preset(Some(state))));
    }
    let waiting =
        list.changes.iter().filter(|row| row.state == ChangeState::AwaitingApprovals).count() as u64;
    let underway = list.changes.iter().filter(|row| !row.state.is_terminal()).count() as u64 - waiting;
    let lead = match (waiting, underway) {
        (0, 0) => "Nothing waits and nothing is being applied.".to_owned(),
        (0, some) => format!("{} being applied.", be(some)),
        (some, 0) => format!("{} waiting for approval.", be(some)),
        (wait, run) => format!("{} waiting for approval, {run} being applied.", be(wait)),
    };
    let newest = query.clone().with("before", None).on(routes::CHANGES);
    let older =
        list.next.map(|next| query.clone().with("before", Some(&next.to_string())).on(routes::CHANGES));
    let shown = words::count(list.changes.len() as u64, "change");
    let every = preset(None);
    let body = match (list.changes.is_empty(), state) {
        (false, _) => changes_table(list.changes).into_any(),
        (true, _) if for_me => view! {
            <Empty title="Nothing waits for your vote" icon=Icon::Filter>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        (true, Some(_)) => view! {
            <Empty title="No change is in this state" icon=Icon::Filter>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        (true, None) => view! {
            <Empty title="Nothing was proposed yet" icon=Icon::Changes>
                <p class="soft">"Every write to a fleet is a change. The first comes from an import."</p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
            </Empty>
        }
        .into_any(),
    };
    view! {
        <PageHead
            title="Changes"
            lead=move || lead.clone()
            actions=|| view! { <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true /> }
        />
        <Tabs label="Presets" tabs=tabs current=if for_me { mine } else { preset(state) } />
        <section class="panel block" aria-label="Changes">
            {move || {
                (updates.get() > 0)
                    .then(|| {
                        view! {
                            <div class="cluster query">
                                <button type="button" class="chip" on:click=move |_| show()>
                                    {words::count(u64::from(updates.get()), "update")}
                                    ": show"
                                </button>
                            </div>
                        }
                    })
            }} {body} <footer class="panel-foot">
                <small>{shown}</small>
                {before
                    .is_some()
                    .then(|| {
                        view! {
                            <a class="btn" href=newest>
                                {icon(Icon::Left)}
                                "Newest"
                            </a>
                        }
                    })}
                {older
                    .map(|href| {
                        view! {
                            <a class="btn" href=href>
                                "Older"
                                {icon(Icon::Right)}
                            </a>
                        }
                    })}
            </footer>
        </section>
    }
    .into_any()
}

fn be(count: u64) -> String {
    format!("{} {}", words::count(count, "change"), if count == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_filters_and_pages() {
        let query = Query::parse("state=failed&before=chg-12");
        assert_eq!(filter(&query), (Some(ChangeState::Failed), Some(ChangeId(12))));
        assert_eq!(filter(&Query::parse("state=odd&before=12")), (None, None));
    }
}
