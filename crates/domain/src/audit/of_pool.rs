//! Whether an event is about a pool, as far as its own words tell. What a change or an incident is about stands elsewhere: `control` asks there.

use super::{AuditAction, AuditEvent, Subject, subject::placed};
use crate::{actor::ActorKind, name};

impl AuditEvent {
    /// It names the pool, its group, autoscaler or health check, or one of its VMs; or one of its agents did it.
    /// `prefix` begins the names of resources in the event's environment.
    pub fn names_pool(&self, pool: &str, prefix: &str) -> bool {
        if let Some(Subject::Pool { name, .. }) = self.subject(Some(prefix)) {
            return name == pool;
        }
        match placed(&self.detail) {
            Some((told, _)) => told == pool,
            None => {
                self.object.split(' ').any(|word| is_vm_of(word, pool))
                    || (self.actor_kind == ActorKind::Agent && is_vm_of(&self.actor_id, pool))
            }
        }
    }

    /// One step of a change at Compute Engine: about what it names, not about all that its change touches.
    pub const fn is_operation(&self) -> bool {
        matches!(
            self.action,
            AuditAction::IntendOperation | AuditAction::FinishOperation | AuditAction::FailOperation
        )
    }
}

/// Groups name their VMs by the pool and a few letters: `agent-web-x7k2`.
fn is_vm_of(word: &str, pool: &str) -> bool {
    let letters = word.strip_prefix(&name::base_instance(pool)).and_then(|rest| rest.strip_prefix('-'));
    letters.is_some_and(|letters| !letters.is_empty() && !letters.contains('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{place, samples::event};

    #[test]
    fn a_pool_s_own_events_are_those_that_name_what_is_its() {
        use AuditAction as Did;
        let at = place("web", "us-central1-a");
        for (action, object, detail) in [
            (Did::EnrollAgent, "pool web", ""),
            (Did::FinishOperation, "resize instance group genesis-pool-web", ""),
            (Did::FailOperation, "create autoscaler genesis-pool-web-autoscaler", "quota"),
            (Did::FinishOperation, "create health check genesis-pool-web-health", ""),
            (Did::FinishOperation, "restart instance agent-web-x7k2", ""),
            (Did::HoldHealing, "genesis-pool-web", "for inc-1: done"),
            (Did::FallSilent, "agent-web-x7k2", at.as_str()),
            (Did::ExpireCommand, "restart of agent-web-x7k2 (cmd-3)", ""),
            (Did::AcknowledgeCommand, "stop of agent-web-x7k2 (cmd-4)", "work is stopped"),
        ] {
            let found = event(action, object, detail);
            assert!(found.names_pool("web", "genesis"), "{object}");
            assert!(
                !found.names_pool("web-x7k2", "genesis") && !found.names_pool("we", "genesis"),
                "{object}"
            );
        }
    }

    #[test]
    fn what_is_another_pool_s_is_not() {
        use AuditAction as Did;
        let other = place("web-batch", "us-central1-a");
        for (action, object, detail) in [
            (Did::FinishOperation, "resize instance group genesis-pool-web-batch", ""),
            (Did::FallIll, "agent-web-batch-x7k2", other.as_str()),
            (Did::FinishOperation, "restart instance agent-web-batch-x7k2", ""),
            (Did::ProposeChange, "chg-7", "web"),
            (Did::OpenIncident, "inc-1", "pool web fails"),
        ] {
            assert!(!event(action, object, detail).names_pool("web", "genesis"), "{object}");
        }
    }

    /// Answers of before name no agent: who gave them tells.
    #[test]
    fn an_agent_s_answer_is_its_pool_s() {
        let answered = AuditEvent {
            actor_kind: ActorKind::Agent,
            actor_id: "agent-web-x7k2".into(),
            ..event(AuditAction::AcknowledgeCommand, "restart (cmd-3)", "")
        };
        assert!(answered.names_pool("web", "genesis") && !answered.names_pool("batch", "genesis"));
    }
}
