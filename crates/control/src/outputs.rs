//! The Terraform module's outputs, from the declaration in force and what was last seen.

use std::collections::BTreeMap;

use domain::{
    Actor, Permission,
    outputs::{Outputs, outputs},
};

use crate::{Control, Error, environments, error::authorize};

#[derive(Clone, Debug)]
pub struct EnvironmentOutputs {
    pub generation: i64,
    pub outputs: Outputs,
}

#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn load_outputs(
    control: &Control,
    actor: &Actor,
    environment: &str,
) -> Result<EnvironmentOutputs, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let declared = environments::require(control, environment).await?;
    let observed = control.store.observed_settings(environment).await?.unwrap_or_default();
    // Of the VMs only their numbers are told, and each look counts them by pool.
    let pools = control.store.list_pools(environment).await?;
    let running: BTreeMap<String, u32> =
        pools.into_iter().filter_map(|pool| Some((pool.name, pool.status?.running))).collect();
    let outputs = outputs(&declared.spec, &observed, &running);
    Ok(EnvironmentOutputs { generation: declared.generation, outputs })
}
