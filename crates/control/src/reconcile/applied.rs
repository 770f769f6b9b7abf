//! Whether what was declared last was carried out: a condition of the environment, and of its pools while it is not.

use domain::{
    ChangeState, Timestamp,
    condition::{Condition, ConditionStatus, ConditionType, set_condition},
    plan::Plan,
};
use store::{ChangeSummary, Environment};

use crate::{Control, Error};

/// How many of the missing steps are named.
const NAMED: usize = 3;

/// What `remaining`, the plan from what is observed to what is declared, says of the declaration. None: what was said before goes on.
/// So a change that is being applied does not take back that the one before it failed.
pub(super) async fn assess(
    control: &Control,
    environment: &Environment,
    remaining: &Plan,
    now: Timestamp,
) -> Result<Option<Condition>, Error> {
    let id = environment.declared_by;
    let said = |status, reason: &str, message| Condition {
        kind: ConditionType::Applied,
        status,
        reason: reason.to_owned(),
        message,
        since: now,
    };
    if remaining.is_empty() {
        let message = format!("everything that {id} declared is there");
        return Ok(Some(said(ConditionStatus::True, "CarriedOut", message)));
    }
    let among = [id];
    let filter = store::ChangeFilter { among: Some(&among), ..Default::default() };
    let declared = control.store.list_changes(&filter, 1).await?.pop();
    let failed = declared.filter(|change| change.state == ChangeState::Failed);
    Ok(failed.map(|change| {
        said(ConditionStatus::False, "ChangeFailed", half_applied(&change, &missing(remaining)))
    }))
}

fn missing(remaining: &Plan) -> Vec<String> {
    remaining.actions.iter().map(|action| action.title()).collect()
}

/// Which change it was, what of it is not there, and what to do.
fn half_applied(change: &ChangeSummary, missing: &[String]) -> String {
    let why = change.outcome.as_deref().unwrap_or("no reason is known").trim_end_matches('.');
    let named = missing.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} failed: {why}. Nobody goes on with what is still missing: {named}{more}. Propose it again, or import again.",
        change.id
    )
}

/// A pool that is not as declared says why, while nobody works on it.
pub(super) fn tell_pool(conditions: &mut Vec<Condition>, failed: Option<&Condition>) {
    let synced = conditions.iter().any(|condition| {
        condition.kind == ConditionType::Synced && condition.status == ConditionStatus::True
    });
    match failed {
        Some(failed) if !synced => set_condition(conditions, failed.clone()),
        _ => conditions.retain(|condition| condition.kind != ConditionType::Applied),
    }
}

#[cfg(test)]
mod tests {
    use domain::{ChangeId, plan::Impact};

    use super::*;

    #[test]
    fn a_change_that_failed_is_named_with_what_is_missing_and_what_to_do() {
        let change = ChangeSummary {
            id: ChangeId(7),
            environment: "dev".into(),
            title: "Import".into(),
            state: ChangeState::Failed,
            outcome: Some("create health check a: it exists.".into()),
            proposed_by: "olga".into(),
            proposed_by_name: "Olga".into(),
            proposed_at: Timestamp::default(),
            expires_at: None,
            claimed_at: None,
            finished_at: None,
            impact: Impact::default(),
            maxima: Vec::new(),
        };
        let missing = ["create a", "create b", "create c", "create d", "create e"].map(str::to_owned);
        assert_eq!(
            half_applied(&change, &missing),
            "chg-7 failed: create health check a: it exists. Nobody goes on with what is still missing: \
             create a, create b, create c and 2 more. Propose it again, or import again."
        );
        assert!(half_applied(&change, &missing[..1]).contains("missing: create a. Propose"));
    }
}
