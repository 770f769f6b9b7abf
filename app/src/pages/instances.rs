//! Instances: where is each agent, and why is this one ill?

mod acts;
mod cloud;
mod detail;
mod history;
mod metrics;
#[cfg(test)]
mod samples;
mod serial;
mod signals;
mod since;

use domain::{
    agent::AgentState,
    list_query::{INSTANCE_KEYS, ListQuery},
    view::instance::{InstanceList, InstancePlace},
};
use leptos::prelude::*;

pub use detail::InstancePage;
pub use serial::{Serial, Status};

use super::{agent_states, pools::rows_table};
use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        icon::{Icon, icon},
        loaded::loaded,
        page_head::PageHead,
        paging::{Way, paging},
        query_box::{Preset, asking, query_box, words_of},
        title::Title,
    },
    frame::Scope,
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};

#[component]
pub fn Instances() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    let instances = Resource::new(
        move || {
            let words = query.with(|query| words_of(query, INSTANCE_KEYS));
            let (after, before) = query.with(edges);
            (scope.named(), words, after, before, live.instances())
        },
        |(environment, words, after, before, _)| {
            let words = Some(words).filter(|words| !words.is_empty());
            api::instances::load_instances(environment, words, after, before)
        },
    );
    view! {
        <Title text="Instances" />
        {loaded(instances, "the instances", move |list| draw(list, &query.get_untracked()))}
    }
    .into_any()
}

/// The names of the page's edges in the address.
const AFTER: &str = "after";
const BEFORE: &str = "before";

/// After which instance the page begins, or before which one it ends.
pub type Edges = (Option<InstancePlace>, Option<InstancePlace>);

pub fn edges(query: &Query) -> Edges {
    (place(query, AFTER), place(query, BEFORE))
}

/// What cannot be read is left out, as in the other lists.
fn place(query: &Query, edge: &str) -> Option<InstancePlace> {
    query.get(edge).and_then(|place| place.parse().ok())
}

/// The same list from that instance on, or up to it; from its beginning on without one.
fn page(here: &str, query: &Query, edge: Option<(&str, &InstancePlace)>) -> String {
    let first = query.clone().with(AFTER, None).with(BEFORE, None);
    let page = match edge {
        Some((edge, place)) => first.with(edge, Some(&place.to_string())),
        None => first,
    };
    page.on(here)
}

/// What is asked often: what to look at, what is new, what was not made anew for long.
const PRESETS: &[Preset] = &[
    ("Unwell", "state:silent,ill,late"),
    ("Younger than an hour", "age<1h"),
    ("Older than 30 days", "age>30d"),
];
const HINT: &str = "Parts of names, and state:ill pool:web zone:us-central1-a vm:running age>2h";

/// The one state that is asked for, where it is one.
fn state_of(wanted: &ListQuery) -> Option<AgentState> {
    let [state] = wanted.values("state") else { return None };
    AgentState::ALL.into_iter().find(|one| one.as_str() == state)
}

/// The same question of another state.
fn of_state(query: &Query, wanted: &ListQuery, state: Option<AgentState>) -> String {
    asking(query, &wanted.with("state", state.map(AgentState::as_str)), routes::INSTANCES)
}

