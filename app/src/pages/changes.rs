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

use domain::{
    ChangeId, ChangeState,
    change::ChangeCounts,
    list_query::{CHANGE_KEYS, ListQuery},
    view::change::ChangesView,
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        icon::Icon,
        loaded::loaded,
        page_head::PageHead,
        paging::{Way, paging},
        query_box::{Preset, asking, query_box, words_of},
        tabs::{Tab, Tabs},
        title::Title,
    },
    frame::Scope,
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};

/// A tab beside those of all changes and of what waits for the viewer: its words, and how many changes they hold.
type Kind = (&'static str, &'static str, fn(&ChangeCounts) -> u32);

const KINDS: [Kind; 4] = [
    ("Waiting for approval", "state:awaiting_approvals", |counts| counts.waiting),
    ("This week", "age<7d", |counts| counts.recent),
    ("In progress", "state:approved,applying", |counts| counts.under_way),
    ("Failed", "state:failed", |counts| counts.failed),
];

/// What is asked often beside the tabs.
const PRESETS: &[Preset] = &[
    ("Of the last day", "age<1d"),
    ("Applied this week", "state:applied age<7d"),
    ("Failed this week", "state:failed age<7d"),
    ("Ended before they began", "state:cancelled,rejected,expired,superseded"),
    ("Waiting for over a day", "state:awaiting_approvals age>1d"),
];
const HINT: &str = "Parts of titles, and state:failed,expired by:\"Mara Lind\" age<2d";

/// Only those before it: the last one of the page before.
fn before(query: &Query) -> Option<ChangeId> {
    query.get("before").and_then(|id| id.parse().ok())
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
        move || {
            let words = query.with(|query| words_of(query, CHANGE_KEYS));
            let (before, mine) = (query.with(before), query.with(waits_for_me));
            (scope.named(), words, before, mine, shown.get(), live.opened())
        },
        |(environment, words, before, mine, ..)| async move {
            // The page says itself what of them cannot be read.
            if ListQuery::parse(&words, CHANGE_KEYS).is_err() {
                return Ok(None);
            }
            let words = Some(words).filter(|words| !words.is_empty());
            api::changes::load_changes(environment, words, before, mine).await.map(Some)
        },
    );
    let updates = Memo::new(move |_| live.changes().saturating_sub(shown.get()));
    view! {
        <Title text="Changes" />
        {loaded(
            changes,
            "the changes",
            move |page| {
                let show = move || shown.set(live.changes_untracked());
                draw(page, &query.get_untracked(), updates, show)
            },
        )}
    }
    .into_any()
}

fn draw<S: Fn() + Copy + Send + Sync + 'static>(
    page: Option<ChangesView>,
    query: &Query,
    updates: Memo<u32>,
    show: S,
) -> AnyView {
    let read = ListQuery::parse(&words_of(query, CHANGE_KEYS), CHANGE_KEYS);
    let before = before(query);
    let of_all = query.clone().with("waiting", None);
    let every = asking(&of_all, &ListQuery::default(), routes::CHANGES);
    let mine = asking(&query.clone().with("waiting", Some("me")), &ListQuery::default(), routes::CHANGES);
    let for_me = waits_for_me(query);
    let here = match &read {
        Ok(words) if for_me && words.is_empty() => mine.clone(),
        Ok(words) => asking(query, words, routes::CHANGES),
        Err(_) => String::new(),
    };
    let asked = read.as_ref().is_ok_and(|words| !words.is_empty());
    // What cannot be read is not asked for, so nothing was counted.
    let counts = page.as_ref().map(|page| page.counts);
    let tab = |label: &'static str, href: String, of: fn(&ChangeCounts) -> u32| {
        let tab = Tab::new(label, href);
        match &counts {
            Some(counts) => tab.count(of(counts) as usize),
            None => tab,
        }
    };
    let mut tabs = vec![
        tab("All", every.clone(), |counts| counts.every),
        tab("Waiting for me", mine, |counts| counts.waiting_for_me),
    ];
    tabs.extend(KINDS.into_iter().filter_map(|(label, words, of)| {
        let words = ListQuery::parse(words, CHANGE_KEYS).ok()?;
        Some(tab(label, asking(&of_all, &words, routes::CHANGES), of))
    }));
    let (changes, next) = page.map_or_else(Default::default, |page| (page.list.changes, page.list.next));
    let waiting = changes.iter().filter(|row| row.state == ChangeState::AwaitingApprovals).count() as u64;
    let underway = changes.iter().filter(|row| !row.state.is_terminal()).count() as u64 - waiting;
    let lead = match (waiting, underway) {
        _ if read.is_err() => "What to show of them cannot be read.".to_owned(),
        (0, 0) if asked || for_me || before.is_some() => {
            "None of those shown waits or is being applied.".to_owned()
        }
        (0, 0) => "Nothing waits and nothing is being applied.".to_owned(),
        (0, some) => format!("{} being applied.", be(some)),
        (some, 0) => format!("{} waiting for approval.", be(some)),
        (wait, run) => format!("{} waiting for approval, {run} being applied.", be(wait)),
    };
    let newest = before.is_some().then(|| query.clone().with("before", None).on(routes::CHANGES));
    let older =
        next.map(|next: ChangeId| query.clone().with("before", Some(&next.to_string())).on(routes::CHANGES));
    let shown = words::count(changes.len() as u64, "change");
    let foot = paging(Some(shown), vec![Way::back("Newest", newest), Way::onward("Older", older)]);
    let body = match changes.is_empty() {
        false => changes_table(changes).into_any(),
        true if read.is_err() => view! {
            <Empty title="The words cannot be read" icon=Icon::Filter>
                <p class="soft">"What is wrong stands below the field."</p>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        true if next.is_some() => view! {
            <Empty title="None of these changes is like that" icon=Icon::Filter>
                <p class="soft">"Only so many are looked through at once. Older ones are there."</p>
            </Empty>
        }
        .into_any(),
        true if asked => view! {
            <Empty title="No change is like that" icon=Icon::Filter>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        true if for_me => view! {
            <Empty title="Nothing waits for your vote" icon=Icon::Filter>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        true => view! {
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
        <Tabs label="Presets" tabs=tabs current=here />
        <section class="panel block" aria-label="Changes">
            {query_box(query, routes::CHANGES, &read, (CHANGE_KEYS, HINT), PRESETS)}
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
            }} {body} {foot}
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
    fn the_address_pages() {
        assert_eq!(before(&Query::parse("q=web&before=chg-12")), Some(ChangeId(12)));
        assert_eq!(before(&Query::parse("before=12")), None);
    }

    #[test]
    fn every_preset_and_tab_can_be_read() {
        let tabs = KINDS.map(|(label, words, _)| (label, words));
        for (label, words) in PRESETS.iter().chain(&tabs) {
            let read = ListQuery::parse(words, CHANGE_KEYS).unwrap();
            assert_eq!(read.to_string(), *words, "{label}: the address says it so, and marks the tab");
        }
    }
}
