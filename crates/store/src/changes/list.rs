//! Lists of changes, newest first: what a change is found by, and its row without the bytes of its revision.

use domain::{
    ChangeId, ChangeState, Timestamp,
    change::Heading,
    plan::{FieldChange, Impact},
};

use super::spellings;
use crate::{Result, Store, column};

/// A row of a list: a change without the bytes of its revision.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSummary {
    pub id: ChangeId,
    pub environment: String,
    pub title: String,
    pub state: ChangeState,
    pub outcome: Option<String>,
    pub proposed_by: String,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub claimed_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub impact: Impact,
    /// What its plan changes of the upper bounds of autoscalers.
    pub maxima: Vec<FieldChange>,
}

#[derive(Clone, Debug, Default)]
pub struct ChangeFilter<'a> {
    pub environment: Option<&'a str>,
    /// Empty: all.
    pub states: &'a [ChangeState],
    /// Names of resources of which the plan touches at least one; empty: all changes.
    pub touches: &'a [String],
    /// Only changes with a smaller id: the last one of the page before.
    pub before: Option<ChangeId>,
    /// Only what this person proposed or edited.
    pub author: Option<&'a str>,
    /// Only these.
    pub among: Option<&'a [ChangeId]>,
}

impl Store {
    /// Newest first.
    pub async fn list_changes(&self, filter: &ChangeFilter<'_>, limit: u32) -> Result<Vec<ChangeSummary>> {
        let states = (!filter.states.is_empty()).then(|| spellings(filter.states));
        let touches = (!filter.touches.is_empty()).then_some(filter.touches);
        let among: Option<Vec<i64>> = filter.among.map(|ids| ids.iter().map(|id| id.0).collect());
        sqlx::query!(
            r#"SELECT c.id, c.environment, c.title, c.state, c.outcome, c.proposed_by,
                      coalesce(p.name, c.proposed_by) AS "proposed_by_name!",
                      c.proposed_at, c.expires_at, c.claimed_at, c.finished_at, r.plan -> 'impact' AS "impact!",
                      jsonb_path_query_array(
                          r.plan, '$.actions[*].changes[*] ? (@.attribute == "max_replicas")'
                      ) AS "maxima!"
               FROM changes c
               JOIN LATERAL (
                   SELECT plan, touches FROM change_revisions WHERE change_id = c.id ORDER BY number DESC LIMIT 1
               ) r ON true
               LEFT JOIN people p ON p.sub = c.proposed_by
               WHERE ($1::text IS NULL OR c.environment = $1) AND ($2::text[] IS NULL OR c.state = ANY($2))
                 AND ($3::text[] IS NULL OR r.touches && $3) AND ($4::bigint IS NULL OR c.id < $4)
                 AND ($6::bigint[] IS NULL OR c.id = ANY($6))
                 AND ($7::text IS NULL OR c.proposed_by = $7
                      OR c.id IN (SELECT change_id FROM change_revisions WHERE created_by = $7))
               ORDER BY c.id DESC LIMIT $5"#,
            filter.environment,
            states.as_deref(),
            touches,
            filter.before.map(|id| id.0),
            i64::from(limit),
            among.as_deref(),
            filter.author
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let id = ChangeId(row.id);
            let named = || id.to_string();
            Ok(ChangeSummary {
                id,
                state: column::text(named, "state", &row.state)?,
                impact: column::json(named, "impact", row.impact)?,
                maxima: column::json(named, "plan", row.maxima)?,
                environment: row.environment,
                title: row.title,
                outcome: row.outcome,
                proposed_by: row.proposed_by,
                proposed_by_name: row.proposed_by_name,
                proposed_at: row.proposed_at,
                expires_at: row.expires_at,
                claimed_at: row.claimed_at,
                finished_at: row.finished_at,
            })
        })
        .collect()
    }

    /// The same without their plans: whoever looks for words reads many and shows few.
    pub async fn list_change_headings(&self, filter: &ChangeFilter<'_>, limit: u32) -> Result<Vec<Heading>> {
        let states = (!filter.states.is_empty()).then(|| spellings(filter.states));
        let touches = (!filter.touches.is_empty()).then_some(filter.touches);
        let among: Option<Vec<i64>> = filter.among.map(|ids| ids.iter().map(|id| id.0).collect());
        sqlx::query!(
            r#"SELECT c.id, c.title, c.state, coalesce(p.name, c.proposed_by) AS "proposed_by_name!", c.proposed_at
               FROM changes c
               LEFT JOIN people p ON p.sub = c.proposed_by
               WHERE ($1::text IS NULL OR c.environment = $1) AND ($2::text[] IS NULL OR c.state = ANY($2))
                 AND ($3::text[] IS NULL OR (
                     SELECT touches FROM change_revisions WHERE change_id = c.id ORDER BY number DESC LIMIT 1
                 ) && $3)
                 AND ($4::bigint IS NULL OR c.id < $4) AND ($6::bigint[] IS NULL OR c.id = ANY($6))
                 AND ($7::text IS NULL OR c.proposed_by = $7
                      OR c.id IN (SELECT change_id FROM change_revisions WHERE created_by = $7))
               ORDER BY c.id DESC LIMIT $5"#,
            filter.environment,
            states.as_deref(),
            touches,
            filter.before.map(|id| id.0),
            i64::from(limit),
            among.as_deref(),
            filter.author
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let id = ChangeId(row.id);
            Ok(Heading {
                id,
                state: column::text(|| id.to_string(), "state", &row.state)?,
                title: row.title,
                proposed_by_name: row.proposed_by_name,
                proposed_at: row.proposed_at,
            })
        })
        .collect()
    }
}
