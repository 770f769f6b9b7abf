//! A rollout in a few words: what every tab of its pool says at its head, and what the first one draws.

use serde::{Deserialize, Serialize};

use super::{Rollout, RolloutState, Square, SquareState, VersionRole, VersionShare};

/// Squares that the first tab draws at most: a pool has up to two thousand VMs, and they have a tab of their own.
const SQUARES: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    pub state: RolloutState,
    /// What the pool moves to, or tries.
    pub to: VersionShare,
    pub target_size: u32,
    /// VMs that run and fail their check, of any version.
    pub ill: u32,
    /// The worst of what is waited for.
    pub waits_for: Option<String>,
}

impl Rollout {
    /// Whether VMs of more than one version are there, or are to be. VMs that are made or healed are no rollout.
    pub fn moves(&self) -> bool {
        self.versions.len() > 1
    }

    /// What the pool moves to, or tries; None at rest.
    pub fn destination(&self) -> Option<&VersionShare> {
        let canary = self.versions.iter().find(|share| share.role == VersionRole::Canary);
        canary.or_else(|| self.versions.first()).filter(|_| self.moves())
    }

    /// What the pool comes from: its own version while it tries another, else the old one that most VMs run.
    pub fn origin(&self) -> Option<&VersionShare> {
        let tries = self.versions.iter().any(|share| share.role == VersionRole::Canary);
        let own = self.versions.first().filter(|_| tries);
        let old = self.versions.iter().filter(|share| share.role == VersionRole::Old);
        own.or_else(|| old.max_by_key(|share| share.total))
    }

    /// The first VM that fails its check or cannot be made.
    pub fn failing(&self) -> Option<&Square> {
        self.squares.iter().find(|square| matches!(square.state, SquareState::Ill | SquareState::Failing))
    }

    /// None at rest.
    pub fn brief(&self) -> Option<Brief> {
        let ill = self.squares.iter().filter(|square| square.state == SquareState::Ill).count();
        self.destination().map(|to| Brief {
            state: self.state,
            to: to.clone(),
            target_size: self.target_size,
            ill: u32::try_from(ill).unwrap_or(u32::MAX),
            waits_for: self.waits_for.first().cloned(),
        })
    }

    /// Of many squares keeps those that are not well or on their way, and says how many it left out.
    pub fn trim(&mut self) -> usize {
        let all = self.squares.len();
        if all > SQUARES {
            self.squares.retain(|square| square.state != SquareState::Ready);
            self.squares.truncate(SQUARES);
        }
        all - self.squares.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::rollout::VersionLabel;

    fn share(role: VersionRole, number: u32, total: u32) -> VersionShare {
        let label =
            VersionLabel { template: "web".into(), number: Some(number), resource: format!("web-{number}") };
        VersionShare { label, role, wanted: total, ready: total, total }
    }

    fn square(name: usize, state: SquareState) -> Square {
        Square { name: format!("agent-{name}"), zone: "a".into(), version: 0, is_new: false, state }
    }

    fn rollout(versions: Vec<VersionShare>, squares: Vec<Square>) -> Rollout {
        Rollout {
            state: RolloutState::Rolling,
            labels: versions.iter().map(|share| share.label.clone()).collect(),
            versions,
            squares,
            target_size: 4,
            waits_for: vec!["1 VM, whose check fails".into(), "1 new VM to pass its check".into()],
            next: Vec::new(),
            holds_promotion: None,
        }
    }

    #[test]
    fn one_version_is_no_rollout() {
        let made = rollout(vec![share(VersionRole::Own, 1, 4)], vec![square(1, SquareState::Starting)]);
        assert_eq!(
            (made.moves(), made.destination(), made.origin(), made.brief()),
            (false, None, None, None)
        );
    }

    #[test]
    fn a_rollout_goes_from_what_most_run_to_what_is_declared_or_tried() {
        let numbers = |rollout: &Rollout| {
            [rollout.origin(), rollout.destination()].map(|share| share.and_then(|share| share.label.number))
        };
        let (own, canary) = (share(VersionRole::Own, 2, 1), share(VersionRole::Canary, 3, 1));
        let old = vec![own.clone(), share(VersionRole::Old, 0, 1), share(VersionRole::Old, 1, 2)];
        assert_eq!(numbers(&rollout(old, Vec::new())), [Some(1), Some(2)]);
        assert_eq!(numbers(&rollout(vec![own, canary], Vec::new())), [Some(2), Some(3)]);
    }

    #[test]
    fn its_few_words_count_who_is_ill_and_name_the_worst_in_the_way() {
        let versions = vec![share(VersionRole::Own, 2, 1), share(VersionRole::Old, 1, 3)];
        let moving = rollout(versions, vec![square(1, SquareState::Ready), square(2, SquareState::Ill)]);
        let brief = moving.brief().unwrap();
        assert_eq!((brief.ill, brief.waits_for.as_deref()), (1, Some("1 VM, whose check fails")));
        assert_eq!((brief.to.label.number, brief.target_size), (Some(2), 4));
        assert_eq!(moving.failing().map(|square| square.name.as_str()), Some("agent-2"));
    }

    #[test]
    fn of_many_squares_those_that_are_not_well_are_kept() {
        let mut few =
            rollout(Vec::new(), (0..SQUARES).map(|name| square(name, SquareState::Ready)).collect());
        assert_eq!((few.trim(), few.squares.len()), (0, SQUARES));
        few.squares.push(square(SQUARES, SquareState::Ill));
        assert_eq!(few.trim(), SQUARES);
        assert_eq!(few.squares, [square(SQUARES, SquareState::Ill)]);
    }
}
