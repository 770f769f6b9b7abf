//! What the leader watches beside the fleet itself: alerts, commands that run out, the audit log's own truth, and the webhook.

use chrono::TimeDelta;
use domain::{
    alert::{AlertKind, AlertState, judge},
    incident::{Cause, Incident},
};
use store::{AuditVerified, NewIncident};

use super::{Leader, Stopped};
use crate::{Control, alerts, commands, incidents, webhook};

/// Events that one round verifies at most: a large log is caught up with over many rounds.
const VERIFIED_AT_ONCE: u32 = 5000;
const DELIVERED_AT_ONCE: u32 = 20;
/// Conditions are about minutes; commands and the webhook are looked at each round.
const JUDGE_EVERY: TimeDelta = TimeDelta::seconds(5);
/// A wrong event is read again that often: somebody may have restored it.
const READ_AGAIN: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub expired: u32,
    pub opened: u32,
    pub closed: u32,
    pub delivered: u32,
}

/// What a round leaves to the next one.
#[derive(Debug, Default)]
pub struct Pace {
    judged_at: Option<domain::Timestamp>,
    verified_at: Option<domain::Timestamp>,
}

pub async fn reconcile(control: &Control, leader: &Leader, pace: &mut Pace) -> Result<Status, Stopped> {
    let mut status = Status { expired: commands::expire(control, leader).await?, ..Status::default() };
    let now = control.clock.now();
    if pace.judged_at.is_none_or(|at| now - at >= JUDGE_EVERY) {
        pace.judged_at = Some(now);
        alerts::report_figures(control).await;
        verify(control, pace).await?;
        judge_alerts(control, leader, &mut status).await?;
    }
    Ok(status)
}

/// Follows the log from where the last round came to. A wrong event stays told until it is again what was appended.
async fn verify(control: &Control, pace: &mut Pace) -> Result<(), Stopped> {
    let known = control.store.audit_verified().await?;
    let now = control.clock.now();
    if known.broken_at.is_some() && pace.verified_at.is_some_and(|at| now - at < READ_AGAIN) {
        return Ok(());
    }
    pace.verified_at = Some(now);
    let next = match control.store.verify_audit_onward((known.seq, known.hash), VERIFIED_AT_ONCE).await? {
        // The log ends before the wrong event: cut off is not restored.
        Ok((seq, _)) if known.broken_at.is_some_and(|wrong| seq < wrong) => known,
        Ok((seq, hash)) => AuditVerified { seq, hash, broken_at: None },
        Err(wrong) => {
            tracing::error!(%wrong, "the audit log is not what was appended");
            AuditVerified { broken_at: Some(wrong.seq), ..known }
        }
    };
    if next != known {
        control.store.set_audit_verified(&next, now).await?;
    }
    Ok(())
}

async fn judge_alerts(control: &Control, leader: &Leader, status: &mut Status) -> Result<(), Stopped> {
    let figures = alerts::measure(control).await?;
    let open: Vec<Incident> = control.store.list_open_incidents(None).await?;
    let of = |kind: AlertKind| open.iter().find(|incident| incident.cause == Cause::Alert(kind));
    let now = control.clock.now();
    for judged in judge(&figures, |kind| of(kind).is_some()) {
        let mut tx = leader.begin(control).await?;
        tx.set_alert(&judged, now).await?;
        match (judged.state, of(judged.kind)) {
            (AlertState::Firing, None) => {
                let cause = Cause::Alert(judged.kind);
                let places = alerts::places(control, judged.kind).await?;
                // The title stands as long as the incident does: a figure in it would soon be untrue.
                let why = format!(
                    "When it opened: {}{places}. It fires {}. {}",
                    judged.value,
                    judged.limit,
                    judged.kind.measured()
                );
                let title = judged.kind.title();
                let new = NewIncident { environment: None, cause: &cause, title, why: &why, at: now };
                incidents::open(control, leader, &mut tx, &new).await?;
                status.opened += 1;
            }
            (AlertState::Ok, Some(incident)) => {
                incidents::close(control, leader, &mut tx, incident, &judged.value, now).await?;
                status.closed += 1;
            }
            // What is measured no more is neither better nor worse.
            (AlertState::Firing, Some(_)) | (AlertState::Ok, None) | (AlertState::NotMeasured, _) => {}
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Sends what waits in the outbox. Sent twice after a crash, it has the same delivery id, by which a receiver knows it.
pub async fn deliver(control: &Control, leader: &Leader) -> Result<u32, Stopped> {
    let Some(target) = &control.watch.webhook else { return Ok(0) };
    let mut delivered = 0;
    for delivery in control.store.list_due_deliveries(control.clock.now(), DELIVERED_AT_ONCE).await? {
        leader.must_lead()?;
        leader.checkpoints.pass()?;
        let taken = target.deliver(delivery.id, &delivery.body, control.clock.now()).await;
        leader.checkpoints.pass()?;
        let now = control.clock.now();
        let mut tx = leader.begin(control).await?;
        match taken {
            Ok(status) => {
                tx.set_delivered(delivery.id, status, now).await?;
                delivered += 1;
            }
            Err(not) => {
                tracing::warn!(
                    delivery = delivery.id,
                    status = not.status,
                    error = not.error,
                    "the webhook did not take it"
                );
                let again_in = webhook::pause(delivery.attempts);
                tx.record_delivery_failure(delivery.id, not.status, &not.error, now, again_in).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(delivered)
}
