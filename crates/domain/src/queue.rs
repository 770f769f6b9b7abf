//! The changes of an environment that may run: whose turn it is, and what the others wait for meanwhile.

use chrono::Timelike as _;
use serde::{Deserialize, Serialize};

use crate::{ChangeId, ChangeState, Timestamp};

/// The states of a change that may run, or runs.
pub const QUEUED: [ChangeState; 2] = [ChangeState::Approved, ChangeState::Applying];

/// How the name of an incident begins: of what holds a change, the one that is no change.
const INCIDENT: &str = "inc-";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub id: ChangeId,
    pub environment: String,
    pub state: ChangeState,
}

/// One at a time: the one that is being applied, else the oldest. `queue`: of one environment, the oldest first.
pub fn whose_turn<T>(queue: &[T], state: impl Fn(&T) -> ChangeState) -> Option<&T> {
    queue.iter().find(|one| state(one) == ChangeState::Applying).or_else(|| queue.first())
}

/// What keeps a change that may run from beginning, or one that runs from going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The mass-failure brake of this incident, by the incident's name.
    Brake(String),
    /// Changes of its environment whose turn is before it.
    Behind {
        /// The one whose turn it is.
        first: ChangeId,
        /// Those that are approved and older, which follow on that one.
        then: Vec<ChangeId>,
    },
}

/// How far the change has come whose turn it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// As its own page says it; empty: nothing that is known.
    pub waiting_for: Vec<String>,
    /// When it is given up, unless it has settled before.
    pub given_up_at: Option<Timestamp>,
}

impl Held {
    /// None: nothing holds it. `queue`: of its environment at least, the oldest first; `brake`: the incident whose brake holds there.
    pub fn of(change: &Queued, queue: &[Queued], brake: Option<&str>) -> Option<Self> {
        if !QUEUED.contains(&change.state) {
            return None;
        }
        if let Some(incident) = brake {
            return Some(Self::Brake(incident.to_owned()));
        }
        let here: Vec<&Queued> =
            queue.iter().filter(|other| other.environment == change.environment).collect();
        let first = whose_turn(&here, |other| other.state)?.id;
        if change.state == ChangeState::Applying || first == change.id {
            return None;
        }
        let older = here.iter().filter(|other| other.id < change.id && other.id != first);
        Some(Self::Behind { first, then: older.map(|other| other.id).collect() })
    }

    /// The name of what holds it: `inc-2`, `chg-28`.
    pub fn name(&self) -> String {
        match self {
            Self::Brake(incident) => incident.clone(),
            Self::Behind { first, .. } => first.to_string(),
        }
    }

    /// Beside its state: `held by inc-2`, `waits for chg-28`.
    pub fn words(&self) -> String {
        held_words(&self.name())
    }

    /// All that it waits for, the nearest first. `ahead`: of the change whose turn it is.
    pub fn waits_for(&self, ahead: &Ahead) -> Vec<String> {
        match self {
            Self::Brake(incident) => vec![format!("the mass-failure brake of {incident}: see Alerts")],
            Self::Behind { first, then } => {
                let then = then.iter().map(|id| format!("{id}, which is approved and older"));
                [format!("{first}{}", ahead.words())].into_iter().chain(then).collect()
            }
        }
    }
}

/// What [`Held::words`] says, by the name alone.
pub fn held_words(by: &str) -> String {
    let verb = if by.starts_with(INCIDENT) { "held by" } else { "waits for" };
    format!("{verb} {by}")
}

