//! The audit log: what every use-case appends, and how people read it.

use domain::{Actor, ChangeId, Permission, Timestamp, audit::AuditAction, view::audit::AuditList};
use store::{AuditFilter, NewEvent};

use crate::{Control, Error, environments, error::authorize};

const PAGE: u32 = 50;

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
    event.payload.insert("plan_sha256".to_owned(), plan_sha256.into());
    Ok(event)
}

/// What to show of the log.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    pub environment: Option<String>,
    pub change: Option<ChangeId>,
    /// Events before this one.
    pub before: Option<i64>,
}

#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_audit(control: &Control, actor: &Actor, query: AuditQuery) -> Result<AuditList, Error> {
    authorize(actor, Permission::ReadAudit)?;
    query.environment.as_deref().map_or(Ok(()), environments::check)?;
    let filter = AuditFilter {
        environment: query.environment.as_deref(),
        change: query.change,
        before: query.before,
        ..AuditFilter::default()
    };
    let mut events = control.store.list_audit(&filter, PAGE + 1).await?;
    let more = events.len() > PAGE as usize;
    events.truncate(PAGE as usize);
    let next = if more { events.last().map(|event| event.seq) } else { None };
    Ok(AuditList { events, next, now: control.clock.now() })
}
