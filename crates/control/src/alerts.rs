//! The alerts: what is measured for them, and the page that shows them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;
use domain::{
    Actor, Permission,
    agent::AgentState,
    alert::{AlertKind, AuditFigures, Figures, KeyFigures, Share},
    incident::Incident,
    instance::{CurrentAction, Instance},
    view::health::{AlertsView, CLOSED_INCIDENTS, DeliveryRow},
};
use store::ProcessFigures;

use crate::{Control, Error, error::authorize};

/// Looks in a row at which connections must be in use.
const LOOKS: usize = 6;
const DELIVERIES: u32 = 20;
const PROVISIONING_WINDOW: TimeDelta = TimeDelta::hours(1);

/// `incident` is listed however long ago it ended: events lead to it forever.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_alerts(
    control: &Control,
    actor: &Actor,
    incident: Option<i64>,
) -> Result<AlertsView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let deliveries = control.store.list_deliveries(DELIVERIES).await?;
    Ok(AlertsView {
        open: control.store.list_open_incidents(None).await?,
        closed: closed(control, incident).await?,
        alerts: control.store.list_alerts().await?,
        webhook: control.watch.webhook.as_ref().map(crate::webhook::Target::host),
        deliveries: deliveries
            .into_iter()
            .map(|row| DeliveryRow {
                id: row.id,
                incident: format!("inc-{}", row.incident),
                event: row.event,
                state: row.state,
                attempts: row.attempts,
                last_status: row.last_status,
                last_error: row.last_error,
                created_at: row.created_at,
                delivered_at: row.delivered_at,
            })
            .collect(),
        now: control.clock.now(),
    })
}

async fn closed(control: &Control, asked: Option<i64>) -> Result<Vec<Incident>, Error> {
    let mut closed = control.store.list_closed_incidents(CLOSED_INCIDENTS).await?;
    if let Some(id) = asked.filter(|id| closed.iter().all(|one| one.id != *id)) {
        let older = control.store.get_incident(id).await?;
        closed.extend(older.filter(|one| one.closed_at.is_some()));
    }
    Ok(closed)
}

/// Connections in use at the last looks. A burst is no shortage: what counts is what was in use at each of them; before
/// this process began it used none.
#[derive(Debug, Default)]
pub struct Pressure(Mutex<VecDeque<Share>>);

impl Pressure {
    fn lasting(&self, now: Share) -> Share {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.push_back(now);
        if looks.len() > LOOKS {
            looks.pop_front();
        }
        let least = looks.iter().map(|look| look.part).min().unwrap_or_default();
        Share { part: if looks.len() < LOOKS { 0 } else { least }, of: now.of }
    }
}

/// Writes what this process measures of itself.
pub(crate) async fn report_figures(control: &Control) {
    let figures = ProcessFigures {
        process: control.watch.process.clone(),
        connections: control.watch.pressure.lasting(control.store.connections()),
        key_failures: control.verifier.failures().await,
        at: control.clock.now(),
    };
    if let Err(error) = control.store.write_process_figures(&figures).await {
        tracing::debug!(%error, "figures of this process wait for the database");
    }
}

/// Everything that the conditions are judged by, as it is now.
pub(crate) async fn measure(control: &Control) -> Result<Figures, Error> {
    let now = control.clock.now();
    let ended = control.store.count_operations(now - PROVISIONING_WINDOW).await?;
    let unsettled = control.store.list_unsettled_instances().await?;
    let mut silent = Share::default();
    for own in silent_agents(control).await?.into_values() {
        silent = Share { part: silent.part + own.part, of: silent.of + own.of };
    }
    let processes = control.store.list_process_figures(now).await?;
    let mut connections = control.store.server_sessions().await?;
    for process in &processes {
        connections = connections.fuller(process.connections);
    }
    let asked: Vec<u64> = processes.iter().filter_map(|process| process.key_failures).collect();
    let verified = control.store.audit_verified().await?;
    let (unverified, oldest) = control.store.audit_backlog(verified.seq).await?;
    Ok(Figures {
        provisioning: Some(provisioning(ended, &unsettled)),
        heartbeats: Some(silent),
        // No process that hears agents has written its figures: nothing is known of their keys.
        keys: (!processes.is_empty()).then(|| KeyFigures {
            failures: asked.iter().copied().max().unwrap_or_default(),
            asked: !asked.is_empty(),
        }),
        audit: Some(AuditFigures {
            unverified,
            oldest_seconds: oldest
                .map_or(0, |at| u64::try_from((now - at).num_seconds()).unwrap_or_default()),
            broken: verified.broken_at.is_some(),
        }),
        connections: Some(connections),
    })
}

