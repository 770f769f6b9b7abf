//! Hundreds of agents and more as one picture: a path a state, a small shape an agent. Closer together than the cells of the
//! heat grid, and short: neighbours of one state are one line, whose dashes are the agents. Ten thousand healthy ones are 3 kB.

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
    /// Neighbours of a row begin with one `M`.
    pub path: String,
}

/// Each differs from the others without colour: a dot, a half, a triangle, a square, a diamond, two bars, a dash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// Dashes of a line through the middle of the cells: where a cell's first one begins and its last one ends, how wide the line
    /// is, and its dashes and gaps, which together are as long as a cell.
    Dashes { from: usize, to: usize, width: &'static str, dashes: &'static str },
    /// What no line can be: where in its cell it begins, and how it goes on.
    Outline { from: (usize, usize), rest: &'static str },
}

fn columns(cells: usize) -> usize {
    cells.isqrt().clamp(COLUMNS.0, COLUMNS.1)
}

const fn shape(state: AgentState) -> Shape {
    match state {
        AgentState::Healthy => Shape::Dashes { from: 3, to: 7, width: "4", dashes: "4 6" },
        AgentState::Starting => Shape::Dashes { from: 1, to: 5, width: "8", dashes: "4 6" },
        AgentState::Late => Shape::Outline { from: (5, 1), rest: "l4 8h-8z" },
        AgentState::Ill => Shape::Dashes { from: 1, to: 9, width: "8", dashes: "8 2" },
        AgentState::Silent => Shape::Outline { from: (5, 0), rest: "l5 5-5 5-5-5z" },
        // Its two bars stand closer together than it and its neighbour, so that agents can be counted.
        AgentState::Stopped => Shape::Dashes { from: 1, to: 8, width: "8", dashes: "3 1 3 3" },
        AgentState::Gone => Shape::Dashes { from: 1, to: 9, width: "2", dashes: "8 2" },
    }
}

impl Patch {
    /// So many neighbours of a row, of which the first is there.
    fn add(&mut self, (column, row): (usize, usize), neighbours: usize) {
        let (x, y) = (column * PITCH, row * PITCH);
        match shape(self.state) {
            Shape::Dashes { from, to, .. } => {
                let length = neighbours.saturating_sub(1) * PITCH + to - from;
                let _ = write!(self.path, "M{} {}h{length}", x + from, y + PITCH / 2);
            }
            Shape::Outline { from, rest } => {
                let _ = write!(self.path, "M{} {}{rest}", x + from.0, y + from.1);
                // From where the one before began. The same words again and again: they compress to nothing.
                for _ in 1..neighbours {
                    let _ = write!(self.path, "m{PITCH} 0{rest}");
                }
            }
        }
        self.count += neighbours;
    }
}

/// A patch for each state that occurs. Agents keep their place whatever their state; who has left leaves a gap.
pub fn patches(states: &[Option<AgentState>]) -> Vec<Patch> {
    let mut patches = agent_states::ORDER.map(|state| Patch { state, count: 0, path: String::new() });
    for (row, cells) in states.chunks(columns(states.len())).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(|one, other| one == other) {
            let state = run.first().copied().flatten();
            if let Some(patch) = patches.iter_mut().find(|patch| Some(patch.state) == state) {
                patch.add((column, row), run.len());
            }
            column += run.len();
        }
    }
    patches.into_iter().filter(|patch| patch.count > 0).collect()
}

/// `label` says the counts to those who do not see it.
pub fn mosaic(states: &[Option<AgentState>], label: String) -> AnyView {
    let columns = columns(states.len());
    let size = (columns * PITCH, states.len().div_ceil(columns) * PITCH);
    let paths = patches(states)
        .into_iter()
        .map(|patch| {
            let state = agent_states::state(patch.state);
            let (width, dashes) = match shape(patch.state) {
                Shape::Dashes { width, dashes, .. } => (Some(width), Some(dashes)),
                Shape::Outline { .. } => (None, None),
            };
            view! {
                <path data-s=state.as_str() stroke-width=width stroke-dasharray=dashes d=patch.path></path>
            }
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
        let runs = patch.path.split('M').skip(1).flat_map(|run| {
            let (x, rest) = run.split_once(' ').unwrap();
            let y: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let (column, row) = (x.parse::<usize>().unwrap() / PITCH, y.parse::<usize>().unwrap() / PITCH);
            let neighbours = match shape(patch.state) {
                Shape::Dashes { .. } => {
                    rest.split_once('h').unwrap().1.parse::<usize>().unwrap().div_ceil(PITCH)
                }
                Shape::Outline { .. } => rest.matches('z').count(),
            };
            assert!(column + neighbours <= columns(agents), "a run ends with its row: {run}");
            let first = row * columns(agents) + column;
            first..first + neighbours
        });
        runs.collect()
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
    fn every_cell_has_its_dashes_whole() {
        for state in AgentState::ALL {
            let Shape::Dashes { from, to, dashes, .. } = shape(state) else { continue };
            let lengths: Vec<usize> = dashes.split(' ').map(|length| length.parse().unwrap()).collect();
            let period: usize = lengths.iter().sum();
            assert_eq!(PITCH, period, "{state:?} drifts from its cells");
            let (apart, own) = lengths.split_last().unwrap();
            assert_eq!(to - from, own.iter().sum::<usize>(), "{state:?} ends in a gap or with half a dash");
            let mut within = own.iter().skip(1).step_by(2);
            assert!(within.all(|gap| gap < apart), "{state:?} looks like several agents");
        }
    }

    #[test]
    fn one_path_for_all_of_a_state() {
        let (silent, healthy) = (Some(AgentState::Silent), Some(AgentState::Healthy));
        let states = [silent, None, healthy, healthy, silent, silent];
        let drawn: Vec<_> = patches(&states).into_iter().map(|patch| (patch.state, patch.path)).collect();
        let expected = [
            (AgentState::Healthy, "M23 5h14".to_owned()),
            (AgentState::Silent, "M5 0l5 5-5 5-5-5zM45 0l5 5-5 5-5-5zm10 0l5 5-5 5-5-5z".to_owned()),
        ];
        assert_eq!(drawn, expected);
        assert_eq!(patches(&[]), []);
    }

    #[test]
    fn ten_thousand_are_few_bytes_in_whichever_state_most_of_them_can_be() {
        let bytes = |states: &[Option<AgentState>]| -> usize {
            patches(states).iter().map(|patch| patch.path.len()).sum()
        };
        for (state, most) in [
            (AgentState::Healthy, 4_000),
            (AgentState::Starting, 4_000),
            (AgentState::Late, 250_000),
            (AgentState::Silent, 250_000),
        ] {
            let bytes = bytes(&[Some(state); 10_000]);
            assert!(bytes < most, "{state:?}: {bytes} bytes");
        }
        let bytes = bytes(&mixed(10_000));
        assert!(bytes < 250_000, "as mixed as can be: {bytes} bytes");
    }

    #[test]
    fn a_picture_is_at_most_forty_wide() {
        assert_eq!([0, 201, 900, 10_000].map(columns), [20, 20, 30, 40]);
    }
}
