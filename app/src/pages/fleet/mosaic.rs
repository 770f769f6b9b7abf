//! Hundreds of agents and more as one picture: a path a state, a small shape an agent. Closer together than the cells of the
//! heat grid, and short: ten thousand are some 170 kB.

use std::fmt::Write;

use domain::agent::AgentState;
use leptos::prelude::*;

use crate::{components::heat::picture, pages::agent_states};

/// Cells in a row, at least and at most. In between the picture is as wide as it is high.
const COLUMNS: (usize, usize) = (20, 40);
/// Pixels from one cell to the next.
const PITCH: usize = 10;

/// All agents of one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub state: AgentState,
    pub count: usize,
    /// Each agent begins with an `M`.
    pub path: String,
}

fn columns(cells: usize) -> usize {
    cells.isqrt().clamp(COLUMNS.0, COLUMNS.1)
}

/// Where in its cell a state's shape begins, and how it goes on. Each differs from the others without colour: a dot, a half, a
/// triangle, a square, a diamond, two bars, a dash.
const fn shape(state: AgentState) -> (usize, usize, &'static str) {
    match state {
        AgentState::Healthy => (3, 3, "h4v4h-4z"),
        AgentState::Starting => (1, 1, "h4v8h-4z"),
        AgentState::Late => (5, 1, "l4 8h-8z"),
        AgentState::Ill => (1, 1, "h8v8h-8z"),
        AgentState::Silent => (5, 0, "l5 5-5 5-5-5z"),
        AgentState::Stopped => (1, 1, "h3v8h-3zm5 0h3v8h-3z"),
        AgentState::Gone => (1, 4, "h8v2h-8z"),
    }
}

/// A patch for each state that occurs. Agents keep their place whatever their state; who has left leaves a gap.
pub fn patches(states: &[Option<AgentState>]) -> Vec<Patch> {
    let columns = columns(states.len());
    let mut out = Vec::new();
    for state in agent_states::ORDER {
        let (x, y, rest) = shape(state);
        let mut patch = Patch { state, count: 0, path: String::new() };
        for (index, _) in states.iter().enumerate().filter(|(_, one)| **one == Some(state)) {
            let (x, y) = (index % columns * PITCH + x, index / columns * PITCH + y);
            let _ = write!(patch.path, "M{x} {y}{rest}");
            patch.count += 1;
        }
        if patch.count > 0 {
            out.push(patch);
        }
    }
    out
}

/// `label` says the counts to those who do not see it.
pub fn mosaic(states: &[Option<AgentState>], label: String) -> AnyView {
    let columns = columns(states.len());
    let size = (columns * PITCH, states.len().div_ceil(columns) * PITCH);
    let paths = patches(states)
        .into_iter()
        .map(|patch| {
            let state = agent_states::state(patch.state);
            view! { <path data-s=state.as_str() d=patch.path></path> }
        })
        .collect_view();
    picture("mosaic", size, label, paths.into_any())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A fleet with some of everything, and some who have left.
    fn mixed(agents: usize) -> Vec<Option<AgentState>> {
        (0..agents).map(|number| AgentState::ALL.get(number * number % 11).copied()).collect()
    }

    /// The cell of each agent that a patch draws.
    fn cells(patch: &Patch, agents: usize) -> Vec<usize> {
        let starts = patch.path.split('M').skip(1).map(|start| {
            let (x, rest) = start.split_once(' ').unwrap();
            let y: String = rest.chars().take_while(char::is_ascii_digit).collect();
            (x.parse::<usize>().unwrap() / PITCH, y.parse::<usize>().unwrap() / PITCH)
        });
        starts.map(|(column, row)| row * columns(agents) + column).collect()
    }

    #[test]
    fn each_agent_is_in_one_patch_in_its_place_and_the_counts_agree() {
        for agents in [0, 1, 19, 20, 201, 333, 1000, 10_000] {
            let states = mixed(agents);
            let mut drawn = vec![None; agents];
            for patch in patches(&states) {
                let places = cells(&patch, agents);
                assert_eq!(places.len(), patch.count, "{:?} of {agents}", patch.state);
                for place in places {
                    assert_eq!(drawn[place].replace(patch.state), None, "{place} of {agents} is drawn twice");
                }
            }
            assert_eq!(drawn, states);
        }
    }

    #[test]
    fn no_two_states_have_a_shape_in_common() {
        let shapes: BTreeSet<_> = AgentState::ALL.into_iter().map(shape).collect();
        assert_eq!(shapes.len(), AgentState::ALL.len());
    }

    #[test]
    fn one_path_for_all_of_a_state() {
        let states = [Some(AgentState::Silent), None, Some(AgentState::Healthy), Some(AgentState::Silent)];
        let drawn: Vec<_> = patches(&states).into_iter().map(|patch| (patch.state, patch.path)).collect();
        let expected = [
            (AgentState::Healthy, "M23 3h4v4h-4z".to_owned()),
            (AgentState::Silent, "M5 0l5 5-5 5-5-5zM35 0l5 5-5 5-5-5z".to_owned()),
        ];
        assert_eq!(drawn, expected);
        assert_eq!(patches(&[]), []);
    }

    #[test]
    fn ten_thousand_are_few_bytes_in_whichever_state_most_of_them_can_be() {
        for state in [AgentState::Healthy, AgentState::Starting, AgentState::Late, AgentState::Silent] {
            let bytes: usize = patches(&[Some(state); 10_000]).iter().map(|patch| patch.path.len()).sum();
            assert!(bytes < 250_000, "{state:?}: {bytes} bytes");
        }
    }

    #[test]
    fn a_picture_is_at_most_forty_wide() {
        assert_eq!([0, 201, 900, 10_000].map(columns), [20, 20, 30, 40]);
    }
}
