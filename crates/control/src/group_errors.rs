//! What Compute Engine failed to do to a group's VMs, kept for a moment: each VM's page asks for the list of the whole group, and
//! who looks into a failure opens one page after the other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::Duration;
use compute::{GroupError, Scope};
use domain::Timestamp;

use crate::Control;

/// About as old as what the fleet's pages show: Compute Engine is looked at every three seconds.
const KEPT: Duration = Duration::seconds(5);
/// Groups that people look into within that span. Beyond, each page asks for itself.
const GROUPS: usize = 32;

/// The newest answer for each group that somebody looks at.
#[derive(Debug, Default)]
pub struct GroupErrors(Mutex<HashMap<(Scope, String), Slot>>);

/// Locked while Compute Engine is asked, so that who comes meanwhile has the same answer.
type Slot = Arc<tokio::sync::Mutex<Option<Answer>>>;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The newest first.
    pub(crate) errors: Arc<[GroupError]>,
    pub(crate) at: Timestamp,
}

impl Answer {
    /// One of the future is of a clock that was set back, and may stay for long.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.at <= now && now - self.at < KEPT
    }
}

/// A refusal is not kept: the next one asks again.
pub(crate) async fn read(control: &Control, scope: &Scope, group: &str) -> Result<Answer, compute::Error> {
    let slot = control.group_errors.slot(scope, group, control.clock.now());
    let mut kept = slot.lock().await;
    if let Some(answer) = kept.as_ref().filter(|answer| answer.is_fresh(control.clock.now())) {
        return Ok(answer.clone());
    }
    let errors = control.compute.list_group_errors(scope, group).await?;
    let answer = Answer { errors: errors.into(), at: control.clock.now() };
    *kept = Some(answer.clone());
    Ok(answer)
}

impl GroupErrors {
    /// Where the group's answer is, or is to be. Answers that are too old are dropped, unless somebody is about to renew them.
    fn slot(&self, scope: &Scope, group: &str, now: Timestamp) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| Arc::strong_count(slot) > 1 || holds_fresh(slot, now));
        let key = (scope.clone(), group.to_owned());
        if slots.len() >= GROUPS && !slots.contains_key(&key) {
            return Slot::default();
        }
        slots.entry(key).or_default().clone()
    }
}

fn holds_fresh(slot: &Slot, now: Timestamp) -> bool {
    slot.try_lock().is_ok_and(|kept| kept.as_ref().is_some_and(|answer| answer.is_fresh(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn scope() -> Scope {
        Scope::new("genesis-project-dev", "us-central1")
    }

    fn keep(errors: &GroupErrors, group: &str, seconds: i64) {
        let slot = errors.slot(&scope(), group, at(seconds));
        *slot.try_lock().unwrap() = Some(Answer { errors: Arc::default(), at: at(seconds) });
    }

    fn groups(errors: &GroupErrors) -> usize {
        errors.0.lock().unwrap().len()
    }

    #[test]
    fn as_many_groups_as_people_look_into_are_kept_and_those_for_a_moment() {
        let errors = GroupErrors::default();
        for number in 0..=GROUPS {
            keep(&errors, &format!("group-{number}"), 0);
        }
        assert_eq!(groups(&errors), GROUPS, "the last one found no place");
        assert!(holds_fresh(&errors.slot(&scope(), "group-0", at(4)), at(4)));
        keep(&errors, "another", 5);
        assert_eq!(groups(&errors), 1, "all others are too old");
        keep(&errors, "another", 4);
        assert!(!holds_fresh(&errors.slot(&scope(), "another", at(3)), at(3)), "the clock was set back");
    }

    #[test]
    fn an_answer_that_is_waited_for_keeps_its_place() {
        let errors = GroupErrors::default();
        let asked = errors.slot(&scope(), "asked", at(0));
        let elsewhere = errors.slot(&Scope::new("genesis-project-prod", "us-central1"), "asked", at(0));
        assert!(!Arc::ptr_eq(&asked, &elsewhere), "another project's group of that name");
        drop(elsewhere);
        assert!(Arc::ptr_eq(&asked, &errors.slot(&scope(), "asked", at(100))));
        assert_eq!(groups(&errors), 1, "nobody waits for the other project's");
        drop(asked);
        keep(&errors, "next", 200);
        assert_eq!(groups(&errors), 1, "its request failed, and nothing is kept of it");
    }
}
