//! A long audit log: what the product writes of agents that enrol, fall silent and recover, by the product's own append.

use anyhow::ensure;
use control::Clock;
use domain::{
    Actor,
    actor::ActorKind,
    audit::{AuditAction, place},
};
use store::{AuditFilter, NewEvent, StoredInstance};

use crate::stack::{ENVIRONMENT, Stack};

/// Events of one transaction.
const AT_ONCE: i64 = 500;

pub(crate) async fn make(stack: &Stack, events: i64) -> anyhow::Result<()> {
    let store = stack.store()?;
    let instances = store.list_instances(ENVIRONMENT, None).await?;
    ensure!(!instances.is_empty(), "{ENVIRONMENT} has no VM to tell of");
    let newest = store.list_audit(&AuditFilter::default(), 1).await?;
    let mut seq = newest.first().map_or(0, |event| event.seq);
    let health = Actor::system("Health", "benchmark");
    let mut told = instances.iter().cycle();
    while seq < events {
        let count = usize::try_from(AT_ONCE.min(events - seq))?;
        let batch: Vec<(&StoredInstance, Actor)> =
            told.by_ref().take(count).map(|instance| (instance, agent(instance))).collect();
        let events: Vec<NewEvent<'_>> = (seq..)
            .zip(&batch)
            .map(|(number, (instance, agent))| event(number, instance, agent, &health))
            .collect();
        let mut tx = store.begin().await?;
        let appended = tx.append_audits(&events).await?;
        tx.commit().await?;
        seq = appended.last().map_or(seq, |event| event.seq);
    }
    let verification = store.verify_audit(None).await?;
    ensure!(
        verification.first_wrong.is_none() && verification.count >= events,
        "the log does not verify: {verification:?}"
    );
    Ok(())
}

fn agent(row: &StoredInstance) -> Actor {
    Actor {
        kind: ActorKind::Agent,
        id: row.instance.name.clone(),
        name: row.instance.name.clone(),
        roles: Default::default(),
        reach: Default::default(),
        authn: "identity_token".to_owned(),
        request_id: "benchmark".to_owned(),
    }
}

/// In turn: it enrols, it falls silent, it recovers.
fn event<'a>(number: i64, row: &StoredInstance, agent: &'a Actor, health: &'a Actor) -> NewEvent<'a> {
    let (instance, now) = (&row.instance, Clock::System.now());
    let (event, detail) = match number % 3 {
        0 => (
            NewEvent::new(agent, AuditAction::EnrollAgent, format!("pool {}", row.pool), now),
            format!("agent-cage 0.1.0 in {}", instance.zone),
        ),
        1 => (
            NewEvent::new(health, AuditAction::FallSilent, instance.name.clone(), now),
            format!("{}, was late", place(&row.pool, &instance.zone)),
        ),
        _ => (
            NewEvent::new(health, AuditAction::Recover, instance.name.clone(), now),
            format!("{}, was silent", place(&row.pool, &instance.zone)),
        ),
    };
    NewEvent { environment: Some(row.environment.clone()), detail, ..event }
}
