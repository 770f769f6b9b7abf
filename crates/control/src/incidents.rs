//! Incidents: opened and closed with their event and their delivery in one transaction; a person may let the brake go, and closes what
//! nothing measured ends.

use domain::{
    Actor, Permission, Timestamp,
    audit::AuditAction,
    incident::{Cause, Incident},
};
use serde_json::json;
use store::{NewEvent, NewIncident, Tx};

use crate::{Control, Error, error::authorize, reconcile::Leader};

const LONGEST_REASON: usize = 500;

/// Who watches, in the audit log.
pub(crate) fn watcher(control: &Control) -> Actor {
    Actor::system("Watch", &format!("watch-{}", control.clock.now().timestamp_millis()))
}

/// None: one of this cause is open already.
pub(crate) async fn open(
    control: &Control,
    leader: &Leader,
    tx: &mut Tx,
    new: &NewIncident<'_>,
) -> Result<Option<i64>, Error> {
    let Some(id) = tx.open_incident(new).await? else { return Ok(None) };
    let incident = Incident {
        id,
        environment: new.environment.map(str::to_owned),
        cause: new.cause.clone(),
        title: new.title.to_owned(),
        why: new.why.to_owned(),
        opened_at: new.at,
        closed_at: None,
        closed_because: None,
        below_since: None,
        overruled_at: None,
        holds: Vec::new(),
    };
    queue(control, tx, "incident.opened", &incident, new.at).await?;
    let actor = watcher(control);
    let event = NewEvent {
        environment: incident.environment.clone(),
        detail: format!("{}: {}", new.title, new.why),
        ..NewEvent::new(&actor, AuditAction::OpenIncident, incident.name(), new.at)
    };
    tx.append_audit(&leader.signs(event)).await?;
    Ok(Some(id))
}

pub(crate) async fn close(
    control: &Control,
    leader: &Leader,
    tx: &mut Tx,
    incident: &Incident,
    because: &str,
    now: Timestamp,
) -> Result<(), Error> {
    if !tx.close_incident(incident.id, because, now).await? {
        return Ok(());
    }
    tell_closed(control, tx, incident, because, now).await?;
    let actor = watcher(control);
    let event = NewEvent {
        environment: incident.environment.clone(),
        detail: format!("{}: {because}", incident.title),
        ..NewEvent::new(&actor, AuditAction::CloseIncident, incident.name(), now)
    };
    tx.append_audit(&leader.signs(event)).await?;
    Ok(())
}

async fn tell_closed(
    control: &Control,
    tx: &mut Tx,
    incident: &Incident,
    because: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let closed =
        Incident { closed_at: Some(now), closed_because: Some(because.to_owned()), ..incident.clone() };
    queue(control, tx, "incident.closed", &closed, now).await
}

async fn queue(
    control: &Control,
    tx: &mut Tx,
    event: &str,
    incident: &Incident,
    now: Timestamp,
) -> Result<(), Error> {
    if control.watch.webhook.is_none() {
        return Ok(());
    }
    let body = json!({
        "event": event,
        "incident": {
            "id": incident.name(),
            "environment": incident.environment,
            "cause": incident.cause,
            "title": incident.title,
            "why": incident.why,
            "opened_at": incident.opened_at,
            "closed_at": incident.closed_at,
            "closed_because": incident.closed_because,
        },
    });
    tx.queue_delivery(incident.id, event, body.to_string().as_bytes(), now).await?;
    Ok(())
}

/// Lets the brake go by hand: healing and changes go on, whatever the agents do. It is put on again only after the share was low.
#[tracing::instrument(skip_all, fields(actor = actor.id, incident = id), err(level = "debug"))]
pub async fn overrule_brake(control: &Control, actor: &Actor, id: i64, reason: &str) -> Result<(), Error> {
    authorize(actor, Permission::OverruleBrake)?;
    let reason = checked(reason, "say why healing may go on")?;
    let incident = get(control, id).await?;
    let Cause::MassFailure(_) = incident.cause else {
        return Err(Error::Conflict(format!("{} holds nothing", incident.name())));
    };
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    if !tx.overrule_incident(id, now).await? {
        return Err(Error::Conflict(format!("the brake of {} is let go already", incident.name())));
    }
    tx.intend_restores(id).await?;
    let event = NewEvent {
        environment: incident.environment.clone(),
        detail: reason.to_owned(),
        ..NewEvent::new(actor, AuditAction::OverruleBrake, incident.name(), now)
    };
    tx.append_audit(&event).await?;
    tx.commit().await?;
    Ok(())
}

/// Closes an incident that nothing measured ends, with what came of it.
#[tracing::instrument(skip_all, fields(actor = actor.id, incident = id), err(level = "debug"))]
pub async fn close_incident(control: &Control, actor: &Actor, id: i64, reason: &str) -> Result<(), Error> {
    authorize(actor, Permission::CloseIncident)?;
    let reason = checked(reason, "say what was found and what was done about it")?;
    let incident = get(control, id).await?;
    if !incident.is_closed_by_hand() {
        let name = incident.name();
        return Err(Error::Conflict(format!("{name} closes by itself as soon as what it is about is over")));
    }
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    if !tx.close_incident(id, reason, now).await? {
        return Err(Error::Conflict(format!("{} is closed already", incident.name())));
    }
    tell_closed(control, &mut tx, &incident, reason, now).await?;
    let event = NewEvent {
        environment: incident.environment.clone(),
        detail: format!("{}: {reason}", incident.title),
        ..NewEvent::new(actor, AuditAction::CloseIncident, incident.name(), now)
    };
    tx.append_audit(&event).await?;
    tx.commit().await?;
    Ok(())
}

async fn get(control: &Control, id: i64) -> Result<Incident, Error> {
    control.store.get_incident(id).await?.ok_or_else(|| Error::NotFound(format!("incident inc-{id}")))
}

fn checked<'a>(reason: &'a str, wanted: &str) -> Result<&'a str, Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", wanted));
    }
    if reason.chars().count() > LONGEST_REASON || reason.contains('\0') {
        return Err(Error::invalid("reason", format!("write at most {LONGEST_REASON} characters of text")));
    }
    Ok(reason)
}
