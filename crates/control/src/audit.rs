//! The audit log: what every use-case appends, and how people read it. Reading changes nothing, so that no reading is an event:
//! neither of a page, nor of an export, nor of a verification, which would make longer what it has just read.

mod export;
mod proof;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, ChangeId, Permission, Timestamp,
    alert::{AlertKind, AlertState},
    audit::{AuditAction, AuditEvent},
    edit::differences,
    view::audit::{AuditEventView, AuditLine, AuditList, AuditView, AuditWatch, Edited},
};
use store::{AuditFilter, NewEvent};

pub use domain::view::audit::AuditQuery;
pub use export::{AuditExport, export_audit};
pub use proof::{Proofs, verify_audit};

use crate::{Control, Error, environments, error::authorize};

const PAGE: u32 = 50;
/// Where an event's payload has the digest of its revision's plan.
const PLAN: &str = "plan_sha256";

/// The event of what was done to a change, or in its course to `object`.
pub(crate) fn of_change<'a>(
    actor: &'a Actor,
    action: AuditAction,
    (change, environment): (ChangeId, &str),
    object: impl Into<String>,
    detail: impl Into<String>,
    now: Timestamp,
) -> NewEvent<'a> {
    NewEvent {
        object: object.into(),
        detail: detail.into(),
        ..NewEvent::of_change(actor, action, change, environment, now)
    }
}

/// The same with what it is about, so that the log alone tells which bytes were proposed and which ran.
pub(crate) fn of_revision<'a>(
    event: NewEvent<'a>,
    payload_sha256: &str,
    plan_sha256: &str,
) -> Result<NewEvent<'a>, Error> {
    let after = payload_sha256.parse().map_err(Error::internal)?;
    let mut event = NewEvent { after_sha256: Some(after), ..event };
    event.payload.insert(PLAN.to_owned(), plan_sha256.into());
    Ok(event)
}

/// Characters of what one looks for, at most.
const LONGEST_WORD: usize = 300;

/// A page of the log. Of an environment that nothing was ever done to there is no history, and it does not exist.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_audit(control: &Control, actor: &Actor, query: AuditQuery) -> Result<AuditList, Error> {
    authorize(actor, Permission::ReadAudit)?;
    page(control, &query).await
}

/// The same with what the log's own page tells around it.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_audit(control: &Control, actor: &Actor, query: AuditQuery) -> Result<AuditView, Error> {
    authorize(actor, Permission::ReadAudit)?;
    let AuditList { events, next, previous, .. } = page(control, &query).await?;
    let (prefixes, watch) = tokio::try_join!(prefixes(control, &events), watched(control))?;
    Ok(AuditView {
        lines: events.into_iter().map(AuditLine::from).collect(),
        next,
        previous,
        prefixes,
        watch,
    })
}

async fn page(control: &Control, query: &AuditQuery) -> Result<AuditList, Error> {
    check(query)?;
    if query.before.is_some() && query.after.is_some() {
        return Err(Error::invalid("after", "page by `before` or by `after`, not both"));
    }
    require_environment(control, query).await?;
    let filter = filter_of(query);
    let forward = query.after.is_some();
    let mut events = if forward {
        control.store.list_oldest_audit(&filter, PAGE + 1).await?
    } else {
        control.store.list_audit(&filter, PAGE + 1).await?
    };
    let more = events.len() > PAGE as usize;
    if forward && more {
        events.remove(0);
    }
    events.truncate(PAGE as usize);
    // Whether anything lies beyond the end that the page was not taken from.
    let any = async |filter: AuditFilter<'_>| {
        Ok::<_, Error>(!control.store.list_audit(&filter, 1).await?.is_empty())
    };
    let (first, last) = (events.first().map(|event| event.seq), events.last().map(|event| event.seq));
    let (newer, older) = if forward {
        let edge = last.or(query.after.map(|after| after.saturating_add(1)));
        (more, any(AuditFilter { before: edge, after: None, ..filter.clone() }).await?)
    } else if let Some(before) = query.before {
        let edge = first.unwrap_or_else(|| before.saturating_sub(1));
        (any(AuditFilter { before: None, after: Some(edge), ..filter.clone() }).await?, more)
    } else {
        (false, more)
    };
    Ok(AuditList {
        next: last.or(query.after.map(|after| after.saturating_add(1))).filter(|_| older),
        previous: first.or(query.before.map(|before| before.saturating_sub(1))).filter(|_| newer),
        events,
        now: control.clock.now(),
    })
}

