//! The mass-failure brake: when too many agents of a pool or a zone fail together, the cause is not in the agents, and healing
//! them one by one would make it worse. The decision alone is here; `control` holds and restores.

use std::{cmp::Reverse, collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{Timestamp, agent::AgentState};

/// When the brake is put on and when it is let go. Between the two shares it stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrakePolicy {
    /// Percent of the agents that should speak: on above it.
    pub share_percent: u32,
    /// Fewer failing agents than this never put it on: two of three are no mass.
    pub minimum: u32,
    /// Percent: let go at or below it, …
    pub release_percent: u32,
    /// … once it has stayed there for so many seconds.
    pub release_after_seconds: u32,
}

impl Default for BrakePolicy {
    fn default() -> Self {
        Self { share_percent: 30, minimum: 3, release_percent: 15, release_after_seconds: 60 }
    }
}

impl BrakePolicy {
    /// Why these figures make no brake.
    pub fn check(self) -> Result<(), &'static str> {
        if self.share_percent == 0 || self.share_percent >= 100 {
            return Err("share_percent must be from 1 to 99");
        }
        if self.release_percent > self.share_percent {
            return Err(
                "release_percent must not be above share_percent, or the brake would be let go as it is put on",
            );
        }
        if self.minimum == 0 {
            return Err("minimum must be at least 1");
        }
        Ok(())
    }
}

/// What fails together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Part {
    Pool(String),
    Zone(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(name) => write!(f, "pool {name}"),
            Self::Zone(name) => write!(f, "zone {name}"),
        }
    }
}

/// The agents of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toll {
    /// Those that should speak: neither starting nor stopped nor leaving.
    pub agents: u32,
    pub silent: u32,
    pub ill: u32,
}

impl Toll {
    pub fn count(&mut self, state: AgentState) {
        if matches!(state, AgentState::Starting | AgentState::Stopped | AgentState::Gone) {
            return;
        }
        self.agents += 1;
        self.silent += u32::from(state == AgentState::Silent);
        self.ill += u32::from(state == AgentState::Ill);
    }

    pub const fn failing(self) -> u32 {
        self.silent + self.ill
    }

    /// Whether more than `percent` of the agents fail; of none, none do.
    fn above(self, percent: u32) -> bool {
        u64::from(self.failing()) * 100 > u64::from(percent) * u64::from(self.agents)
    }

    pub fn is_mass(self, policy: BrakePolicy) -> bool {
        self.failing() >= policy.minimum && self.above(policy.share_percent)
    }

    fn add(&mut self, other: Self) {
        self.agents += other.agents;
        self.silent += other.silent;
        self.ill += other.ill;
    }

    /// `3 of 8 agents of zone us-central1-a fail together: 3 silent`.
    pub fn sentence(self, part: &Part) -> String {
        let verb = if self.failing() == 1 { "fails" } else { "fail together" };
        let parts: Vec<String> = [(self.silent, "silent"), (self.ill, "ill")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let detail = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        format!("{} of {} agents of {part} {verb}{detail}", self.failing(), self.agents)
    }
}

/// The brake of one part, as it was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brake {
    Off,
    /// `below_since`: since when the share has been low enough to let go.
    On {
        below_since: Option<Timestamp>,
    },
    /// A person let it go by hand. It stays off until the share has been low once.
    Overruled,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Nothing,
    Engage,
    /// It stays on; `below_since` is to be kept.
    Hold {
        below_since: Option<Timestamp>,
    },
    Release,
    /// The share was low: it may be put on again.
    Rearm,
}

pub fn decide(policy: BrakePolicy, brake: Brake, toll: Toll, now: Timestamp) -> Decision {
    let low = !toll.above(policy.release_percent);
    match brake {
        Brake::Off if toll.is_mass(policy) => Decision::Engage,
        Brake::Off => Decision::Nothing,
        Brake::Overruled if low => Decision::Rearm,
        Brake::Overruled => Decision::Nothing,
        Brake::On { .. } if !low => Decision::Hold { below_since: None },
        Brake::On { below_since } => {
            let since = below_since.unwrap_or(now);
            let rested = (now - since).num_seconds() >= i64::from(policy.release_after_seconds);
            if rested { Decision::Release } else { Decision::Hold { below_since: Some(since) } }
        }
    }
}

/// The agents of one pool in one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub pool: String,
    pub zone: String,
    pub toll: Toll,
}

impl Part {
    pub fn covers(&self, cell: &Cell) -> bool {
        match self {
            Self::Pool(name) => *name == cell.pool,
            Self::Zone(name) => *name == cell.zone,
        }
    }

    /// All agents of it.
    pub fn toll(&self, cells: &[Cell]) -> Toll {
        let mut sum = Toll::default();
        cells.iter().filter(|cell| self.covers(cell)).for_each(|cell| sum.add(cell.toll));
        sum
    }
}

