//! The fleet page: every agent by pool and zone, what is under way or waits for the viewer, and what it costs.

use std::{fmt::Write as _, sync::Arc};

use serde::{Deserialize, Serialize};

use super::change::ChangeRow;
use crate::{
    Timestamp,
    agent::AgentState,
    condition::Condition,
    cost::{Money, day_share},
    incident::Incident,
};

/// All that the page knows of one agent. A fleet has thousands: whoever wants more of one opens its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetAgent {
    pub name: String,
    pub state: AgentState,
}

/// One pool's agents in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PackedZone", into = "PackedZone")]
pub struct FleetZone {
    pub zone: String,
    /// By name. Shared by all who look at the fleet meanwhile.
    pub agents: Arc<[FleetAgent]>,
}

/// A zone as it travels, five bytes an agent: `agent-web-`, `4k2x x7k2 9pqz`, `2hs`.
#[derive(Serialize, Deserialize)]
struct PackedZone {
    zone: String,
    /// What all names begin with, up to a hyphen.
    stem: String,
    /// What follows, parted by spaces: no name of Compute Engine has one.
    rests: String,
    /// A letter an agent; of several in a row their number and one letter.
    states: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a zone's agents have as many names as states, and these are known")]
pub struct InvalidZone;

const fn letter(state: AgentState) -> char {
    match state {
        AgentState::Healthy => 'h',
        AgentState::Starting => 'b',
        AgentState::Late => 'l',
        AgentState::Silent => 's',
        AgentState::Ill => 'i',
        AgentState::Stopped => 'p',
        AgentState::Gone => 'g',
    }
}

fn stem(agents: &[FleetAgent]) -> &str {
    let Some(first) = agents.first() else { return "" };
    let mut shared = first.name.as_str();
    for agent in agents {
        if !agent.name.starts_with(shared) {
            let same = shared.chars().zip(agent.name.chars()).take_while(|(one, other)| one == other);
            shared = &shared[..same.map(|(one, _)| one.len_utf8()).sum::<usize>()];
        }
    }
    shared.rfind('-').map_or("", |hyphen| &shared[..=hyphen])
}

fn packed_states(agents: &[FleetAgent]) -> String {
    let mut out = String::new();
    for run in agents.chunk_by(|one, other| one.state == other.state) {
        if run.len() > 1 {
            let _ = write!(out, "{}", run.len());
        }
        out.extend(run.first().map(|agent| letter(agent.state)));
    }
    out
}

impl From<FleetZone> for PackedZone {
    fn from(zone: FleetZone) -> Self {
        let stem = stem(&zone.agents);
        let rests: Vec<&str> = zone.agents.iter().map(|agent| &agent.name[stem.len()..]).collect();
        Self {
            rests: rests.join(" "),
            states: packed_states(&zone.agents),
            stem: stem.to_owned(),
            zone: zone.zone,
        }
    }
}

impl TryFrom<PackedZone> for FleetZone {
    type Error = InvalidZone;

    fn try_from(packed: PackedZone) -> Result<Self, InvalidZone> {
        let mut rests = packed.rests.split(' ');
        let mut agents = Vec::new();
        let mut count = None::<usize>;
        for said in packed.states.chars() {
            if let Some(digit) = said.to_digit(10) {
                let before = count.unwrap_or_default();
                count = Some(before.saturating_mul(10).saturating_add(digit as usize));
                continue;
            }
            let state =
                AgentState::ALL.into_iter().find(|state| letter(*state) == said).ok_or(InvalidZone)?;
            // However many it says: there are no more than have names.
            for _ in 0..count.take().unwrap_or(1) {
                let rest = rests.next().ok_or(InvalidZone)?;
                agents.push(FleetAgent { name: format!("{}{rest}", packed.stem), state });
            }
        }
        // Nothing, when it is split, is still one part.
        let whole = if agents.is_empty() { packed.rests.is_empty() } else { rests.next().is_none() };
        let agents = agents.into();
        if whole && count.is_none() { Ok(Self { zone: packed.zone, agents }) } else { Err(InvalidZone) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetPool {
    pub name: String,
    /// In the order of [`FleetView::zones`]; a zone without VMs of the pool has an empty list.
    pub zones: Vec<FleetZone>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetNotice {
    /// Per cent.
    pub threshold: u8,
    pub monthly: Money,
    pub crossed_at: Timestamp,
}

/// One group's seats in an approval, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatCount {
    pub group: String,
    pub needed: u32,
    pub taken: u32,
}

/// A change that waits for the viewer's vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AwaitedVote {
    pub change: ChangeRow,
    /// In the requirement's order.
    pub seats: Vec<SeatCount>,
}

/// VMs of a pool that run one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionCount {
    /// `v3`, or the digits of the version's resource.
    pub version: String,
    pub vms: u32,
}

/// A pool whose VMs do not all run one version, as its condition Updated says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetRollout {
    pub pool: String,
    pub condition: Condition,
    /// The oldest version first.
    pub versions: Vec<VersionCount>,
}

/// What the environment costs, from the same intervals as Costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetSpend {
    /// Up to then it is counted.
    pub as_of: Timestamp,
    /// The last days, today being the last.
    pub days: Vec<Money>,
    /// What the month will have cost if what runs now runs on.
    pub forecast: Money,
    /// The month's; None: no budget is set.
    pub budget: Option<Money>,
    /// Some of what ran has no known price and is left out.
    pub unpriced: bool,
}

