//! Instances: where is each agent, and why is this one ill?

mod cloud;
mod detail;
mod history;
mod serial;

use domain::{
    agent::AgentState,
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

/// The state that the address asks for; an unknown word is no filter.
fn wanted(query: &Query) -> Option<AgentState> {
    let word = query.get("state")?;
    AgentState::ALL.into_iter().find(|state| state.as_str() == word)
}

/// The filter is applied here: another one needs no other data.
fn draw(view: FleetView, query: Memo<Query>) -> impl IntoView {
    let all: Vec<InstanceRow> =
        view.pools.into_iter().flat_map(|pool| pool.zones).flat_map(|zone| zone.instances).collect();
    move || filtered(all.clone(), &query.get())
}

fn filtered(all: Vec<InstanceRow>, query: &Query) -> AnyView {
    let total = all.len() as u64;
    let tally = agent_states::tally(all.iter().map(|row| row.agent));
    let wanted = wanted(query);
    let rows: Vec<_> = all.into_iter().filter(|row| wanted.is_none_or(|state| row.agent == state)).collect();
    let shown = rows.len() as u64;
    let lead = match wanted {
        None => format!("{} run.", words::count(total, "instance")),
        Some(state) => format!(
            "{} of {} {} {}.",
            words::number(shown),
            words::count(total, "instance"),
            if shown == 1 { "is" } else { "are" },
            agent_states::word(state).to_lowercase()
        ),
    };
    let all_href = query.clone().with("state", None).on(routes::INSTANCES);
    let chips = agent_states::ORDER
        .into_iter()
        .filter(|state| agent_states::of(&tally, *state) > 0 || wanted == Some(*state))
        .map(|state| {
            let href = query.clone().with("state", Some(state.as_str())).on(routes::INSTANCES);
            view! {
                <a class="chip" href=href aria-current=(wanted == Some(state)).then_some("true")>
                    {agent_states::word(state)}
                    " "
                    <b>{words::number(agent_states::of(&tally, state))}</b>
                </a>
            }
        })
        .collect_view();
    let clear = all_href.clone();
    let body = match (rows.is_empty(), wanted) {
        (true, Some(state)) => view! {
            <Empty
                title=format!("No instance is {}", agent_states::word(state).to_lowercase())
                icon=Icon::Filter
            >
                <p class="soft">{format!("The filter hides {}.", words::count(total, "instance"))}</p>
                <ButtonLink href=clear label="Clear the filter" />
            </Empty>
        }
        .into_any(),
        (true, None) => view! {
            <Empty title="No instance runs" icon=Icon::Instances>
                <p class="soft">"Instances appear when a pool is applied."</p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
            </Empty>
        }
        .into_any(),
        _ => rows_table(rows, true).into_any(),
    };
    view! {
        <PageHead title="Instances" lead=move || lead.clone() />
        <section class="panel" aria-label="Instances">
            <div class="cluster query">
                {icon(Icon::Filter)}
                <div class="choice" role="group" aria-label="Filter by state">
                    <a class="chip" href=all_href aria-current=wanted.is_none().then_some("true")>
                        "All "
                        <b>{words::number(total)}</b>
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
    fn an_unknown_state_filters_nothing() {
        assert_eq!(wanted(&Query::parse("state=ill")), Some(AgentState::Ill));
        assert_eq!(wanted(&Query::parse("state=purple")), None);
        assert_eq!(wanted(&Query::parse("")), None);
    }
}
