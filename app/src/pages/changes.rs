//! Changes: what is proposed, under way and done; and of one, may this happen?

mod apply;
mod approvals;
mod detail;
mod impact;
mod linked;
mod overtaken;
mod plan;
#[cfg(test)]
pub mod samples;
mod sign;
mod signature;
pub mod table;

pub use detail::ChangePage;
pub use impact::impact_panel;
pub use plan::{actions_list, notes_list, of_severity};
pub use table::{changes_of_all, changes_table};

use domain::{
    ChangeId, ChangeState, Timestamp,
    change::ChangeCounts,
    list_query::{CHANGE_KEYS, ListQuery},
    view::change::{ChangeRow, ChangesView, Whose},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        icon::Icon,
        loaded::loaded,
        moment::{Clock, left_words},
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

/// A tab beside those of all changes and of the viewer's own: its words, and how many changes they hold.
type Kind = (&'static str, &'static str, fn(&ChangeCounts) -> u32);

const KINDS: [Kind; 4] = [
    ("This week", "age<7d", |counts| counts.recent),
    ("Waiting for approval", "state:awaiting_approvals", |counts| counts.waiting),
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

/// Only what waits for the viewer's vote, or what they are an author of.
fn whose(query: &Query) -> Whose {
    match (query.get("waiting"), query.get("author")) {
        (Some("me"), _) => Whose::WaitingForMe,
        (_, Some("me")) => Whose::Mine,
        _ => Whose::Everybody,
    }
}

#[component]
pub fn Changes() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    // Rows do not move under the pointer: what arrives is counted, and shown when asked for.
    let shown = RwSignal::new(live.changes_untracked());
    let changes = Resource::new(
        move || {
            let words = query.with(|query| words_of(query, CHANGE_KEYS));
            let (before, whose) = (query.with(before), query.with(whose));
            (scope.named(), words, before, whose, shown.get(), live.opened())
        },
        |(environment, words, before, whose, ..)| async move {
            // The page says itself what of them cannot be read.
            if ListQuery::parse(&words, CHANGE_KEYS).is_err() {
                return Ok(None);
            }
            let words = Some(words).filter(|words| !words.is_empty());
            api::changes::load_changes(environment, words, before, whose).await.map(Some)
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
    let of_all = query.clone().with("waiting", None).with("author", None);
    let of_me = |name| asking(&of_all.clone().with(name, Some("me")), &ListQuery::default(), routes::CHANGES);
    let every = asking(&of_all, &ListQuery::default(), routes::CHANGES);
    let (waiting, mine) = (of_me("waiting"), of_me("author"));
    let whose = whose(query);
    let here = match (&read, whose) {
        (Ok(words), Whose::WaitingForMe) if words.is_empty() => waiting.clone(),
        (Ok(words), Whose::Mine) if words.is_empty() => mine.clone(),
        (Ok(words), _) => asking(query, words, routes::CHANGES),
        (Err(_), _) => String::new(),
    };
    let asked = read.as_ref().is_ok_and(|words| !words.is_empty());
    // What cannot be read is not asked for, so nothing was counted.
    let counts = page.as_ref().map(|page| page.counts);
    let every_one = counts.map_or(0, |counts| u64::from(counts.every));
    let tab = |label: &'static str, href: String, of: fn(&ChangeCounts) -> u32| {
        let tab = Tab::new(label, href);
        match &counts {
            Some(counts) => tab.count(of(counts) as usize),
            None => tab,
        }
    };
    let mut tabs = vec![
        tab("Waiting for me", waiting, |counts| counts.waiting_for_me),
        tab("Mine", mine, |counts| counts.mine),
        tab("All", every.clone(), |counts| counts.every),
    ];
    tabs.extend(KINDS.into_iter().filter_map(|(label, words, of)| {
        let words = ListQuery::parse(words, CHANGE_KEYS).ok()?;
        Some(tab(label, asking(&of_all, &words, routes::CHANGES), of))
    }));
    let (changes, next) = page.map_or_else(Default::default, |page| (page.list.changes, page.list.next));
    let lead = match &counts {
        None => Lead::said("A word of the query cannot be read."),
        Some(counts) if counts.waiting_for_me > 0 => Lead::for_me(counts.waiting_for_me, &changes),
        Some(_) => Lead::of(&changes, asked || whose != Whose::Everybody || before.is_some()),
    };
    let clock = Clock::here();
    let newest = before.is_some().then(|| query.clone().with("before", None).on(routes::CHANGES));
    let older =
        next.map(|next: ChangeId| query.clone().with("before", Some(&next.to_string())).on(routes::CHANGES));
    let shown = (!changes.is_empty()).then(|| words::count(changes.len() as u64, "change"));
    // Under nothing there is no foot, unless it leads to another page.
    let foot = (shown.is_some() || newest.is_some() || older.is_some())
        .then(|| paging(shown, vec![Way::back("Newest", newest), Way::onward("Older", older)]));
    let body = match changes.is_empty() {
        false if query.get("environment").is_some() => changes_table(changes),
        false => changes_of_all(changes),
        true if read.is_err() => view! {
            <Empty title="The words cannot be read" icon=Icon::Filter>
                <p class="soft">"Mend them above, or leave them out."</p>
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
                <p class="soft">{format!("Without these words: {}.", words::count(every_one, "change"))}</p>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        true if whose == Whose::WaitingForMe => view! {
            <Empty title="Nothing waits for your vote" icon=Icon::Filter>
                <p class="soft">"A change is asked of you while it lacks an approval that you can give."</p>
                <ButtonLink href=every label="Show all changes" />
            </Empty>
        }
        .into_any(),
        true if whose == Whose::Mine => view! {
            <Empty title="You have proposed nothing yet" icon=Icon::Changes>
                <p class="soft">"What you propose or edit is listed here."</p>
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
            lead=move || lead.words(clock)
            actions=|| view! { <ButtonLink href=routes::IMPORT label="Import from Terraform" /> }
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

/// The sentence under the title.
#[derive(Clone, Debug)]
struct Lead {
    said: String,
    /// What ends first, and when.
    ends: Option<(&'static str, Timestamp)>,
}

impl Lead {
    fn said(text: impl Into<String>) -> Self {
        Self { said: text.into(), ends: None }
    }

    /// Which of them expires first is known where all of them are shown.
    fn for_me(count: u32, shown: &[ChangeRow]) -> Self {
        let mine: Vec<&ChangeRow> = shown.iter().filter(|row| row.seats.for_me).collect();
        let first = mine.iter().filter_map(|row| row.expires_at).min();
        let all = u32::try_from(mine.len()).is_ok_and(|mine| mine == count);
        let (verb, which) = if count == 1 { ("waits", "It") } else { ("wait", "The first") };
        let said = format!("{} {verb} for your vote.", words::count(u64::from(count), "change"));
        Self { said, ends: first.filter(|_| all).map(|at| (which, at)) }
    }

    /// `some`: others are not shown.
    fn of(shown: &[ChangeRow], some: bool) -> Self {
        let count = |state: ChangeState| shown.iter().filter(|row| row.state == state).count() as u64;
        let parts = [
            (count(ChangeState::AwaitingApprovals), "waiting for approval"),
            (count(ChangeState::Applying), "being applied"),
            (count(ChangeState::Approved), "approved and waiting"),
        ];
        let some_are = parts.into_iter().filter(|(count, _)| *count > 0).enumerate();
        let said: Vec<String> = some_are
            .map(|(index, (count, how))| match index {
                0 => format!("{} {how}", be(count)),
                _ => format!("{} {how}", words::number(count)),
            })
            .collect();
        Self::said(match said.is_empty() {
            true if some => "None of those shown waits or is being applied.".to_owned(),
            true => "Nothing waits and nothing is being applied.".to_owned(),
            false => format!("{}.", said.join(", ")),
        })
    }

    fn words(&self, clock: Clock) -> String {
        let now = clock.now();
        match self.ends.filter(|(_, at)| *at > now) {
            Some((which, at)) => format!("{} {which} expires in {}.", self.said, left_words(now, at)),
            None => self.said.clone(),
        }
    }
}

fn be(count: u64) -> String {
    format!("{} {}", words::count(count, "change"), if count == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use domain::view::change::RowSeats;

    use super::*;

    #[test]
    fn the_address_pages() {
        assert_eq!(before(&Query::parse("q=web&before=chg-12")), Some(ChangeId(12)));
        assert_eq!(before(&Query::parse("before=12")), None);
    }

    #[test]
    fn the_address_says_whose() {
        for (address, expected) in [
            ("", Whose::Everybody),
            ("waiting=me", Whose::WaitingForMe),
            ("author=me&q=web", Whose::Mine),
            ("author=wen", Whose::Everybody),
        ] {
            assert_eq!(whose(&Query::parse(address)), expected, "{address}");
        }
    }

    #[test]
    fn what_is_applied_is_counted_apart_from_what_waits_for_its_turn() {
        use ChangeState::{Applied, Applying, Approved, AwaitingApprovals};
        let lead = |states: &[ChangeState]| {
            let rows: Vec<ChangeRow> =
                states.iter().map(|&state| samples::row(state, RowSeats::default())).collect();
            Lead::of(&rows, false).said
        };
        for (states, expected) in [
            ([Applied, Applied, Applied], "Nothing waits and nothing is being applied."),
            ([Applying, Approved, Approved], "1 change is being applied, 2 approved and waiting."),
            ([Approved, Approved, Applied], "2 changes are approved and waiting."),
            (
                [AwaitingApprovals, Approved, Applying],
                "1 change is waiting for approval, 1 being applied, 1 approved and waiting.",
            ),
        ] {
            assert_eq!(lead(&states), expected);
        }
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
