//! Verbs that propose one thing about a pool.

use domain::{AgentType, Amount, edit::Edit, pool::PoolSpec};

use crate::{
    cli::{Common, Proposal},
    client::Client,
    edit::{Declared, propose},
    failure::{Failure, Kind},
};

pub(super) struct NewPool {
    pub(super) agent_type: AgentType,
    pub(super) size: Option<u32>,
    pub(super) name: Option<String>,
    pub(super) template: Option<String>,
    /// The fewest and the most VMs of an autoscaler.
    pub(super) bounds: Option<(u32, u32)>,
}

pub(super) async fn create_pool(
    client: &Client,
    common: &Common,
    wanted: NewPool,
    proposal: &Proposal,
) -> Result<(), Failure> {
    let declared = Declared::load(client).await?;
    let template = match wanted.template {
        Some(name) => name,
        None => only_template(&declared, wanted.agent_type)?,
    };
    let name = wanted.name.unwrap_or_else(|| format!("{}-pool", wanted.agent_type));
    let mut pool = PoolSpec::new(&name, wanted.agent_type, &template);
    pool.target_size = wanted.size;
    if let Some((min, max)) = wanted.bounds {
        pool.enable_autoscaling = Some(true);
        (pool.min_replicas, pool.max_replicas) = (Some(min), Some(max));
    }
    propose(client, common, &declared, Edit::CreatePool { pool }, proposal).await
}

fn only_template(declared: &Declared, agent_type: AgentType) -> Result<String, Failure> {
    let templates = declared.spec.agent_vm_templates.iter();
    let names: Vec<&str> = templates
        .filter(|template| template.agent_type == agent_type)
        .map(|template| template.name.as_str())
        .collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Failure::new(
            Kind::Absent,
            format!(
                "{} declares no template of type {agent_type}: declare one first, by `g vm import`",
                declared.environment
            ),
        )),
        several => {
            let message = format!(
                "several templates are of type {agent_type}: choose by --template: {}",
                several.join(", ")
            );
            Err(Failure::new(Kind::Usage, message))
        }
    }
}

/// `wanted` is a fixed size, or the fewest and the most.
pub(super) async fn scale_pool(
    client: &Client,
    common: &Common,
    name: &str,
    wanted: (Option<u32>, Option<u32>, Option<u32>),
    proposal: &Proposal,
) -> Result<(), Failure> {
    let declared = Declared::load(client).await?;
    let mut pool = declared.pool(name)?;
    let (size, min, max) = wanted;
    let edit = if let Some(size) = size {
        Edit::ScalePool { name: name.to_owned(), target_size: size }
    } else {
        pool.enable_autoscaling = Some(true);
        pool.min_replicas = min.or(pool.min_replicas);
        pool.max_replicas = max.or(pool.max_replicas);
        Edit::UpdatePool { name: name.to_owned(), pool }
    };
    propose(client, common, &declared, edit, proposal).await
}

pub(super) struct Update {
    pub(super) template: Option<String>,
    pub(super) max_surge: Option<u32>,
    pub(super) max_unavailable: Option<u32>,
}

pub(super) async fn update_pool(
    client: &Client,
    common: &Common,
    name: &str,
    wanted: Update,
    proposal: &Proposal,
) -> Result<(), Failure> {
    let declared = Declared::load(client).await?;
    let mut pool = declared.pool(name)?;
    let name = name.to_owned();
    let edit = match wanted {
        Update { template: Some(template_name), max_surge: None, max_unavailable: None } => {
            Edit::SetPoolTemplate { name, template_name, template_version: None }
        }
        Update { template, max_surge, max_unavailable } => {
            pool.template_name = template.unwrap_or(pool.template_name);
            pool.max_surge = max_surge.map(Amount::Fixed).or(pool.max_surge);
            pool.max_unavailable = max_unavailable.map_or(pool.max_unavailable, Amount::Fixed);
            Edit::UpdatePool { name, pool }
        }
    };
    propose(client, common, &declared, edit, proposal).await
}

pub(super) async fn delete_pool(
    client: &Client,
    common: &Common,
    name: &str,
    confirmed: &str,
    proposal: &Proposal,
) -> Result<(), Failure> {
    if name != confirmed {
        let message =
            format!("--confirm says {confirmed}, not {name}: write the name of the pool that is to go");
        return Err(Failure::new(Kind::Usage, message));
    }
    let declared = Declared::load(client).await?;
    declared.pool(name)?;
    propose(client, common, &declared, Edit::DeletePool { name: name.to_owned() }, proposal).await
}
