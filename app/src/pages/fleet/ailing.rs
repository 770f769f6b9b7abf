//! Under a pool's pictures: how many there are of each state, and the few that one would look at first.

use domain::{
    agent::AgentState,
    list_query::{INSTANCE_KEYS, ListQuery},
    view::fleet::{FleetAgent, FleetZone},
};
use leptos::prelude::*;

use super::{legend, pool::LivePool};
use crate::{
    components::{glyph::glyph, query_box::asking},
    pages::agent_states,
    routes,
    url_state::Query,
    words,
};

/// Links to single agents, at most.
const SHOWN: usize = 12;

/// One that is not healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ailing {
    zone: String,
    name: String,
    state: AgentState,
}

/// The worst of a pool, then by zone and name; and how many more are not healthy.
fn worst(zones: &[FleetZone], states: &[Vec<Option<AgentState>>]) -> (Vec<Ailing>, usize) {
    let rank = |wanted: AgentState| AgentState::ALL.iter().position(|state| *state == wanted);
    let mut found: Vec<_> = zones
        .iter()
        .zip(states)
        .flat_map(|(zone, states)| {
            zone.agents.iter().zip(states).map(move |(agent, state)| (zone, agent, *state))
        })
        .filter_map(|(zone, agent, state)| Some((zone, agent, state?)))
        .filter(|(.., state)| *state != AgentState::Healthy)
        .collect();
    // Stable: those of one state stay by zone and name.
    found.sort_by_key(|(.., state)| rank(*state));
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    let own = |(zone, agent, state): (&FleetZone, &FleetAgent, AgentState)| Ailing {
        zone: zone.zone.clone(),
        name: agent.name.clone(),
        state,
    };
    (found.into_iter().map(own).collect(), more)
}

fn listed(environment: &str, words: &ListQuery) -> String {
    asking(&Query::default().with("environment", Some(environment)), words, routes::INSTANCES)
}

/// The list of a pool's agents in one state.
fn in_state(environment: &str, pool: &str, state: AgentState) -> String {
    listed(environment, &ListQuery::default().with("pool", Some(pool)).with("state", Some(state.as_str())))
}

/// The list of all those of a pool that are not healthy.
fn unwell(environment: &str, pool: &str) -> String {
    let states = AgentState::ALL.into_iter().filter(|state| *state != AgentState::Healthy);
    let states: Vec<&str> = states.map(AgentState::as_str).collect();
    let words = ListQuery::parse(&format!("pool:{pool} state:{}", states.join(",")), INSTANCE_KEYS);
    listed(environment, &words.unwrap_or_default())
}

/// A row below the pool's own, as wide as the grid.
pub fn row(pool: &LivePool) -> AnyView {
    let (crowd, tally) = (pool.crowd.clone(), pool.tally);
    // Beside the zones' columns: the pool's name and its size.
    let width = crowd.zones().len() + 2;
    let first = Memo::new(move |_| crowd.with(|states| worst(crowd.zones(), states)));
    let (environment, name) = (pool.environment.clone(), pool.name.clone());
    let more = unwell(&environment, &name);
    let counts = move || tally.with(|tally| legend(tally, |state| in_state(&environment, &name, state)));
    view! {
        <tr>
            <td colspan=width.to_string()>
                <ul class="legend sm" aria-label=format!("Agents of {} by state", pool.name)>
                    {counts}
                </ul>
                {move || first.with(|(shown, rest)| links(shown, *rest, &more))}
            </td>
        </tr>
    }
    .into_any()
}

/// None where all are healthy.
fn links(shown: &[Ailing], more: usize, href: &str) -> Option<AnyView> {
    if shown.is_empty() {
        return None;
    }
    let items = shown
        .iter()
        .map(|one| {
            let state = agent_states::state(one.state);
            view! {
                <li>
                    <a class="status" data-s=state.as_str() href=routes::instance(&one.zone, &one.name)>
                        {glyph(state)}
                        <b>{one.name.clone()}</b>
                        {agent_states::word(one.state)}
                    </a>
                </li>
            }
        })
        .collect_view();
    let rest = (more > 0).then(|| {
        view! {
            <li>
                <a class="link" href=href.to_owned()>
                    {format!("and {} more", words::number(more as u64))}
                </a>
            </li>
        }
    });
    let list = view! {
        <ul class="legend sm" aria-label="Not healthy">
            {items}
            {rest}
        </ul>
    };
    Some(list.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(zone: &str, agents: usize) -> FleetZone {
        let agents = (0..agents)
            .map(|number| FleetAgent { name: format!("web-{zone}-{number:02}"), state: AgentState::Healthy });
        FleetZone { zone: zone.to_owned(), agents: agents.collect() }
    }

    #[test]
    fn the_worst_come_first_and_the_rest_are_counted() {
        let zones = [zone("a", 20), zone("b", 20)];
        let mut states = vec![vec![Some(AgentState::Healthy); 20]; 2];
        assert_eq!(worst(&zones, &states), (vec![], 0));
        states[0][4] = Some(AgentState::Starting);
        states[0][7] = None;
        states[1][2] = Some(AgentState::Silent);
        states[1][1] = Some(AgentState::Silent);
        states[0][9] = Some(AgentState::Ill);
        let (shown, more) = worst(&zones, &states);
        let names: Vec<_> = shown.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((names, more), (vec!["web-b-01", "web-b-02", "web-a-09", "web-a-04"], 0));
        assert_eq!((shown[0].zone.as_str(), shown[0].state), ("b", AgentState::Silent));
        states[1] = vec![Some(AgentState::Silent); 20];
        let (shown, more) = worst(&zones, &states);
        assert_eq!((shown.len(), more), (SHOWN, 10));
        assert!(shown.iter().all(|one| one.state == AgentState::Silent));
    }

    #[test]
    fn the_lists_that_are_led_to_can_be_asked_for() {
        assert_eq!(
            in_state("dev", "web", AgentState::Silent),
            "/instances?environment=dev&q=pool:web%20state:silent"
        );
        assert_eq!(
            unwell("dev", "web"),
            "/instances?environment=dev&q=pool:web%20state:silent,ill,late,starting,stopped,gone"
        );
    }
}