/// By environment, of the agents that should speak.
pub(crate) async fn silent_agents(control: &Control) -> Result<BTreeMap<String, Share>, Error> {
    let mut silent: BTreeMap<String, Share> = BTreeMap::new();
    for row in control.store.count_health().await? {
        if matches!(row.state, AgentState::Starting | AgentState::Stopped | AgentState::Gone) {
            continue;
        }
        let own = silent.entry(row.environment).or_default();
        own.of += u64::from(row.count);
        own.part += if row.state == AgentState::Silent { u64::from(row.count) } else { 0 };
    }
    Ok(silent)
}

/// Behind what was measured: the environments that have a part in it, where they are known.
pub(crate) async fn places(control: &Control, kind: AlertKind) -> Result<String, Error> {
    if kind != AlertKind::MissedHeartbeats {
        return Ok(String::new());
    }
    let silent = silent_agents(control).await?;
    let named = silent.into_iter().filter(|(_, own)| own.part > 0);
    Ok(named.map(|(name, own)| format!(", in {name} {} of {}", own.part, own.of)).collect())
}

/// Operations that ended, and VMs that are being made or could not be.
fn provisioning(ended: Share, unsettled: &[Instance]) -> Share {
    let failing = unsettled.iter().filter(|vm| vm.failure().is_some()).count();
    let making = unsettled.iter().filter(|vm| {
        vm.failure().is_none()
            && matches!(
                vm.current_action,
                CurrentAction::Creating | CurrentAction::CreatingWithoutRetries | CurrentAction::Recreating
            )
    });
    Share { part: ended.part + failing as u64, of: ended.of + failing as u64 + making.count() as u64 }
}

#[cfg(test)]
mod tests {
    use domain::instance::{AttemptError, InstanceStatus};

    use super::*;

    #[test]
    fn a_burst_of_connections_is_no_shortage() {
        let pressure = Pressure::default();
        let full = Share { part: 15, of: 16 };
        for _ in 1..LOOKS {
            assert_eq!(pressure.lasting(full).part, 0);
        }
        assert_eq!(pressure.lasting(full), full);
        assert_eq!(pressure.lasting(Share { part: 2, of: 16 }).part, 2);
        assert_eq!(pressure.lasting(full).part, 2, "until it has been so long enough again");
    }

    #[test]
    fn a_vm_that_cannot_be_made_counts_as_a_failure_and_one_that_leaves_does_not() {
        let vm = |action: CurrentAction, failed: bool| Instance {
            name: "a".into(),
            id: None,
            zone: "z".into(),
            group: "g".into(),
            status: InstanceStatus::NotYet,
            current_action: action,
            template: None,
            address: None,
            created_at: None,
            probe: None,
            last_error: failed.then(|| AttemptError { code: "STOCKOUT".into(), message: "none".into() }),
        };
        let vms = [
            vm(CurrentAction::Creating, true),
            vm(CurrentAction::Creating, false),
            vm(CurrentAction::Deleting, true),
            // It was made in the end.
            Instance { status: InstanceStatus::Running, ..vm(CurrentAction::None, true) },
        ];
        let ended = Share { part: 1, of: 8 };
        assert_eq!(provisioning(ended, &vms), Share { part: 2, of: 10 });
    }
}