/// The parts that fail together and have no brake yet, each failing agent told of once: of a zone and a pool that both qualify, the
/// one with more failing agents is the trouble, then the one with the larger share of them.
pub fn masses(policy: BrakePolicy, cells: &[Cell], braked: &[Part]) -> Vec<(Part, Toll)> {
    let mut left: Vec<Cell> =
        cells.iter().filter(|cell| !braked.iter().any(|part| part.covers(cell))).cloned().collect();
    let mut found = Vec::new();
    loop {
        let pools = left.iter().map(|cell| Part::Pool(cell.pool.clone()));
        let zones = left.iter().map(|cell| Part::Zone(cell.zone.clone()));
        let parts: BTreeSet<Part> = pools.chain(zones).collect();
        let worst = parts
            .into_iter()
            .map(|part| (part.toll(&left), part))
            .filter(|(toll, _)| toll.is_mass(policy))
            // Equal in all, the pool is named: the first of the order.
            .min_by_key(|(toll, part)| (Reverse(toll.failing()), toll.agents, part.clone()));
        let Some((toll, part)) = worst else { return found };
        left.retain(|cell| !part.covers(cell));
        found.push((part, toll));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn toll(agents: u32, silent: u32) -> Toll {
        Toll { agents, silent, ill: 0 }
    }

    #[test]
    fn a_share_above_the_limit_and_enough_of_them_put_it_on() {
        let decide = |agents, silent| decide(BrakePolicy::default(), Brake::Off, toll(agents, silent), at(0));
        assert_eq!(decide(10, 3), Decision::Nothing, "thirty percent are not above it");
        assert_eq!(decide(10, 4), Decision::Engage);
        assert_eq!(decide(3, 2), Decision::Nothing, "two are no mass");
        assert_eq!(decide(3, 3), Decision::Engage);
        assert_eq!(decide(0, 0), Decision::Nothing);
    }

    #[test]
    fn it_is_let_go_after_a_while_below_and_a_relapse_begins_anew() {
        let policy = BrakePolicy::default();
        let on = |below_since| Brake::On { below_since };
        assert_eq!(decide(policy, on(None), toll(10, 2), at(0)), Decision::Hold { below_since: None });
        let low = decide(policy, on(None), toll(10, 1), at(10));
        assert_eq!(low, Decision::Hold { below_since: Some(at(10)) });
        let still = decide(policy, on(Some(at(10))), toll(10, 0), at(69));
        assert_eq!(still, Decision::Hold { below_since: Some(at(10)) });
        let relapse = decide(policy, on(Some(at(10))), toll(10, 2), at(69));
        assert_eq!(relapse, Decision::Hold { below_since: None });
        assert_eq!(decide(policy, on(Some(at(10))), toll(10, 0), at(70)), Decision::Release);
    }

    #[test]
    fn overruled_it_stays_off_until_the_share_was_low_once() {
        let policy = BrakePolicy::default();
        assert_eq!(decide(policy, Brake::Overruled, toll(10, 10), at(0)), Decision::Nothing);
        assert_eq!(decide(policy, Brake::Overruled, toll(10, 1), at(0)), Decision::Rearm);
    }

    #[test]
    fn who_is_not_expected_to_speak_does_not_count() {
        let mut counted = Toll::default();
        for state in AgentState::ALL {
            counted.count(state);
        }
        assert_eq!(counted, Toll { agents: 4, silent: 1, ill: 1 });
        let zone = Part::Zone("us-central1-a".into());
        assert_eq!(
            counted.sentence(&zone),
            "2 of 4 agents of zone us-central1-a fail together: 1 silent, 1 ill"
        );
    }

    #[test]
    fn figures_that_make_no_brake_are_refused() {
        let good = BrakePolicy::default();
        assert_eq!(good.check(), Ok(()));
        assert!(BrakePolicy { release_percent: 31, ..good }.check().is_err());
        assert!(BrakePolicy { share_percent: 0, ..good }.check().is_err());
        assert!(BrakePolicy { minimum: 0, ..good }.check().is_err());
    }

    /// Applies a decision as `control` does.
    fn next(brake: Brake, decision: Decision) -> Brake {
        match decision {
            Decision::Nothing => brake,
            Decision::Engage => Brake::On { below_since: None },
            Decision::Hold { below_since } => Brake::On { below_since },
            Decision::Release | Decision::Rearm => Brake::Off,
        }
    }

    fn cell(pool: &str, zone: &str, agents: u32, silent: u32) -> Cell {
        Cell { pool: pool.into(), zone: zone.into(), toll: toll(agents, silent) }
    }

    #[test]
    fn a_zone_that_takes_several_pools_down_is_one_trouble() {
        let cells =
            [cell("web", "a", 2, 2), cell("web", "b", 2, 0), cell("api", "a", 2, 2), cell("api", "b", 2, 0)];
        let found = masses(BrakePolicy::default(), &cells, &[]);
        assert_eq!(found, [(Part::Zone("a".into()), toll(4, 4))]);
        assert_eq!(masses(BrakePolicy::default(), &cells, &[Part::Zone("a".into())]), []);
    }

    #[test]
    fn a_pool_that_fails_everywhere_is_one_trouble_too() {
        let cells =
            [cell("web", "a", 3, 3), cell("web", "b", 3, 3), cell("api", "a", 3, 0), cell("api", "b", 3, 0)];
        let found = masses(BrakePolicy::default(), &cells, &[]);
        assert_eq!(found, [(Part::Pool("web".into()), toll(6, 6))]);
    }

    #[test]
    fn of_a_pool_and_the_one_zone_of_it_that_fails_the_zone_is_the_trouble() {
        let cells = [cell("web", "a", 3, 3), cell("web", "b", 3, 0), cell("web", "c", 3, 0)];
        let found = masses(BrakePolicy::default(), &cells, &[]);
        assert_eq!(found, [(Part::Zone("a".into()), toll(3, 3))]);
        let alone = masses(BrakePolicy::default(), &[cell("web", "a", 3, 3)], &[]);
        assert_eq!(alone, [(Part::Pool("web".into()), toll(3, 3))]);
    }

    proptest! {
        /// Nothing that fails in a mass goes without a brake, and no agent is counted for two.
        #[test]
        fn each_mass_is_found_once(
            counts in prop::collection::vec((0_u32..12, 0_u32..12), 12),
            braked in prop::option::of(0_usize..3),
        ) {
            let policy = BrakePolicy::default();
            let cells: Vec<Cell> = counts
                .iter()
                .enumerate()
                .map(|(index, (agents, silent))| {
                    let (pool, zone) = (["p", "q", "r", "s"][index / 3], ["a", "b", "c"][index % 3]);
                    cell(pool, zone, *agents, *silent.min(agents))
                })
                .collect();
            let braked: Vec<Part> = braked.iter().map(|zone| Part::Zone(["a", "b", "c"][*zone].into())).collect();
            let found = masses(policy, &cells, &braked);
            let all: Vec<Part> = found.iter().map(|(part, _)| part.clone()).chain(braked.clone()).collect();
            let rest: Vec<Cell> =
                cells.iter().filter(|cell| !all.iter().any(|part| part.covers(cell))).cloned().collect();
            for cell in &rest {
                for part in [Part::Pool(cell.pool.clone()), Part::Zone(cell.zone.clone())] {
                    prop_assert!(!part.toll(&rest).is_mass(policy), "{part} was let pass");
                }
            }
            let failing: u32 = found.iter().map(|(_, toll)| toll.failing()).sum();
            let there: u32 = cells.iter().map(|cell| cell.toll.failing()).sum();
            prop_assert!(failing <= there);
            prop_assert!(found.iter().all(|(_, toll)| toll.is_mass(policy)));
        }

        /// Whatever the figures do: it is put on only above the limit, let go only after a whole rest below the lower one,
        /// and never changes while the share stays between the two.
        #[test]
        fn it_never_flaps(history in prop::collection::vec((0_u32..40, 0_u32..40, 1_i64..30), 1..200)) {
            let policy = BrakePolicy::default();
            let (mut brake, mut now) = (Brake::Off, at(0));
            let mut low_since: Option<Timestamp> = None;
            for (agents, silent, seconds) in history {
                let toll = Toll { agents, silent: silent.min(agents), ill: 0 };
                now += TimeDelta::seconds(seconds);
                low_since = if toll.above(policy.release_percent) { None } else { low_since.or(Some(now)) };
                let decision = decide(policy, brake, toll, now);
                match decision {
                    Decision::Engage => {
                        prop_assert_eq!(brake, Brake::Off);
                        prop_assert!(toll.above(policy.share_percent) && toll.failing() >= policy.minimum);
                    }
                    Decision::Release => {
                        let rested = low_since.map_or(0, |since| (now - since).num_seconds());
                        prop_assert!(rested >= i64::from(policy.release_after_seconds), "rested {rested} s");
                    }
                    Decision::Hold { below_since } => prop_assert!(below_since.is_none_or(|since| since <= now)),
                    Decision::Nothing => {
                        let mass = toll.above(policy.share_percent) && toll.failing() >= policy.minimum;
                        prop_assert!(!mass, "a mass failure was let pass");
                    }
                    Decision::Rearm => prop_assert!(false, "nobody overruled it"),
                }
                brake = next(brake, decision);
            }
        }

        /// The order of two looks at the same moment changes nothing.
        #[test]
        fn a_second_look_at_once_decides_the_same(agents in 0_u32..100, silent in 0_u32..100, on in any::<bool>()) {
            let policy = BrakePolicy::default();
            let toll = Toll { agents, silent: silent.min(agents), ill: 0 };
            let brake = if on { Brake::On { below_since: Some(at(0)) } } else { Brake::Off };
            let first = decide(policy, brake, toll, at(5));
            let second = decide(policy, next(brake, first), toll, at(5));
            let settled = next(next(brake, first), second);
            prop_assert_eq!(next(brake, first), settled);
        }
    }
}
