//! One pool's part of a month, and what one of its VMs costs.

use chrono::NaiveDate;
use domain::{
    Actor, Permission,
    cost::{PriceBook, VmPrice, vm_price},
    name,
    view::costs::{PoolCosts, PricedVms},
};

use super::{count, load_month};
use crate::{Control, Error, environments, error::authorize, pools::Declared};

/// A month of one pool: the same run intervals as Costs adds up, so that the pools' months add up to the whole.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool_costs(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
    month: Option<NaiveDate>,
) -> Result<PoolCosts, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let declared = Declared::load(control, environments::require(control, environment).await?).await?;
    declared.pool(pool)?;
    let next = declared_price(&declared, pool);
    let (view, running) = load_month(control, Some(declared.environment), month, Some(pool)).await?;
    let mut prices: Vec<PricedVms> =
        running.into_iter().map(|now| PricedVms { vms: count(&now), price: now.price }).collect();
    if next.is_some() && !prices.iter().any(|priced| priced.price == next) {
        prices.push(PricedVms { vms: 0, price: next });
    }
    Ok(PoolCosts { pool: pool.to_owned(), view, prices })
}

/// What a VM of the pool's declared template costs while it runs; None where no template of it can be derived.
pub(crate) fn declared_price(declared: &Declared, pool: &str) -> Option<VmPrice> {
    let spec = &declared.environment.spec.environment;
    let group = declared.desired.groups.get(&name::instance_group(&spec.name_prefix, pool))?;
    let template = declared.desired.templates.get(name::last_segment(&group.template))?;
    Some(vm_price(template, &spec.region, PriceBook::shipped()))
}
