//! What a change's own page shows.

use domain::{
    Actor, ChangeId,
    cost::declared_prices,
    view::change::{Beside, ChangeDetail},
};

use super::{awaited, load_change};
use crate::{Control, Error};

/// `whole`: long lists in full.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn load_detail(
    control: &Control,
    actor: &Actor,
    id: ChangeId,
    whole: bool,
) -> Result<ChangeDetail, Error> {
    let view = load_change(control, actor, id).await?;
    let (change, revision) = (&view.change, &view.change.revision);
    // What has ended is not held against a budget of today.
    let budget = match change.state.is_terminal() {
        true => None,
        false => control.store.get_budget(&change.environment).await?.and_then(|budget| budget.monthly),
    };
    let beside = Beside {
        awaited: awaited::of_change(control, actor, change, whole).await?,
        prices: declared_prices(&revision.desired, &revision.plan),
        budget,
    };
    Ok(ChangeDetail::of(view, beside, whole))
}
