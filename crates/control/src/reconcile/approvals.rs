//! Writes down what time and the target did to changes that wait: those whose time is over end, votes whose time is over or whose target
//! moved are void.

use domain::{Actor, ChangeId, ChangeState, audit::AuditAction};
use store::NewEvent;

use super::{Leader, Stopped, changes::system};
use crate::{
    Control, Error,
    audit::of_change,
    drift,
    evidence::{self, Forged, Rules},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub expired: u32,
    pub voided: u32,
}

pub async fn reconcile(control: &Control, leader: &Leader) -> Result<Status, Stopped> {
    let mut status = Status::default();
    let actor = system(control);
    for id in control.store.list_overdue_changes().await? {
        overdue(control, leader, &actor, id, &mut status).await?;
    }
    for waiting in control.store.list_waiting_changes().await? {
        // Without a vote there is nothing to take back; whoever comes to vote is shown the truth first.
        if !waiting.votes.iter().any(|vote| vote.in_time) {
            continue;
        }
        match follow(control, leader, &actor, waiting.id, &mut status).await {
            // One that cannot be looked at does not keep the others from it; whoever claims it looks again.
            Err(Stopped::Failed(error)) => {
                tracing::debug!(change = %waiting.id, %error, "nobody knows whether its target moved");
            }
            followed => followed?,
        }
    }
    Ok(status)
}

/// By the database's time: the change's own end, or that of some of its votes.
async fn overdue(
    control: &Control,
    leader: &Leader,
    actor: &Actor,
    id: ChangeId,
    status: &mut Status,
) -> Result<(), Stopped> {
    let at = control.clock.now();
    let mut tx = leader.begin(control).await?;
    let change = match tx.lock_change(id).await {
        // Whoever claims refuses it.
        Err(store::Error::Corrupt { .. }) => return Ok(()),
        change => change?,
    };
    if change.state != ChangeState::AwaitingApprovals {
        return Ok(());
    }
    let now = tx.database_time().await?;
    let events = if change.expires_at.is_some_and(|end| end <= now) {
        let outcome = "nobody agreed to it in time";
        tx.set_change_state(id, change.state, ChangeState::Expired, Some(outcome), at).await?;
        status.expired += 1;
        let environment = (id, change.environment.as_str());
        vec![of_change(actor, AuditAction::ExpireChange, environment, id.to_string(), outcome, at)]
    } else {
        let rules = Rules::read(&mut tx).await?;
        let votes = tx.list_votes(id).await?;
        match evidence::weigh(&control.signing, &change, &rules, &votes, now) {
            Ok(weighed) if !weighed.stale.is_empty() => {
                status.voided += 1;
                let because = weighed.stale[0].because.clone();
                drift::void_some(&mut tx, actor, &change, (&weighed.stale_ids(), &because), at).await?
            }
            Ok(_) => return Ok(()),
            Err(Forged(why)) => {
                tracing::error!(change = %id, why, "a vote on a waiting change is not what was signed");
                return Ok(());
            }
        }
    };
    append(&mut tx, leader, events).await?;
    tx.commit().await?;
    Ok(())
}

/// Looks whether the target is still what was signed for.
async fn follow(
    control: &Control,
    leader: &Leader,
    actor: &Actor,
    id: ChangeId,
    status: &mut Status,
) -> Result<(), Stopped> {
    let change = match control.store.get_change(id).await {
        Err(store::Error::Corrupt { .. }) | Ok(None) => return Ok(()),
        Ok(Some(change)) => change,
        Err(error) => return Err(error.into()),
    };
    let Some(drift) = drift::look(control, &change).await? else { return Ok(()) };
    let mut tx = leader.begin(control).await?;
    let locked = tx.lock_change(id).await?;
    if locked.state != ChangeState::AwaitingApprovals || locked.revision.number != change.revision.number {
        return Ok(());
    }
    let rules = Rules::read(&mut tx).await?;
    let events = drift::take_back(&mut tx, actor, &locked, &rules, drift, control.clock.now()).await?;
    status.voided += 1;
    append(&mut tx, leader, events).await?;
    tx.commit().await?;
    Ok(())
}

async fn append(tx: &mut store::Tx, leader: &Leader, events: Vec<NewEvent<'_>>) -> Result<(), Error> {
    let events: Vec<_> = events.into_iter().map(|event| leader.signs(event)).collect();
    tx.append_audits(&events).await?;
    Ok(())
}
