//! The log as a file: what is chained of each event that a filter leaves, oldest first, read in pages as fast as it is taken.

use domain::{Actor, Permission, view::audit::AuditQuery};
use store::AuditFilter;

use super::{check, filter_of, require_environment};
use crate::{Control, Error, error::authorize};

/// Events read at once.
const BATCH: u32 = 500;

/// An export under way. It ends with the event that was the newest when it began, however fast the log grows.
#[derive(Debug)]
pub struct AuditExport {
    control: Control,
    query: AuditQuery,
    /// The last event that was given.
    given: i64,
    last: i64,
}

/// Begins an export of what the filter leaves. `after` and `before` bound it by numbers, and both may.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn export_audit(control: &Control, actor: &Actor, query: AuditQuery) -> Result<AuditExport, Error> {
    authorize(actor, Permission::ReadAudit)?;
    check(&query)?;
    require_environment(control, &query).await?;
    let last = control.store.last_audit(&filter_of(&query)).await?.unwrap_or_default();
    Ok(AuditExport { control: control.clone(), given: query.after.unwrap_or_default(), last, query })
}

impl AuditExport {
    /// The next lines; None after the last one.
    pub async fn lines(&mut self) -> Result<Option<String>, Error> {
        if self.given >= self.last {
            return Ok(None);
        }
        let filter = AuditFilter {
            after: Some(self.given),
            before: Some(self.last.saturating_add(1)),
            ..filter_of(&self.query)
        };
        let events = self.control.store.export_audit(&filter, BATCH).await?;
        let Some((seq, _)) = events.last() else { return Ok(None) };
        self.given = *seq;
        Ok(Some(events.iter().map(|(_, event)| format!("{event}\n")).collect()))
    }
}
