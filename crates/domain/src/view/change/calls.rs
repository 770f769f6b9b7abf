//! How far the calls of a change are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Folded, folded::count};
use crate::{
    ChangeState, Timestamp,
    operation::{Operation, OperationState},
    plan::Action,
};

/// Of the steps that have not begun, those whose turn is next.
const AHEAD: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownCalls {
    pub done: u32,
    pub failed: u32,
    /// Intended or running.
    pub under_way: u32,
    /// The latest, in the order in which they were intended, and every one that failed.
    pub began: Folded<ShownCall>,
    /// Titles of the plan's steps that have not begun, the next one first. None are shown of a plan that does not run.
    pub ahead: Folded<String>,
    /// When the last one was answered, once all are.
    pub answered_at: Option<Timestamp>,
}

/// A call as a line. Its request id stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownCall {
    /// As [`Operation::step`].
    pub step: String,
    pub state: OperationState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub attempts: u32,
    pub intended_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl ShownCalls {
    /// `most`: calls that did not fail and steps ahead, each at most.
    pub(super) fn of(state: ChangeState, actions: &[Action], operations: &[Operation], most: usize) -> Self {
        let in_state = |wanted: fn(OperationState) -> bool| {
            count(operations.iter().filter(|operation| wanted(operation.state)).count())
        };
        let done = in_state(|state| state == OperationState::Done);
        let failed = in_state(|state| state == OperationState::Failed);
        let begun: BTreeSet<&str> = operations.iter().map(|operation| operation.step.as_str()).collect();
        let ahead: Vec<String> = actions
            .iter()
            .filter(|action| !begun.contains(action.key().as_str()))
            .map(Action::title)
            .collect();
        let answered_at = operations.iter().filter_map(|operation| operation.finished_at).max();
        let all_answered = ahead.is_empty() && operations.iter().all(|one| one.finished_at.is_some());
        let runs = matches!(state, ChangeState::Applying | ChangeState::Failed);
        let next = match (runs, most) {
            (false, _) => 0,
            (true, usize::MAX) => usize::MAX,
            (true, _) => AHEAD,
        };
        // The latest matter most: they are counted from the end.
        let backwards = operations.iter().rev().map(ShownCall::from).collect();
        let mut began = Folded::but(backwards, most, |call: &ShownCall| call.state != OperationState::Failed);
        began.shown.reverse();
        Self {
            done,
            failed,
            under_way: count(operations.len()) - done - failed,
            began,
            ahead: Folded::first(ahead, next),
            answered_at: answered_at.filter(|_| all_answered),
        }
    }

    /// Calls of the whole change.
    pub fn all(&self) -> u32 {
        self.began.of.saturating_add(self.ahead.of)
    }

    /// Every call is done: what remains is to see the fleet follow.
    pub fn are_done(&self) -> bool {
        self.done == self.all()
    }
}

impl From<&Operation> for ShownCall {
    fn from(operation: &Operation) -> Self {
        Self {
            step: operation.step.clone(),
            state: operation.state,
            name: operation.name.clone(),
            error: operation.error.clone(),
            attempts: operation.attempts,
            intended_at: operation.intended_at,
            finished_at: operation.finished_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChangeId, plan::Step};

    fn action(number: usize) -> Action {
        let step = Step::DeleteHealthCheck { name: format!("check-{number}") };
        Action { step, reason: String::new(), changes: Vec::new() }
    }

    fn operation(number: usize, state: OperationState) -> Operation {
        Operation {
            change: ChangeId(1),
            step: action(number).key(),
            request_id: String::new(),
            state,
            name: None,
            error: None,
            attempts: 1,
            intended_at: Timestamp::default(),
            finished_at: (state == OperationState::Done).then(Timestamp::default),
        }
    }

    #[test]
    fn a_step_is_done_under_way_or_ahead_and_the_latest_are_shown() {
        use crate::operation::OperationState::{Done, Failed, Running};
        let actions: Vec<Action> = (0..20).map(action).collect();
        let states = [Failed, Done, Done, Done, Running];
        let operations: Vec<Operation> =
            states.into_iter().enumerate().map(|(number, state)| operation(number, state)).collect();
        let calls = ShownCalls::of(ChangeState::Applying, &actions, &operations, 2);
        assert_eq!((calls.done, calls.failed, calls.under_way, calls.all()), (3, 1, 1, 20));
        assert_eq!(
            calls.began.shown.iter().map(|call| call.state).collect::<Vec<_>>(),
            [Failed, Done, Running]
        );
        assert_eq!((calls.ahead.shown.len(), calls.ahead.of), (AHEAD, 15));
        assert_eq!(calls.ahead.shown[0], "delete health check check-5");
        assert!(!calls.are_done() && calls.answered_at.is_none());

        let all = ShownCalls::of(ChangeState::Applying, &actions, &operations, usize::MAX);
        assert_eq!((all.began.hidden(), all.ahead.hidden()), (0, 0));
    }

    #[test]
    fn what_waits_shows_no_call_and_what_has_run_has_none_ahead() {
        let actions = [action(0)];
        let waits = ShownCalls::of(ChangeState::AwaitingApprovals, &actions, &[], 9);
        assert_eq!((waits.ahead.shown.len(), waits.all(), waits.are_done()), (0, 1, false));
        let done = [operation(0, OperationState::Done)];
        let ran = ShownCalls::of(ChangeState::Applied, &actions, &done, 9);
        assert!(ran.are_done() && ran.answered_at.is_some() && ran.ahead.is_empty());
    }
}
