//! A fleet of 10,000 VMs that runs as declared. Proposed, claimed and finished by the use-cases themselves; only what
//! Compute Engine would have done in between is told by the domain's model of it, because the emulator has addresses for
//! 4,000 VMs.

use anyhow::{Context as _, anyhow, bail, ensure};
use control::{
    Control, import,
    reconcile::{Checkpoints, Leader, Stopped, changes, environments, operations::request_id},
};
use domain::{
    AgentType, ChangeId, ChangeState, ObservedFleet, Role,
    audit::AuditAction,
    change::Change,
    model,
    view::import::{ImportInput, SourceFile},
};
use store::{NewEvent, NewOperation};
use tokio_util::task::TaskTracker;

use crate::stack::{ENVIRONMENT, PERSON, Stack};

const PROJECT: &str = "genesis-project-dev";

/// VMs of one pool: half of what a regional group may hold.
const POOL_SIZE: u32 = 1000;

pub(crate) async fn make(stack: &Stack, vms: u32) -> anyhow::Result<()> {
    let control = stack.control().await?;
    let id = propose(stack, &control, terraform(ENVIRONMENT, PROJECT, vms)).await?;
    let leader = Leader::acquire(&control, Checkpoints::default()).await?;
    let leader = leader.context("another process leads: the stack's server must not work")?;
    let keeping = TaskTracker::new().spawn({
        let (leader, control) = (leader.clone(), control.clone());
        async move { leader.keep(&control).await }
    });
    let applied = apply(&control, &leader, id).await.map_err(|stopped| anyhow!("{stopped:?}"));
    keeping.abort();
    leader.release(&control).await;
    applied?;
    let change = control.store.get_change(id).await?.context("the change is gone")?;
    ensure!(change.state == ChangeState::Applied, "{id} is {:?}: {:?}", change.state, change.outcome);
    let there = control.store.list_instances(ENVIRONMENT, None).await?.len();
    ensure!(u32::try_from(there)? == vms, "{there} VMs came into being, not {vms}");
    Ok(())
}

/// As a person does: looks at the plan, then proposes what was shown.
pub(crate) async fn propose(
    stack: &Stack,
    control: &Control,
    input: ImportInput,
) -> anyhow::Result<ChangeId> {
    let actor = stack.person(control, PERSON, Role::Operator).await?;
    let preview = import::preview_import(control, &actor, input.clone()).await?;
    let Some(digest) = preview.digest else {
        bail!("the declaration is not complete: {:?}", preview.reading)
    };
    Ok(import::propose_import(control, &actor, input, &digest, "a benchmark").await?)
}

/// Claimed, carried out and finished, each in the transactions of the product.
async fn apply(control: &Control, leader: &Leader, id: ChangeId) -> Result<(), Stopped> {
    changes::reconcile(control, leader).await?;
    let claimed = control.store.get_change(id).await?;
    let environment = control.store.get_environment(ENVIRONMENT).await?;
    // Nothing was claimed: the caller says in which state the change is.
    let (Some(change), Some(environment)) = (claimed, environment) else { return Ok(()) };
    carry_out(control, leader, &change).await?;
    let empty = ObservedFleet { observed_at: Some(control.clock.now()), ..ObservedFleet::default() };
    let fleet = model::apply(&change.revision.plan, &empty);
    let fleet = ObservedFleet { observed_at: Some(control.clock.now()), ..fleet };
    environments::record_look(control, leader, environment, &fleet).await?;
    changes::reconcile(control, leader).await?;
    Ok(())
}

/// Every operation of the plan, intended, started and done.
async fn carry_out(control: &Control, leader: &Leader, change: &Change) -> Result<(), Stopped> {
    let actor = changes::system(control);
    for (number, action) in change.revision.plan.actions.iter().enumerate() {
        let (key, name) = (action.key(), format!("operation-{number}"));
        let event = |doing, detail: &str| NewEvent {
            object: action.title(),
            detail: detail.to_owned(),
            epoch: Some(leader.epoch()),
            ..NewEvent::of_change(&actor, doing, change.id, &change.environment, control.clock.now())
        };
        let mut tx = leader.begin(control).await?;
        let intended = NewOperation {
            change: change.id,
            step: &key,
            request_id: request_id(change, &key),
            kind: action.step.kind(),
            at: control.clock.now(),
        };
        tx.intend_operation(&intended).await?;
        tx.append_audit(&event(AuditAction::IntendOperation, &action.reason)).await?;
        tx.commit().await?;
        let mut tx = leader.begin(control).await?;
        tx.set_operation_running(change.id, &key, &format!("global/{name}"), "global").await?;
        tx.commit().await?;
        let mut tx = leader.begin(control).await?;
        tx.set_operation_done(change.id, &key, control.clock.now()).await?;
        tx.append_audit(&event(AuditAction::FinishOperation, &name)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Pools of [`POOL_SIZE`] VMs and a last one with the rest, each agent type in its turn.
pub(crate) fn terraform(environment: &str, project: &str, vms: u32) -> ImportInput {
    let mut templates = String::new();
    for kind in AgentType::ALL {
        templates.push_str(&format!(
            "    {{ name = \"{kind}\", agent_type = \"{kind}\", machine_type = \"e2-standard-2\" }},\n",
            kind = kind.as_str()
        ));
    }
    let mut pools = String::new();
    let (mut rest, mut kinds) = (vms, AgentType::ALL.iter().cycle());
    while let (1.., Some(kind)) = (rest, kinds.next()) {
        let size = rest.min(POOL_SIZE);
        rest -= size;
        pools.push_str(&format!(
            "    {{ name = \"pool-{rest}\", agent_type = \"{kind}\", template_name = \"{kind}\", \
             target_size = {size}, enable_autoscaling = false }},\n",
            kind = kind.as_str()
        ));
    }
    let text = format!(
        r#"module "vm_management" {{
  source = "../../modules/vm-management"

  project_id  = "{project}"
  region      = "us-central1"
  zones       = ["us-central1-a", "us-central1-b", "us-central1-c"]
  environment = "{environment}"
  network_id  = "projects/{project}/global/networks/genesis"
  subnet_id   = "projects/{project}/regions/us-central1/subnetworks/agents"

  agent_vm_templates = [
{templates}  ]

  agent_pools = [
{pools}  ]
}}
"#
    );
    ImportInput { files: vec![SourceFile { name: "main.tf".to_owned(), text }], ..ImportInput::default() }
}
