//! What happened in an environment around a failure, by the audit log and by the agents' own passings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use domain::{
    Timestamp,
    audit::{AuditAction, AuditEvent},
    view::health::{Happening, Source},
};
use store::{AuditFilter, HealthTransition};

use crate::{Control, Error};

/// What changed before an agent began to fail.
pub(crate) const BEFORE: TimeDelta = TimeDelta::minutes(30);
const SHOWN_HAPPENINGS: usize = 50;
const AUDIT_PAGE: u32 = 200;
/// Events that are looked through for those half hours, at most.
const AUDIT_PAGES: usize = 10;

/// What happened in the environment before that moment; of an agent's own passings nothing, where one is named.
/// Here and below with it: whether more happened than is told, or may have where reading ended before it.
pub(crate) async fn half_hour_before(
    control: &Control,
    environment: &str,
    until: Timestamp,
    agent: Option<&str>,
) -> Result<(Vec<Happening>, bool), Error> {
    let (events, cut) = events_between(control, environment, until - BEFORE, until).await?;
    Ok(newest(happenings(&events, agent), cut))
}

/// What the log has of the agent since it began to fail, with its own passings. Of the environment nothing: an agent may have
/// failed long ago.
pub(super) async fn since_failing(
    control: &Control,
    environment: &str,
    name: &str,
    began: Timestamp,
    transitions: &[HealthTransition],
) -> Result<(Vec<Happening>, bool), Error> {
    // What came at that very moment is told before it.
    let from = Some(began + TimeDelta::microseconds(1));
    let all = AuditFilter { environment: Some(environment), from, ..AuditFilter::default() };
    let about = AuditFilter { object: Some(name), ..all.clone() };
    let by = AuditFilter { actor: Some(name), ..all };
    let mut found = BTreeMap::new();
    let mut cut = false;
    for filter in [about, by] {
        let events = control.store.list_audit(&filter, AUDIT_PAGE).await?;
        cut |= is_full(&events);
        found.extend(events.into_iter().map(|event| (event.seq, event)));
    }
    let events: Vec<AuditEvent> = found.into_values().rev().collect();
    let mut since = happenings(&events, Some(name));
    since.extend(transitions.iter().filter(|passed| passed.at > began).map(told));
    Ok(newest(since, cut))
}

/// Others may follow such a page.
fn is_full(page: &[AuditEvent]) -> bool {
    page.len() >= AUDIT_PAGE as usize
}

/// As many as are shown, oldest first. `cut`: reading ended before all were read.
pub(super) fn newest(mut happened: Vec<Happening>, cut: bool) -> (Vec<Happening>, bool) {
    happened.sort_by_key(|one| one.at);
    happened.dedup();
    let surplus = happened.len().saturating_sub(SHOWN_HAPPENINGS);
    happened.drain(..surplus);
    (happened, cut || surplus > 0)
}

/// The environment's events of that time, the newest first; of a very busy one only the latest. What came since is not read: an agent
/// may have failed long ago.
async fn events_between(
    control: &Control,
    environment: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<AuditEvent>, bool), Error> {
    let mut found = Vec::new();
    let mut cut = false;
    let mut filter = AuditFilter {
        environment: Some(environment),
        from: Some(from),
        // `until` is not of the time, `to` is; the log keeps microseconds.
        until: Some(to + TimeDelta::microseconds(1)),
        ..AuditFilter::default()
    };
    for _ in 0..AUDIT_PAGES {
        let page = control.store.list_audit(&filter, AUDIT_PAGE).await?;
        cut = is_full(&page);
        filter.before = page.last().map(|event| event.seq);
        found.extend(page);
        if !cut {
            break;
        }
    }
    Ok((found, cut))
}

/// What people and the control plane did, and what became of other agents, which is told in one line. `events`: the newest first, by
/// their numbers; of those of one moment the time alone would not tell which came first, so that they are told the oldest first.
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
    told.reverse();
    told
}

pub(super) fn told(transition: &HealthTransition) -> Happening {
    let sentence = match transition.before {
        Some(before) => {
            format!("The agent passed from {} to {}", before.as_str(), transition.after.as_str())
        }
        None => format!("The agent was first seen, {}", transition.after.as_str()),
    };
    Happening { at: transition.at, source: Source::Agent, sentence, detail: String::new(), change: None }
}

#[cfg(test)]
mod tests {
    use domain::{ChangeId, actor::ActorKind};

    use super::*;

    #[test]
    fn what_happened_at_one_moment_is_told_in_the_order_in_which_it_was_logged() {
        let event = |seq: i64, actor: &str, action: AuditAction| AuditEvent {
            seq,
            at: Timestamp::default(),
            environment: Some("dev".to_owned()),
            actor_kind: ActorKind::Person,
            actor_id: actor.to_owned(),
            actor_name: actor.to_owned(),
            action,
            object: "chg-15".to_owned(),
            detail: String::new(),
            change: Some(ChangeId(15)),
            request_id: "request-1".to_owned(),
            hash: String::new(),
            before_sha256: None,
            after_sha256: None,
            facts: Vec::new(),
            differences: Vec::new(),
        };
        let proposed = event(7, "Mara", AuditAction::ProposeChange);
        let cleared = event(8, "default r1", AuditAction::ApproveChange);
        let said = |events: &[AuditEvent]| -> Vec<String> {
            let (told, more) = newest(happenings(events, Some("agent-a")), false);
            assert!(!more);
            told.into_iter().map(|one| one.sentence).collect()
        };
        let in_order = [proposed.sentence(), cleared.sentence()];
        assert_eq!(said(&[cleared, proposed]), in_order);
    }
}
