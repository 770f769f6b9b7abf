//! What a change's own page shows, and what programs read of it.

use domain::{
    Actor, ChangeId, Permission,
    change::Change,
    cost::declared_prices,
    plan::in_force_words,
    view::change::{Beside, ChangeDetail, ChangeView, ShownDeclaration},
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
    let declared = declared_otherwise(control, change, whole);
    let (budget, awaited, declared) = tokio::try_join!(budget, awaited, declared)?;
    let prices = declared_prices(&revision.desired, &revision.plan);
    let in_force = match change.state.is_terminal() {
        true => Vec::new(),
        false => in_force_words(&revision.desired, &revision.plan, view.now),
    };
    let beside = Beside { awaited, declared, prices, in_force, budget };
    Ok(ChangeDetail::of(view, beside, whole))
}

/// The change, and all that it declares otherwise; None: nobody recorded what was in force when it was planned.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn load_compared(
    control: &Control,
    actor: &Actor,
    id: ChangeId,
) -> Result<(ChangeView, Option<ShownDeclaration>), Error> {
    authorize(actor, Permission::ReadFleet)?;
    let (view, _) = view_of(control, actor, id).await?;
    let declared = declared_otherwise(control, &view.change, true).await?;
    Ok((view, declared))
}

async fn declared_otherwise(
    control: &Control,
    change: &Change,
    whole: bool,
) -> Result<Option<ShownDeclaration>, Error> {
    let revision = &change.revision;
    if revision.base_generation == 0 {
        return Ok(Some(ShownDeclaration::of(None, &revision.desired, whole)));
    }
    let before = control.store.declaration_at(&change.environment, revision.base_generation).await?;
    Ok(before.map(|before| ShownDeclaration::of(Some(&before), &revision.desired, whole)))
}