fn draw(list: InstanceList, query: &Query) -> AnyView {
    let foot = foot(&list, query, routes::INSTANCES);
    let InstanceList { rows, total, agents: tally, found, .. } = list;
    let read = ListQuery::parse(&words_of(query, INSTANCE_KEYS), INSTANCE_KEYS);
    let wanted = read.clone().unwrap_or_default();
    // The chips count what the other words leave.
    let beside = wanted.with("state", None);
    let every: u64 = agent_states::ORDER.into_iter().map(|state| agent_states::of(&tally, state)).sum();
    let state = state_of(&wanted);
    let lead = match (&read, state) {
        (Err(_), _) => {
            format!("{} run; what to show of them cannot be read.", words::count(total, "instance"))
        }
        (Ok(wanted), _) if wanted.is_empty() => format!("{} run.", words::count(total, "instance")),
        (Ok(_), Some(state)) if beside.is_empty() => format!(
            "{} of {} {} {}.",
            words::number(found),
            words::count(total, "instance"),
            if found == 1 { "is" } else { "are" },
            agent_states::word(state).to_lowercase()
        ),
        (Ok(_), _) => {
            format!("{} of {} found.", words::number(found), words::count(total, "instance"))
        }
    };
    let chips = agent_states::ORDER
        .into_iter()
        .filter(|one| agent_states::of(&tally, *one) > 0 || state == Some(*one))
        .map(|one| {
            view! {
                <a
                    class="chip"
                    href=of_state(query, &wanted, Some(one))
                    aria-current=(state == Some(one)).then_some("true")
                >
                    {agent_states::word(one)}
                    " "
                    <b>{words::number(agent_states::of(&tally, one))}</b>
                </a>
            }
        })
        .collect_view();
    let clear = asking(query, &ListQuery::default(), routes::INSTANCES);
    let body = match rows.is_empty() {
        true if total == 0 => view! {
            <Empty title="No instance runs" icon=Icon::Instances>
                <p class="soft">"Instances appear when a pool is applied."</p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
            </Empty>
        }
        .into_any(),
        true => {
            let title = match (&read, state) {
                (Err(_), _) => "The words cannot be read".to_owned(),
                (Ok(_), Some(state)) if beside.is_empty() => {
                    format!("No instance is {}", agent_states::word(state).to_lowercase())
                }
                (Ok(_), _) => "No instance is like that".to_owned(),
            };
            view! {
                <Empty title=title icon=Icon::Filter>
                    <p class="soft">{format!("The filter hides {}.", words::count(total, "instance"))}</p>
                    <ButtonLink href=clear label="Clear the filter" />
                </Empty>
            }
            .into_any()
        }
        false => rows_table(rows, true).into_any(),
    };
    let any_state = wanted.values("state").is_empty();
    view! {
        <PageHead title="Instances" lead=move || lead.clone() />
        <section class="panel" aria-label="Instances">
            {query_box(query, routes::INSTANCES, &read, (INSTANCE_KEYS, HINT), PRESETS)}
            <div class="cluster query">
                {icon(Icon::Filter)}
                <div class="choice" role="group" aria-label="Filter by state">
                    <a
                        class="chip"
                        href=of_state(query, &wanted, None)
                        aria-current=any_state.then_some("true")
                    >
                        "All "
                        <b>{words::number(every)}</b>
                    </a>
                    {chips}
                </div>
            </div>
            {body} {foot}
        </section>
    }
    .into_any()
}

/// None under an empty list. `here` is the list's own address, without the query.
pub fn foot(list: &InstanceList, query: &Query, here: &str) -> Option<AnyView> {
    let shown = list.rows.len() as u64;
    let range = match shown {
        0 => return None,
        all if all == list.found => words::count(all, "instance"),
        _ => format!(
            "{}–{} of {}",
            words::number(list.earlier + 1),
            words::number(list.earlier + shown),
            words::number(list.found)
        ),
    };
    let ways = vec![
        Way::to("First page", list.previous.as_ref().map(|_| page(here, query, None))),
        Way::back("Earlier", list.previous.as_ref().map(|place| page(here, query, Some((BEFORE, place))))),
        Way::onward("Later", list.next.as_ref().map(|place| page(here, query, Some((AFTER, place))))),
    ];
    Some(paging(Some(range), ways))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_the_address_takes_the_place_of_another() {
        let query = Query::parse("environment=dev&state=ill&q=web");
        let wanted = ListQuery::parse(&words_of(&query, INSTANCE_KEYS), INSTANCE_KEYS).unwrap();
        assert_eq!(state_of(&wanted), Some(AgentState::Ill));
        let late = of_state(&query, &wanted, Some(AgentState::Late));
        assert_eq!(late, "/instances?environment=dev&q=web%20state:late");
        assert_eq!(of_state(&query, &wanted, None), "/instances?environment=dev&q=web");
        assert_eq!(state_of(&wanted.with("state", None)), None);
    }

    #[test]
    fn the_address_pages_both_ways_and_leaves_the_first_page_out() {
        let query = Query::parse("q=age%3C1d&after=web/us-central1-a/web-1");
        let at = place(&query, AFTER).unwrap();
        assert_eq!((at.pool.as_str(), at.name.as_str()), ("web", "web-1"));
        assert_eq!(place(&Query::parse("after=chg-4"), AFTER), None);
        let back = page(routes::INSTANCES, &query, Some((BEFORE, &at)));
        assert_eq!(back, "/instances?q=age%3C1d&before=web%2Fus-central1-a%2Fweb-1");
        assert_eq!(place(&Query::parse(back.split_once('?').unwrap().1), BEFORE), Some(at.clone()));
        assert_eq!(page(routes::INSTANCES, &query, None), "/instances?q=age%3C1d");
        let of_pool = page("/pools/dev/web/instances", &Query::default(), Some((AFTER, &at)));
        assert_eq!(of_pool, "/pools/dev/web/instances?after=web%2Fus-central1-a%2Fweb-1");
        assert_eq!(edges(&Query::parse(of_pool.split_once('?').unwrap().1)), (Some(at), None));
    }

    #[test]
    fn every_preset_can_be_read() {
        for (label, words) in PRESETS {
            assert!(ListQuery::parse(words, INSTANCE_KEYS).is_ok(), "{label}");
        }
    }
}