fn filter_of(query: &AuditQuery) -> AuditFilter<'_> {
    AuditFilter {
        environment: query.environment.as_deref(),
        change: query.change,
        actor: query.actor.as_deref(),
        action: query.action,
        object: query.object.as_deref(),
        from: query.from,
        until: query.until,
        before: query.before,
        after: query.after,
    }
}

async fn require_environment(control: &Control, query: &AuditQuery) -> Result<(), Error> {
    let Some(name) = &query.environment else { return Ok(()) };
    environments::check(name)?;
    if !control.store.audit_names(name).await? {
        environments::require(control, name).await?;
    }
    Ok(())
}

/// The leader verifies and judges in one round, so the alert's time is when the log was last looked at.
async fn watched(control: &Control) -> Result<AuditWatch, Error> {
    let (verified, alerts) = tokio::try_join!(control.store.audit_verified(), control.store.list_alerts())?;
    let alert = alerts.into_iter().find(|alert| alert.kind == AlertKind::AuditPipelineLag);
    Ok(AuditWatch {
        seq: verified.seq,
        broken_at: verified.broken_at,
        looked_at: alert.as_ref().map(|alert| alert.judged_at),
        alert: alert.filter(|alert| alert.state == AlertState::Firing).map(|alert| alert.value),
    })
}

async fn prefixes(control: &Control, events: &[AuditEvent]) -> Result<BTreeMap<String, String>, Error> {
    let named: BTreeSet<&str> = events.iter().filter_map(|event| event.environment.as_deref()).collect();
    if named.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places = control.store.list_environment_places().await?.into_iter();
    let places = places.filter(|place| named.contains(place.name.as_str()));
    Ok(places.map(|place| (place.name, place.name_prefix)).collect())
}

fn check(query: &AuditQuery) -> Result<(), Error> {
    for (field, text) in [("actor", &query.actor), ("object", &query.object)] {
        let Some(text) = text else { continue };
        if text.contains('\0') {
            return Err(Error::invalid(field, "holds a NUL character: take it out"));
        }
        if text.chars().count() > LONGEST_WORD {
            return Err(Error::invalid(field, format!("write at most {LONGEST_WORD} characters")));
        }
    }
    if let (Some(from), Some(until)) = (query.from, query.until)
        && from >= until
    {
        return Err(Error::invalid("until", "is not after `from`: choose a later moment"));
    }
    Ok(())
}

/// One event with the bytes that are hashed, and what its change declares otherwise than before.
#[tracing::instrument(skip_all, fields(actor = actor.id, seq), err(level = "debug"))]
pub async fn load_audit_event(control: &Control, actor: &Actor, seq: i64) -> Result<AuditEventView, Error> {
    authorize(actor, Permission::ReadAudit)?;
    let found = control.store.get_audit(seq).await?;
    let stored = found.ok_or_else(|| Error::NotFound(format!("audit event {seq}")))?;
    // Only an event that carries a revision's digests is about one, and about no other revision.
    let event = &stored.event;
    let plan = event.facts.iter().find(|(name, _)| name == PLAN).map(|(_, digest)| digest);
    let around = match (event.change, &event.after_sha256, plan) {
        (Some(change), Some(desired), Some(plan)) => {
            let desired = desired.parse().map_err(Error::internal)?;
            let plan = plan.parse().map_err(Error::internal)?;
            control.store.declared_around(change, &desired, &plan).await?
        }
        _ => None,
    };
    let declared = around.as_ref().and_then(|around| {
        let before = around.in_force.as_ref()?;
        Some(differences(before, &around.declared))
    });
    let edited = around.as_ref().and_then(|around| {
        let differences = differences(around.earlier.as_ref()?, &around.declared);
        Some(Edited { revision: around.revision, differences })
    });
    let prefix = prefixes(control, std::slice::from_ref(&stored.event)).await?.into_values().next();
    Ok(AuditEventView {
        prefix,
        event: stored.event,
        prev: stored.prev.to_string(),
        leaf: stored.leaf,
        differences: declared.unwrap_or_default(),
        edited,
        last: stored.last,
        now: control.clock.now(),
    })
}
