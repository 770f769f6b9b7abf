//! The mass-failure brake: decides by the agents' states as they are kept, opens and closes the incident with its holds in one
//! transaction, and makes Compute Engine follow. Killed anywhere, the next round finishes what was intended.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::TimeDelta;
use compute::Submitted;
use domain::{
    audit::AuditAction,
    brake::{Brake, Cell, Decision, Part, Toll, decide, masses},
    incident::{Cause, Incident, Wanted},
};
use store::{HealthCount, NewEvent, NewIncident, PendingHold};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Leader, Stopped};
use crate::{Control, incidents, planning::scope};

/// One round waits this long for an operation of Compute Engine; the next one asks again.
const ONE_WAIT: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: i64 = 60;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub engaged: u32,
    pub released: u32,
    /// Calls to Compute Engine that came to an end.
    pub done: u32,
    pub waiting: u32,
}

pub async fn reconcile(control: &Control, leader: &Leader) -> Result<Status, Stopped> {
    let mut status = Status::default();
    let mut environments: BTreeMap<String, Vec<HealthCount>> = BTreeMap::new();
    for count in control.store.count_health().await? {
        environments.entry(count.environment.clone()).or_default().push(count);
    }
    let open: Vec<Incident> =
        control.store.list_open_incidents(None).await?.into_iter().filter(Incident::is_brake).collect();
    for incident in &open {
        let name = incident.environment.clone().unwrap_or_default();
        let counts = environments.get(&name).map(Vec::as_slice).unwrap_or_default();
        follow(control, leader, incident, counts, &mut status).await?;
    }
    for (environment, counts) in &environments {
        let braked: Vec<Part> = open
            .iter()
            .filter(|incident| incident.environment.as_deref() == Some(environment))
            .filter_map(|incident| part(&incident.cause))
            .collect();
        for (part, toll) in masses(control.watch.brake, &cells(counts), &braked) {
            engage(control, leader, environment, counts, &part, toll).await?;
            status.engaged += 1;
        }
    }
    for hold in control.store.list_pending_holds(control.clock.now()).await? {
        if carry_out(control, leader, &hold).await? { status.done += 1 } else { status.waiting += 1 }
    }
    Ok(status)
}

fn part(cause: &Cause) -> Option<Part> {
    match cause {
        Cause::MassFailure(part) => Some(part.clone()),
        Cause::Alert(_) | Cause::Forgery(_) => None,
    }
}

fn cells(counts: &[HealthCount]) -> Vec<Cell> {
    let mut cells: BTreeMap<(&str, &str), Toll> = BTreeMap::new();
    for count in counts {
        let toll = cells.entry((&count.pool, &count.zone)).or_default();
        (0..count.count).for_each(|_| toll.count(count.state));
    }
    cells
        .into_iter()
        .map(|((pool, zone), toll)| Cell { pool: pool.to_owned(), zone: zone.to_owned(), toll })
        .collect()
}