impl Ahead {
    /// `, which waits for 1 of 2 VMs of web and is to be given up at 08:34 UTC`.
    fn words(&self) -> String {
        let Some((nearest, others)) = self.waiting_for.split_first() else { return String::new() };
        // A step that is still missing is told as what is to be done.
        let for_it = if nearest.starts_with("to ") { "" } else { "for " };
        let more = if others.is_empty() { String::new() } else { format!(", for {} more", others.len()) };
        let end = self
            .given_up_at
            .map(|at| format!(" and is to be given up at {:02}:{:02} UTC", at.hour(), at.minute()));
        format!(", which waits {for_it}{nearest}{more}{}", end.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(id: i64, environment: &str, state: ChangeState) -> Queued {
        Queued { id: ChangeId(id), environment: environment.to_owned(), state }
    }

    #[test]
    fn a_change_waits_for_the_one_that_is_applied_and_for_those_that_are_older() {
        use ChangeState::{Applying, Approved, AwaitingApprovals};
        let queue = [
            queued(4, "dev", Approved),
            queued(5, "prod", Applying),
            queued(6, "dev", Approved),
            queued(7, "dev", Applying),
            queued(8, "dev", Approved),
        ];
        let held = |change: &Queued| Held::of(change, &queue, None);
        let behind = |first: i64, then: &[i64]| {
            Some(Held::Behind { first: ChangeId(first), then: then.iter().copied().map(ChangeId).collect() })
        };
        assert_eq!(held(&queue[0]), behind(7, &[]));
        assert_eq!(held(&queue[1]), None, "it runs");
        assert_eq!(held(&queue[2]), behind(7, &[4]));
        assert_eq!(held(&queue[3]), None, "it runs");
        assert_eq!(held(&queue[4]), behind(7, &[4, 6]));
        assert_eq!(held(&queued(9, "prod", AwaitingApprovals)), None, "it has no turn yet");
        // Nothing is applied: the oldest has its turn.
        let still = [queued(4, "dev", Approved), queued(6, "dev", Approved), queued(8, "dev", Approved)];
        assert_eq!(Held::of(&still[0], &still, None), None);
        assert_eq!(Held::of(&still[2], &still, None), behind(4, &[6]));
    }

    #[test]
    fn the_brake_holds_what_is_approved_and_what_runs() {
        use ChangeState::{Applied, Applying, Approved, AwaitingApprovals};
        let held = |state| {
            let change = queued(3, "dev", state);
            Held::of(&change, std::slice::from_ref(&change), Some("inc-2"))
        };
        let brake = Held::Brake("inc-2".to_owned());
        assert_eq!(held(Approved).as_ref(), Some(&brake));
        assert_eq!(held(Applying).as_ref(), Some(&brake));
        assert_eq!((held(AwaitingApprovals), held(Applied)), (None, None));
        assert_eq!(brake.words(), "held by inc-2");
        assert_eq!(brake.waits_for(&Ahead::default()), ["the mass-failure brake of inc-2: see Alerts"]);
    }

    #[test]
    fn what_it_waits_for_is_said_with_what_that_one_waits_for_and_until_when() {
        let held = Held::Behind { first: ChangeId(28), then: vec![ChangeId(29)] };
        assert_eq!(held.words(), "waits for chg-28");
        let ahead = |waiting_for: &[&str], given_up_at: Option<&str>| Ahead {
            waiting_for: waiting_for.iter().map(|&what| what.to_owned()).collect(),
            given_up_at: given_up_at.and_then(|at| at.parse().ok()),
        };
        let late = Some("2026-11-23T08:34:10Z");
        for (ahead, expected) in [
            (Ahead::default(), "chg-28"),
            (ahead(&["3 of 7 operations"], None), "chg-28, which waits for 3 of 7 operations"),
            (
                ahead(&["1 of 1 VMs of x3so"], late),
                "chg-28, which waits for 1 of 1 VMs of x3so and is to be given up at 08:34 UTC",
            ),
            (
                ahead(&["to update autoscaler web", "web to become stable"], late),
                "chg-28, which waits to update autoscaler web, for 1 more and is to be given up at 08:34 UTC",
            ),
        ] {
            assert_eq!(held.waits_for(&ahead), [expected, "chg-29, which is approved and older"]);
        }
    }
}
