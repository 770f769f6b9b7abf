//! Instances: where is each agent, and why is this one ill?

mod cloud;
mod detail;
mod history;
mod serial;

use domain::{
    Timestamp,
    agent::AgentState,
    list_query::{INSTANCE_KEYS, ListQuery},
    view::{fleet::FleetView, instance::InstanceRow},
};
use leptos::prelude::*;

pub use detail::InstancePage;
pub use history::happening;
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
    let fleet = Resource::new(
        move || (scope.named(), live.instances()),
        |(environment, _)| api::fleet::load_fleet(environment),
    );
    view! {
        <Title text="Instances" />
        {loaded(fleet, "the instances", move |view| draw(view, query))}
    }
    .into_any()
}

/// What is asked often: what to look at, what is new, what was not made anew for long.
const PRESETS: &[Preset] = &[
    ("Unwell", "state:silent,ill,late"),
    ("Younger than an hour", "age<1h"),
    ("Older than 30 days", "age>30d"),
];
const HINT: &str = "Parts of names, and state:ill pool:web zone:us-central1-a vm:running age>2h";

/// The filter is applied here: another one needs no other data.
fn draw(view: FleetView, query: Memo<Query>) -> impl IntoView {
    let now = view.now;
    let all: Vec<InstanceRow> =
        view.pools.into_iter().flat_map(|pool| pool.zones).flat_map(|zone| zone.instances).collect();
    move || filtered(all.clone(), &query.get(), now)
}

/// The one state that is asked for, where it is one.
fn state_of(wanted: &ListQuery) -> Option<AgentState> {
    let [state] = wanted.values("state") else { return None };
    AgentState::ALL.into_iter().find(|one| one.as_str() == state)
}

/// The same question of another state.
fn of_state(query: &Query, wanted: &ListQuery, state: Option<AgentState>) -> String {
    asking(query, &wanted.with("state", state.map(AgentState::as_str)), routes::INSTANCES)
}

fn filtered(all: Vec<InstanceRow>, query: &Query, now: Timestamp) -> AnyView {
    let total = all.len() as u64;
    let read = ListQuery::parse(&words_of(query, INSTANCE_KEYS), INSTANCE_KEYS);
    let wanted = read.clone().unwrap_or_default();
    // The chips count what the other words leave.
    let beside = wanted.with("state", None);
    let tally =
        agent_states::tally(all.iter().filter(|row| beside.holds_instance(row, now)).map(|row| row.agent));
    let every: u64 = agent_states::ORDER.into_iter().map(|state| agent_states::of(&tally, state)).sum();
    let rows: Vec<_> =
        all.into_iter().filter(|row| read.is_ok() && wanted.holds_instance(row, now)).collect();
    let (shown, state) = (rows.len() as u64, state_of(&wanted));
    let lead = match (&read, state) {
        (Err(_), _) => {
            format!("{} run; what to show of them cannot be read.", words::count(total, "instance"))
        }
        (Ok(wanted), _) if wanted.is_empty() => format!("{} run.", words::count(total, "instance")),
        (Ok(_), Some(state)) if beside.is_empty() => format!(
            "{} of {} {} {}.",
            words::number(shown),
            words::count(total, "instance"),
            if shown == 1 { "is" } else { "are" },
            agent_states::word(state).to_lowercase()
        ),
        (Ok(_), _) => {
            format!("{} of {} shown.", words::number(shown), words::count(total, "instance"))
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
            {body}
        </section>
    }
    .into_any()
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
    fn every_preset_can_be_read() {
        for (label, words) in PRESETS {
            assert!(ListQuery::parse(words, INSTANCE_KEYS).is_ok(), "{label}");
        }
    }
}
