//! What a change's own page shows.

use domain::{
    Actor, ChangeId, Permission,
    cost::declared_prices,
    view::change::{Beside, ChangeDetail},
};

use super::{awaited, view_of};
use crate::{Control, Error, error::authorize};

/// `whole`: long lists in full.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn load_detail(
    control: &Control,
    actor: &Actor,
    id: ChangeId,
    whole: bool,
) -> Result<ChangeDetail, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let (view, counted) = view_of(control, actor, id).await?;
    let (change, revision) = (&view.change, &view.change.revision);
    let budget = async {
        // What has ended is not held against a budget of today.
        if change.state.is_terminal() {
            return Ok::<_, Error>(None);
        }
        Ok(control.store.get_budget(&change.environment).await?.and_then(|budget| budget.monthly))
    };
    let awaited = awaited::of_change(control, actor, change, &counted, whole);
    let (budget, awaited) = tokio::try_join!(budget, awaited)?;
    let beside = Beside { awaited, prices: declared_prices(&revision.desired, &revision.plan), budget };
    Ok(ChangeDetail::of(view, beside, whole))
}