impl FleetSpend {
    pub fn today(&self) -> Money {
        self.days.last().copied().unwrap_or_default()
    }

    /// Today's even share of the budget.
    pub fn share(&self) -> Option<Money> {
        self.budget.map(|monthly| day_share(monthly, self.as_of.date_naive()))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetView {
    /// None: no environment exists yet.
    pub environment: Option<String>,
    pub zones: Vec<String>,
    pub pools: Vec<FleetPool>,
    /// Oldest first.
    pub waiting: Vec<AwaitedVote>,
    /// Others that are not yet finished, newest first.
    pub changes: Vec<ChangeRow>,
    pub rollouts: Vec<FleetRollout>,
    /// None: Compute Engine was not read yet.
    pub spend: Option<FleetSpend>,
    /// Open ones of the environment and of the control plane, newest first.
    pub incidents: Vec<Incident>,
    /// When Compute Engine was last read for this environment.
    pub observed_at: Option<Timestamp>,
    /// Set while Compute Engine does not answer: since when, and why in words.
    pub unreachable: Option<(Timestamp, String)>,
    /// Set while what was declared last was not carried out: since when, and in words which change failed and what is missing.
    pub half_applied: Option<(Timestamp, String)>,
    /// The highest threshold of this month's budget that was crossed.
    pub budget_notice: Option<BudgetNotice>,
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(agents: &[(&str, AgentState)]) -> FleetZone {
        let agents = agents.iter().map(|(name, state)| FleetAgent { name: (*name).into(), state: *state });
        FleetZone { zone: "us-central1-a".into(), agents: agents.collect() }
    }

    fn travelled(zone: &FleetZone) -> (String, FleetZone) {
        let text = serde_json::to_string(zone).unwrap();
        let back = serde_json::from_str(&text).unwrap();
        (text, back)
    }

    #[test]
    fn a_zone_travels_packed_and_arrives_whole() {
        let pair = zone(&[("agent-web-4k2x", AgentState::Healthy), ("agent-web-x7k2", AgentState::Silent)]);
        let (text, back) = travelled(&pair);
        assert_eq!(back, pair);
        assert_eq!(text, r#"{"zone":"us-central1-a","stem":"agent-web-","rests":"4k2x x7k2","states":"hs"}"#);
        let every: Vec<_> = AgentState::ALL.iter().map(|state| (state.as_str(), *state)).collect();
        for odd in [
            zone(&[]),
            zone(&[("web", AgentState::Ill)]),
            zone(&[("web-", AgentState::Ill)]),
            zone(&[("a-b-c", AgentState::Ill), ("a-bc", AgentState::Late)]),
            zone(&every),
        ] {
            assert_eq!(travelled(&odd).1, odd);
        }
        let names: Vec<String> = (10..25).map(|number| format!("web-{number}")).collect();
        let state = |number| if number < 12 { AgentState::Healthy } else { AgentState::Late };
        let runs: Vec<_> = (0..).zip(&names).map(|(number, name)| (name.as_str(), state(number))).collect();
        let (text, back) = travelled(&zone(&runs));
        assert_eq!(back, zone(&runs));
        assert!(text.ends_with(r#""states":"12h3l"}"#), "{text}");
    }

    #[test]
    fn a_thousand_agents_take_few_bytes() {
        let names: Vec<String> = (0..1000).map(|number| format!("agent-backend-pool-{number:04}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), AgentState::Healthy)).collect();
        let (text, _) = travelled(&zone(&all));
        assert!(text.len() < 5 * 1000 + 100, "{} bytes", text.len());
    }

    #[test]
    fn names_without_states_and_states_that_nobody_knows_are_refused() {
        let wrong = [
            ("a b", "h"),
            ("a", "hh"),
            ("a", ""),
            ("a", "z"),
            ("a b", "3h"),
            ("a", "1"),
            ("a", "h2"),
            ("a", "99999999999999999999999h"),
        ];
        for (rests, states) in wrong {
            let text = format!(r#"{{"zone":"z","stem":"","rests":"{rests}","states":"{states}"}}"#);
            assert!(serde_json::from_str::<FleetZone>(&text).is_err(), "{text}");
        }
    }
}