/// The groups that have VMs in the part: a regional group heals as a whole.
fn groups(counts: &[HealthCount], part: &Part) -> Vec<String> {
    let within = counts.iter().filter(|count| match part {
        Part::Pool(name) => *name == count.pool,
        Part::Zone(name) => *name == count.zone,
    });
    within.map(|count| count.instance_group.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

async fn engage(
    control: &Control,
    leader: &Leader,
    environment: &str,
    counts: &[HealthCount],
    part: &Part,
    toll: Toll,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    let policy = control.watch.brake;
    let cause = Cause::MassFailure(part.clone());
    let groups = groups(counts, part);
    let why = format!(
        "More than {} % of a part with at least {} failing agents has one cause that no new VM mends. Healing of {} is held, and so are \
         changes of {environment}, until at most {} % have failed for {} s, or somebody lets the brake go.",
        policy.share_percent,
        policy.minimum,
        groups.join(", "),
        policy.release_percent,
        policy.release_after_seconds
    );
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    let title = toll.sentence(part);
    let new =
        NewIncident { environment: Some(environment), cause: &cause, title: &title, why: &why, at: now };
    if let Some(id) = incidents::open(control, leader, &mut tx, &new).await? {
        tx.intend_holds(id, environment, &groups).await?;
        tracing::warn!(environment, part = %part, incident = id, title, "the mass-failure brake is put on");
    }
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(())
}

/// What an open incident's brake is to do now.
async fn follow(
    control: &Control,
    leader: &Leader,
    incident: &Incident,
    counts: &[HealthCount],
    status: &mut Status,
) -> Result<(), Stopped> {
    let Some(part) = part(&incident.cause) else { return Ok(()) };
    let now = control.clock.now();
    let brake = match incident.overruled_at {
        Some(_) => Brake::Overruled,
        None => Brake::On { below_since: incident.below_since },
    };
    let toll = part.toll(&cells(counts));
    let decision = decide(control.watch.brake, brake, toll, now);
    match decision {
        Decision::Nothing | Decision::Engage => {}
        Decision::Hold { below_since } => {
            let held: BTreeSet<&str> = incident.holds.iter().map(|hold| hold.group.as_str()).collect();
            let new: Vec<String> =
                groups(counts, &part).into_iter().filter(|group| !held.contains(group.as_str())).collect();
            if below_since == incident.below_since && new.is_empty() {
                return Ok(());
            }
            let mut tx = leader.begin(control).await?;
            tx.set_incident_below(incident.id, below_since).await?;
            tx.intend_holds(incident.id, incident.environment.as_deref().unwrap_or_default(), &new).await?;
            tx.commit().await?;
        }
        Decision::Release | Decision::Rearm => {
            let because = match decision {
                Decision::Release => format!(
                    "at most {} % failed for {} s: {}",
                    control.watch.brake.release_percent,
                    control.watch.brake.release_after_seconds,
                    toll.sentence(&part)
                ),
                _ => "the brake was let go by hand, and the agents came back".to_owned(),
            };
            leader.checkpoints.pass()?;
            let mut tx = leader.begin(control).await?;
            tx.intend_restores(incident.id).await?;
            incidents::close(control, leader, &mut tx, incident, &because, now).await?;
            leader.checkpoints.pass()?;
            tx.commit().await?;
            leader.checkpoints.pass()?;
            status.released += 1;
        }
    }
    Ok(())
}

/// The same for each repetition of a call, and another one after a failure that was told.
fn request_id(hold: &PendingHold) -> Uuid {
    let name = format!(
        "agent-manager/inc-{}/{}/{}/{}/{}",
        hold.incident,
        hold.opened_at.timestamp_micros(),
        hold.wanted.as_str(),
        hold.group,
        hold.attempts
    );
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}

/// False: later.
async fn carry_out(control: &Control, leader: &Leader, hold: &PendingHold) -> Result<bool, Stopped> {
    if hold.wanted == Wanted::Restore && hold.held_by_another {
        // The other one restores it; here is nothing left to do.
        return conclude(control, leader, hold, "another incident still holds it").await;
    }
    let Some(environment) = control.store.get_environment(&hold.environment).await? else {
        return conclude(control, leader, hold, "its environment is gone").await;
    };
    let scope = scope(&environment.spec);
    leader.must_lead()?;
    leader.checkpoints.pass()?;
    let held = hold.wanted == Wanted::Hold;
    let sent = control.compute.set_healing(&scope, &hold.group, held, request_id(hold)).await;
    leader.checkpoints.pass()?;
    let ended = match sent {
        Ok(Submitted::AlreadyThere) => Ok("it was already so".to_owned()),
        Ok(Submitted::Started(operation)) => {
            match timeout(ONE_WAIT, control.compute.wait(&scope, &operation)).await {
                Ok(Ok(())) => Ok(operation.name),
                // Asked again with the same id, Compute Engine answers with the same operation; one that it does not know any more
                // was forgotten or lost, and the group itself says which. That the group is gone, only the call says.
                Err(_) | Ok(Err(compute::Error::NotFound { .. })) => return Ok(false),
                Ok(Err(error)) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    match ended {
        Ok(detail) => conclude(control, leader, hold, &detail).await,
        Err(compute::Error::NotFound { .. }) => conclude(control, leader, hold, "the group is gone").await,
        Err(error) => {
            let pause = (1_i64 << hold.attempts.min(6)).min(LONGEST_PAUSE);
            let mut tx = leader.begin(control).await?;
            let again_at = control.clock.now() + TimeDelta::seconds(pause);
            tx.record_hold_error(hold, &error.to_string(), again_at).await?;
            tx.commit().await?;
            tracing::warn!(group = hold.group, wanted = hold.wanted.as_str(), %error, "healing could not be set");
            Ok(false)
        }
    }
}

async fn conclude(
    control: &Control,
    leader: &Leader,
    hold: &PendingHold,
    detail: &str,
) -> Result<bool, Stopped> {
    let mut tx = leader.begin(control).await?;
    if tx.set_hold_done(hold).await? {
        let action = match hold.wanted {
            Wanted::Hold => AuditAction::HoldHealing,
            Wanted::Restore => AuditAction::RestoreHealing,
        };
        let actor = incidents::watcher(control);
        let event = NewEvent {
            environment: Some(hold.environment.clone()),
            detail: format!("for inc-{}: {detail}", hold.incident),
            ..NewEvent::new(&actor, action, hold.group.clone(), control.clock.now())
        };
        tx.append_audit(&leader.signs(event)).await?;
    }
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(true)
}
