//! What keeps changes that may run: the brake of their environment, or those whose turn is before them.

use std::collections::BTreeMap;

use domain::{
    ChangeId, ChangeState,
    queue::{Ahead, Held, QUEUED, Queued},
};

use crate::{Control, Error, reconcile};

/// As it is now, of all environments.
#[derive(Debug, Default)]
pub(super) struct Queue {
    changes: Vec<Queued>,
    /// Incidents whose brake holds, by environment.
    brakes: BTreeMap<String, String>,
}

impl Queue {
    /// Nothing is read where none of these may run.
    pub(super) async fn read(control: &Control, states: &[ChangeState]) -> Result<Self, Error> {
        if !states.iter().any(|state| QUEUED.contains(state)) {
            return Ok(Self::default());
        }
        let changes = async { Ok::<_, Error>(control.store.list_queue().await?) };
        let (changes, brakes) = tokio::try_join!(changes, reconcile::changes::braked(control))?;
        Ok(Self { changes, brakes })
    }

    pub(super) fn held(&self, id: ChangeId, environment: &str, state: ChangeState) -> Option<Held> {
        let change = Queued { id, environment: environment.to_owned(), state };
        Held::of(&change, &self.changes, self.brakes.get(environment).map(String::as_str))
    }
}

/// In words, with what the change waits for whose turn it is.
pub(super) async fn waits_for(
    control: &Control,
    environment: &str,
    held: &Held,
) -> Result<Vec<String>, Error> {
    let ahead = match held {
        Held::Brake(_) => Ahead::default(),
        Held::Behind { first, .. } => ahead(control, environment, *first).await?,
    };
    Ok(held.waits_for(&ahead))
}

async fn ahead(control: &Control, environment: &str, id: ChangeId) -> Result<Ahead, Error> {
    // One whose bytes are not to be believed is no reason to tell nothing of those behind it.
    let open = control.store.list_changes_of(environment, &[ChangeState::Applying]).await?;
    let Some(change) = open.changes.into_iter().find(|change| change.id == id) else {
        return Ok(Ahead::default());
    };
    let operations = control.store.list_operations(id).await?;
    let progress = reconcile::progress::of_change(control, &change, &operations).await?;
    Ok(Ahead { given_up_at: progress.given_up_at(), waiting_for: progress.missing })
}
