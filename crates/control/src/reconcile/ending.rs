//! How a change ends: its last state with its event, and with an alarm where its evidence was tampered with.

use domain::{Actor, ChangeId, ChangeState, Timestamp, audit::AuditAction, change::Change, incident::Cause};
use store::{BrokenChange, NewIncident, Tx};

use super::{Leader, Stopped, changes::system};
use crate::{Control, Error, audit::of_change, incidents};

/// What becomes of it, and why.
#[derive(Debug)]
pub(super) enum Ending {
    /// Observed equals desired.
    Applied,
    Failed(String),
    /// Somebody wrote to the database behind the control plane: it fails, and a person must look who.
    Forged(String),
    Superseded(String),
}

impl Ending {
    /// The last state, the event that tells of it, and why.
    fn told(&self) -> (ChangeState, AuditAction, &str) {
        match self {
            Self::Applied => (ChangeState::Applied, AuditAction::FinishChange, "observed equals desired"),
            Self::Failed(why) | Self::Forged(why) => {
                (ChangeState::Failed, AuditAction::FailChange, why.as_str())
            }
            Self::Superseded(why) => (ChangeState::Superseded, AuditAction::SupersedeChange, why.as_str()),
        }
    }
}

/// The row that ends, whether or not the bytes in it can be believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    id: ChangeId,
    environment: &'a str,
    state: ChangeState,
}

impl<'a> From<&'a Change> for Row<'a> {
    fn from(change: &'a Change) -> Self {
        Self { id: change.id, environment: &change.environment, state: change.state }
    }
}

impl<'a> From<&'a BrokenChange> for Row<'a> {
    fn from(broken: &'a BrokenChange) -> Self {
        Self { id: broken.id, environment: &broken.environment, state: broken.state }
    }
}

/// Ends it in a transaction of its own.
pub(super) async fn finish(
    control: &Control,
    leader: &Leader,
    row: Row<'_>,
    ending: &Ending,
) -> Result<(), Stopped> {
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    end(control, leader, &mut tx, &system(control), row, ending).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(())
}

/// The change's last state, with all that tells of it, in the transaction that found it out.
pub(super) async fn end(
    control: &Control,
    leader: &Leader,
    tx: &mut Tx,
    actor: &Actor,
    row: Row<'_>,
    ending: &Ending,
) -> Result<(), Error> {
    let now = control.clock.now();
    let (to, action, why) = ending.told();
    tx.set_change_state(row.id, row.state, to, Some(why), now).await?;
    let ended = of_change(actor, action, (row.id, row.environment), row.id.to_string(), why, now);
    tx.append_audit(&leader.signs(ended)).await?;
    match ending {
        Ending::Forged(why) => alarm(control, leader, tx, row, why, now).await,
        Ending::Applied | Ending::Failed(_) | Ending::Superseded(_) => Ok(()),
    }
}

/// One incident a change, which a person closes with what was found.
async fn alarm(
    control: &Control,
    leader: &Leader,
    tx: &mut Tx,
    row: Row<'_>,
    why: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let (id, cause) = (row.id, Cause::Forgery(row.id));
    let title = format!("{id} was refused: its evidence was tampered with");
    let why =
        format!("What is stored for {id} is not what was signed and logged: {why}. Nothing more of it runs.");
    let new = NewIncident { environment: Some(row.environment), cause: &cause, title: &title, why: &why, at };
    incidents::open(control, leader, tx, &new).await?;
    Ok(())
}
