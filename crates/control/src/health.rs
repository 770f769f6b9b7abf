//! Agents' health as it passes: told to the store and the audit log, and read back as a day and a story of one agent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use domain::{
    Actor, Permission, Timestamp,
    agent::AgentState,
    audit::{AuditAction, AuditEvent, place},
    brake::BrakePolicy,
    heartbeat_history::{Day, Hour, minute_of, strip},
    view::{
        health::{Happening, InstanceHistory, Source},
        instance::InstanceRow,
    },
};
use store::{AuditFilter, HealthTransition, NewEvent};

use crate::{
    Control, Error,
    alerts::Pressure,
    audit::Proofs,
    commands,
    error::authorize,
    live::{Acknowledged, PendingMinutes},
    webhook::Target,
};

/// Who tells of agents' health, in the audit log.
const NAME: &str = "Health";
/// Transitions of one transaction: longer ones would keep other events waiting for the log's head.
const AT_ONCE: usize = 500;
/// What changed before an agent began to fail.
pub(crate) const BEFORE: TimeDelta = TimeDelta::minutes(30);
const SHOWN_TRANSITIONS: u32 = 50;
const SHOWN_HAPPENINGS: usize = 50;
/// Of them and of commands, what is told unless all are asked for.
const FIRST: usize = 10;
const SHOWN_COMMANDS: u32 = 50;
const AUDIT_PAGE: u32 = 200;
/// Events that are looked through for those half hours, at most.
const AUDIT_PAGES: usize = 10;

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
    Some(NewEvent {
        environment: Some(transition.environment.clone()),
        detail: format!("{}{before}", place(&transition.pool, &transition.zone)),
        ..NewEvent::new(actor, action, transition.name.clone(), transition.at)
    })
}

/// The agent's last day, its last hour in figures, what it was asked for, and what happened before it began to fail and of it since.
/// `all`: as much of the lists as is ever told, not the newest few.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_instance_history(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
    all: bool,
) -> Result<InstanceHistory, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let now = control.clock.now();
    let environment = row.environment.as_str();
    let mut day = match &row.instance.id {
        Some(id) => {
            let mut day = control.store.load_heartbeat_day(environment, name, id, now).await?;
            day.minutes.extend(control.live.minutes_of(environment, name, id));
            day
        }
        None => store::HeartbeatDay::default(),
    };
    // What the store was not told of yet was listened to all the same.
    if let Some(last) = day.listened.last().copied() {
        day.listened.extend(last..minute_of(now));
    }
    let slots = strip(&day.minutes, &day.listened, row.instance.created_at, now);

    let transitions = control.store.list_health_transitions(environment, name, SHOWN_TRANSITIONS).await?;
    let fails_since = began_to_fail(&row, &transitions);
    let until = fails_since.unwrap_or(now);
    let mut before = half_hour_before(control, environment, until, Some(name)).await?;
    before
        .extend(transitions.iter().filter(|passed| (until - BEFORE..=until).contains(&passed.at)).map(told));
    let mut before = newest(before);
    let mut since = match fails_since {
        Some(began) => since_failing(control, environment, name, began, &transitions).await?,
        None => Vec::new(),
    };
    let mut commands = control.store.list_commands(environment, name, SHOWN_COMMANDS).await?;
    let (mut earlier, mut since_earlier, mut more_commands) = (0, 0, false);
    if !all {
        (earlier, since_earlier) = (keep_first(&mut before), keep_first(&mut since));
        more_commands = commands.len() > FIRST;
        commands.truncate(FIRST);
    }
    Ok(InstanceHistory {
        day: Day::of(&slots),
        hour: Hour::of(&day.minutes, now),
        fails_since,
        before,
        earlier,
        before_since: until - BEFORE,
        before_until: until,
        since,
        since_earlier,
        commands,
        more_commands,
        incidents: control.store.list_open_incidents(Some(environment)).await?,
        now,
    })
}

/// Since when the agent fails, where it does and its passing is still kept.
pub(crate) async fn fails_since(control: &Control, row: &InstanceRow) -> Result<Option<Timestamp>, Error> {
    if !failing(row.agent) {
        return Ok(None);
    }
    let (environment, name) = (&row.environment, &row.instance.name);
    let transitions = control.store.list_health_transitions(environment, name, SHOWN_TRANSITIONS).await?;
    Ok(began_to_fail(row, &transitions))
}

/// `transitions`: the newest first. An agent that was late between two failures failed all the time.
fn began_to_fail(row: &InstanceRow, transitions: &[HealthTransition]) -> Option<Timestamp> {
    transitions
        .iter()
        .take_while(|transition| failing(transition.after) || transition.after == AgentState::Late)
        .last()
        .filter(|_| failing(row.agent))
        .map(|transition| transition.at)
}

/// What happened in the environment before that moment; of an agent's own passings nothing, where one is named.
pub(crate) async fn half_hour_before(
    control: &Control,
    environment: &str,
    until: Timestamp,
    agent: Option<&str>,
) -> Result<Vec<Happening>, Error> {
    let events = events_between(control, environment, until - BEFORE, until).await?;
    Ok(newest(happenings(&events, agent)))
}

