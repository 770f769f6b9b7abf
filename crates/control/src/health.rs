//! Agents' health as it passes: told to the store and the audit log. What is read back of it is in the files below.

mod happenings;
mod history;

use std::collections::BTreeSet;

use domain::{
    Actor,
    agent::AgentState,
    audit::{AuditAction, place},
    brake::BrakePolicy,
};
use store::{HealthTransition, NewEvent};

use crate::{
    Control, Error,
    alerts::Pressure,
    audit::Proofs,
    commands,
    live::{Acknowledged, PendingMinutes},
    webhook::Target,
};

pub(crate) use happenings::{BEFORE, half_hour_before};
pub(crate) use history::fails_since;
pub use history::load_instance_history;

/// Who tells of agents' health, in the audit log.
const NAME: &str = "Health";
/// Transitions of one transaction: longer ones would keep other events waiting for the log's head.
const AT_ONCE: usize = 500;

/// How health is watched: by configuration, the same in all replicas.
#[derive(Debug, Default)]
pub struct Watch {
    pub brake: BrakePolicy,
    /// None: alerts stay in the app.
    pub webhook: Option<Target>,
    /// Tells this process from others.
    pub process: String,
    pub pressure: Pressure,
    /// Of the audit log, asked for by people.
    pub proofs: Proofs,
}

/// Tells the store what it does not know yet; what cannot be told now is told later.
pub(crate) async fn flush(control: &Control, stopping: bool) {
    let mut transitions = control.live.take_transitions();
    while !transitions.is_empty() {
        let rest = transitions.split_off(transitions.len().min(AT_ONCE));
        if let Err(error) = record(control, &transitions).await {
            tracing::warn!(%error, transitions = transitions.len(), "changes of health wait for the database");
            transitions.extend(rest);
            control.live.put_transitions_back(transitions);
            break;
        }
        transitions = rest;
    }
    let minutes = control.live.take_minutes(control.clock.now(), stopping);
    if !minutes.is_empty() {
        let PendingMinutes { minutes: spoken, listened } = &minutes;
        if let Err(error) = control.store.write_heartbeat_minutes(spoken, listened).await {
            tracing::warn!(%error, minutes = spoken.len(), "minutes of heartbeats wait for the database");
            control.live.put_minutes_back(minutes);
        }
    }
    let mut waiting = Vec::new();
    for heard in control.live.take_acknowledged() {
        if let Err(error) = commands::acknowledge(control, &heard).await {
            tracing::warn!(%error, id = heard.acknowledgement.id, "an agent's answer waits for the database");
            waiting.push(heard);
        }
    }
    control.live.put_acknowledged_back(waiting);
}

async fn record(control: &Control, transitions: &[HealthTransition]) -> Result<(), Error> {
    let actor = Actor::system(NAME, &format!("health-{}", control.clock.now().timestamp_millis()));
    let events: Vec<NewEvent<'_>> =
        transitions.iter().filter_map(|transition| event(&actor, transition)).collect();
    let mut tx = control.store.begin().await?;
    tx.record_health(transitions).await?;
    tx.append_audits(&events).await?;
    tx.commit().await?;
    Ok(())
}

pub(crate) const fn failing(state: AgentState) -> bool {
    matches!(state, AgentState::Silent | AgentState::Ill)
}

/// Only what begins or ends a failure is evidence; the rest is history for a week.
fn event<'a>(actor: &'a Actor, transition: &HealthTransition) -> Option<NewEvent<'a>> {
    let recovered = transition.before.is_some_and(failing)
        && matches!(transition.after, AgentState::Healthy | AgentState::Late | AgentState::Stopped);
    let action = match transition.after {
        AgentState::Silent => AuditAction::FallSilent,
        AgentState::Ill => AuditAction::FallIll,
        _ if recovered => AuditAction::Recover,
        _ => return None,
    };
    let before = transition.before.map_or(String::new(), |before| format!(", was {}", before.as_str()));
    let field = |state: AgentState| ("state".to_owned(), state.as_str().to_owned());
    let event = NewEvent {
        environment: Some(transition.environment.clone()),
        detail: format!("{}{before}", place(&transition.pool, &transition.zone)),
        ..NewEvent::new(actor, action, transition.name.clone(), transition.at)
    };
    Some(event.differing(transition.before.map(field), [field(transition.after)]))
}

/// The answer of an agent is the agent's own act.
pub(crate) fn agent(heard: &Acknowledged) -> Actor {
    Actor {
        kind: domain::actor::ActorKind::Agent,
        id: heard.name.clone(),
        name: heard.name.clone(),
        roles: BTreeSet::new(),
        reach: domain::token::Reach::Whole,
        authn: "credential".to_owned(),
        request_id: format!("heartbeat-{}", heard.at.timestamp_millis()),
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn passed(before: Option<AgentState>, after: AgentState) -> HealthTransition {
        HealthTransition {
            environment: "dev".into(),
            zone: "us-central1-a".into(),
            name: "a".into(),
            instance_id: Some("7".into()),
            pool: "web".into(),
            before,
            after,
            at: Timestamp::default(),
        }
    }

    #[test]
    fn what_begins_or_ends_a_failure_is_an_event_and_nothing_else() {
        use AgentState::{Gone, Healthy, Ill, Late, Silent, Starting};
        let actor = Actor::system(NAME, "r");
        let action = |before, after| event(&actor, &passed(before, after)).map(|event| event.action);
        assert_eq!(action(Some(Healthy), Silent), Some(AuditAction::FallSilent));
        assert_eq!(action(Some(Late), Ill), Some(AuditAction::FallIll));
        assert_eq!(action(Some(Silent), Healthy), Some(AuditAction::Recover));
        for (before, after) in
            [(Some(Healthy), Late), (Some(Late), Healthy), (None, Starting), (Some(Silent), Gone)]
        {
            assert_eq!(action(before, after), None, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn an_event_holds_the_state_before_and_after() {
        let actor = Actor::system(NAME, "r");
        let sides = |before, after| {
            let event = event(&actor, &passed(before, after)).unwrap();
            let state = |side: &str| {
                event.payload[side].get("state").and_then(|state| state.as_str().map(str::to_owned))
            };
            (state("before"), state("after"))
        };
        let text = |state: &str| Some(state.to_owned());
        assert_eq!(sides(Some(AgentState::Late), AgentState::Silent), (text("late"), text("silent")));
        assert_eq!(sides(None, AgentState::Ill), (None, text("ill")));
    }
}
