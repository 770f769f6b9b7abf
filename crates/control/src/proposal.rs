//! What a proposal of a plan would meet: its digests, whose agreement it takes, and what waits or runs already. Stores nothing.

use domain::{ChangeState, view::proposal::Proposal};

use crate::{Control, Error, evidence::Rules, planning::Planned};

/// Changes that have not ended and are named, at most.
const OPEN: u32 = 5;

pub(crate) async fn foresee(control: &Control, planned: &Planned) -> Result<Proposal, Error> {
    let mut tx = control.store.begin().await?;
    let rules = Rules::read(&mut tx).await?;
    drop(tx);
    let filter = store::ChangeFilter {
        environment: Some(&planned.plan.environment),
        states: &[ChangeState::AwaitingApprovals, ChangeState::Approved, ChangeState::Applying],
        ..store::ChangeFilter::default()
    };
    let mut open = control.store.list_change_headings(&filter, OPEN + 1).await?;
    let more = open.len() > OPEN as usize;
    open.truncate(OPEN as usize);
    Ok(Proposal {
        plan_sha256: planned.plan_bytes.sha256.clone(),
        payload_sha256: planned.payload.sha256.clone(),
        verdict: rules.decide(&planned.desired.environment, &planned.plan),
        open: open.into_iter().map(Into::into).collect(),
        more,
    })
}
