//! Import: Terraform text to a declaration and its plan, and from there to a proposed change.

use domain::{
    Actor, ChangeId, Permission, name,
    plan::{Step, in_force_words},
    resource::ResourceKind,
    view::import::{ImportInput, ImportPreview, Reading},
};

use crate::{Control, Error, changes, error::authorize, planning, proposal, revising};

/// What the texts would do. Stores nothing.
#[tracing::instrument(skip_all, fields(actor = actor.id, files = input.files.len()), err(level = "debug"))]
pub async fn preview_import(
    control: &Control,
    actor: &Actor,
    input: ImportInput,
) -> Result<ImportPreview, Error> {
    authorize(actor, Permission::PlanChange)?;
    let reading = read(control, input).await?;
    let Reading::Complete { desired } = reading else {
        return Ok(ImportPreview { reading, plan: None, in_force: Vec::new(), digest: None, proposal: None });
    };
    let planned = planning::plan_fleet(control, *desired).await?;
    let proposal = proposal::foresee(control, &planned).await?;
    Ok(ImportPreview {
        proposal: Some(proposal),
        digest: Some(planned.digest()?),
        in_force: in_force_words(&planned.desired, &planned.plan, control.clock.now()),
        reading: Reading::Complete { desired: Box::new(planned.desired) },
        plan: Some(planned.plan),
    })
}

/// Proposes what the preview showed. `digest` is the preview's: where the fleet moved since, nothing is proposed.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn propose_import(
    control: &Control,
    actor: &Actor,
    input: ImportInput,
    digest: &str,
    reason: &str,
) -> Result<ChangeId, Error> {
    let expected = Expected { digest: Some(digest), generation: None };
    propose_expected(control, actor, input, expected, reason).await
}

/// What the caller saw last. Where the fleet is not that any more, nothing is proposed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// Of the plan.
    pub digest: Option<&'a str>,
    /// Of the environment's declaration.
    pub generation: Option<i64>,
}

#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn propose_expected(
    control: &Control,
    actor: &Actor,
    input: ImportInput,
    expected: Expected<'_>,
    reason: &str,
) -> Result<ChangeId, Error> {
    authorize(actor, Permission::ProposeChange)?;
    let planned = plan_shown(control, input, expected).await?;
    let title = title(&planned);
    changes::propose(control, actor, planned, &title, reason).await
}

/// Edits a change that has not begun: the texts become its next revision. `revision` and `digest` are those that the editor looked at.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn revise_import(
    control: &Control,
    actor: &Actor,
    (id, revision): (ChangeId, u32),
    input: ImportInput,
    digest: &str,
) -> Result<u32, Error> {
    authorize(actor, Permission::ProposeChange)?;
    let expected = Expected { digest: Some(digest), generation: None };
    let planned = plan_shown(control, input, expected).await?;
    let title = title(&planned);
    revising::revise_change(control, actor, id, revision, planned, &title).await
}

/// Plans the texts again; where that is not what was shown, nothing is stored.
async fn plan_shown(
    control: &Control,
    input: ImportInput,
    expected: Expected<'_>,
) -> Result<planning::Planned, Error> {
    let Reading::Complete { desired } = read(control, input).await? else {
        return Err(Error::invalid("files", "they are not complete: plan them first"));
    };
    let planned = planning::plan_fleet(control, *desired).await?;
    let environment = &planned.plan.environment;
    let moved = |why| Error::Moved { environment: environment.clone(), why };
    if let Some(generation) = expected.generation.filter(|generation| *generation != planned.base_generation)
    {
        return Err(moved(format!(
            "{environment} is at generation {}, not {generation}: read its declaration and decide again",
            planned.base_generation
        )));
    }
    if expected.digest.is_some_and(|digest| planned.digest().ok().as_deref() != Some(digest)) {
        return Err(moved(
            "the fleet or the files changed since the plan was shown: look at the new plan and propose that"
                .to_owned(),
        ));
    }
    Ok(planned)
}

/// Parsing is work for a processor, not for the task that answers others.
async fn read(control: &Control, input: ImportInput) -> Result<Reading, Error> {
    control.tasks.spawn_blocking(move || terraform::read(&input)).await.map_err(Error::internal)
}

fn title(planned: &planning::Planned) -> String {
    let pools = planned.desired.agent_pools.len();
    let templates = planned.desired.agent_vm_templates.len();
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let environment = &planned.plan.environment;
    if planned.base_generation == 0 {
        return format!(
            "Import {} and {} into {environment}",
            count(templates, "template"),
            count(pools, "pool")
        );
    }
    // What a person would call it: what happens to pools first, then to the rest.
    let prefix = &planned.desired.environment.name_prefix;
    let pool = |group: &str| name::pool_of(group, prefix).unwrap_or(group).to_owned();
    let mut said: Vec<String> = planned
        .plan
        .actions
        .iter()
        .filter_map(|action| match &action.step {
            Step::ResizeInstanceGroup { name, from, to } => {
                Some(format!("resize {} from {from} to {to}", pool(name)))
            }
            step if step.kind() == ResourceKind::InstanceGroup => {
                Some(format!("{} pool {}", step.verb().as_str(), pool(step.name())))
            }
            _ => None,
        })
        .collect();
    if said.is_empty() {
        said.extend(planned.plan.actions.iter().map(domain::plan::Action::title));
    }
    let more = said.len().saturating_sub(2);
    said.truncate(2);
    let mut words = said.join(", ");
    if words.is_empty() {
        words = "declare anew, without a call".to_owned();
    }
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{environment}: {words}{tail}")
}