/// What the log has of the agent since it began to fail, with its own passings. Of the environment nothing: an agent may have
/// failed long ago.
async fn since_failing(
    control: &Control,
    environment: &str,
    name: &str,
    began: Timestamp,
    transitions: &[HealthTransition],
) -> Result<Vec<Happening>, Error> {
    // What came at that very moment is told before it.
    let from = Some(began + TimeDelta::microseconds(1));
    let all = AuditFilter { environment: Some(environment), from, ..AuditFilter::default() };
    let about = AuditFilter { object: Some(name), ..all.clone() };
    let by = AuditFilter { actor: Some(name), ..all };
    let mut found = BTreeMap::new();
    for filter in [about, by] {
        let events = control.store.list_audit(&filter, AUDIT_PAGE).await?;
        found.extend(events.into_iter().map(|event| (event.seq, event)));
    }
    let events: Vec<AuditEvent> = found.into_values().rev().collect();
    let mut since = happenings(&events, Some(name));
    since.extend(transitions.iter().filter(|passed| passed.at > began).map(told));
    Ok(newest(since))
}

/// Of the oldest first, leaves the newest few; how many came before them.
fn keep_first(told: &mut Vec<Happening>) -> u64 {
    let earlier = told.len().saturating_sub(FIRST);
    told.drain(..earlier);
    earlier as u64
}

/// As many as are shown, oldest first.
fn newest(mut happened: Vec<Happening>) -> Vec<Happening> {
    happened.sort_by_key(|one| one.at);
    happened.dedup();
    let surplus = happened.len().saturating_sub(SHOWN_HAPPENINGS);
    happened.drain(..surplus);
    happened
}

/// The environment's events of that time, the newest first; of a very busy one only the latest. What came since is not read: an agent
/// may have failed long ago.
async fn events_between(
    control: &Control,
    environment: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<AuditEvent>, Error> {
    let mut found = Vec::new();
    let mut filter = AuditFilter {
        environment: Some(environment),
        from: Some(from),
        // `until` is not of the time, `to` is; the log keeps microseconds.
        until: Some(to + TimeDelta::microseconds(1)),
        ..AuditFilter::default()
    };
    for _ in 0..AUDIT_PAGES {
        let page = control.store.list_audit(&filter, AUDIT_PAGE).await?;
        let last = page.len() < AUDIT_PAGE as usize;
        filter.before = page.last().map(|event| event.seq);
        found.extend(page);
        if last {
            break;
        }
    }
    Ok(found)
}

/// What people and the control plane did, and what became of other agents, which is told in one line.
fn happenings(events: &[AuditEvent], agent: Option<&str>) -> Vec<Happening> {
    use AuditAction::{EnrollAgent, FallIll, FallSilent, Recover};
    let mut told = Vec::new();
    let mut others: Vec<&AuditEvent> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        let own = agent.is_some_and(|name| event.object == name || event.actor_id == name);
        match event.action {
            // Its own passings are told from its own history.
            FallSilent | FallIll | Recover if own => {}
            FallSilent | FallIll => {
                if seen.insert(&event.object) {
                    others.push(event);
                }
            }
            Recover => {}
            EnrollAgent if !own => {}
            _ => told.push(Happening {
                at: event.at,
                source: if event.change.is_some() {
                    Source::Change
                } else if own {
                    Source::Agent
                } else {
                    Source::Control
                },
                sentence: event.sentence(),
                detail: event.detail.clone(),
                change: event.change,
            }),
        }
    }
    if let (Some(first), count) = (others.last(), others.len()) {
        told.push(Happening {
            at: first.at,
            source: Source::Agent,
            sentence: match (count, agent) {
                (1, Some(_)) => format!("{} failed too", first.object),
                (1, None) => format!("{} failed", first.object),
                (_, Some(_)) => format!("{count} other agents failed too"),
                (_, None) => format!("{count} agents failed"),
            },
            detail: format!("the first of them: {}, {}", first.object, first.detail),
            change: None,
        });
    }
    told
}

fn told(transition: &HealthTransition) -> Happening {
    let sentence = match transition.before {
        Some(before) => {
            format!("The agent passed from {} to {}", before.as_str(), transition.after.as_str())
        }
        None => format!("The agent was first seen, {}", transition.after.as_str()),
    };
    Happening { at: transition.at, source: Source::Agent, sentence, detail: String::new(), change: None }
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
    fn of_a_long_list_the_newest_few_stay_and_the_others_are_counted() {
        let at = |second| Timestamp::default() + TimeDelta::seconds(second);
        let of = |second| told(&HealthTransition { at: at(second), ..passed(None, AgentState::Silent) });
        let mut happened: Vec<Happening> = (0..13).map(of).collect();
        let newest = happened[3..].to_vec();
        assert_eq!((keep_first(&mut happened), &happened), (3, &newest));
        assert_eq!((keep_first(&mut happened), &happened), (0, &newest), "few as they are");
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
}
