//! Edits: one thing said about an environment, planned against what runs, and proposed as a change of the whole declaration.

use domain::{
    Actor, ChangeId, FleetSpec, Permission,
    edit::{Edit, EditError, Spoken, differences},
    view::edit::EditPreview,
};

use crate::{
    Control, Error, changes, environments,
    error::authorize,
    planning::{self, Planned},
    rollouts,
};

/// What the edit would do. Stores nothing.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn preview_edit(
    control: &Control,
    actor: &Actor,
    environment: &str,
    edit: &Edit,
) -> Result<EditPreview, Error> {
    authorize(actor, Permission::PlanChange)?;
    let edited = Edited::load(control, environment, edit).await?;
    let (base_generation, digest) = (edited.planned.base_generation, edited.planned.digest()?);
    Ok(EditPreview {
        environment: environment.to_owned(),
        title: edited.title,
        base_generation,
        differences: edited.differences,
        spoken: Spoken::new(edit, &edited.declared, base_generation, &digest),
        digest,
        desired: edited.planned.desired,
        plan: edited.planned.plan,
    })
}

/// Proposes what a preview showed: `base_generation` and `digest` are the preview's. Where the environment or the fleet
/// moved since, nothing is proposed and the answer says what is newer.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn propose_edit(
    control: &Control,
    actor: &Actor,
    environment: &str,
    edit: &Edit,
    seen: Seen<'_>,
    reason: &str,
) -> Result<ChangeId, Error> {
    authorize(actor, Permission::ProposeChange)?;
    let edited = Edited::load(control, environment, edit).await?;
    let generation = edited.planned.base_generation;
    let moved = |why| Error::Moved { environment: environment.to_owned(), why };
    if seen.base_generation != generation {
        return Err(moved(format!(
            "{environment} is at generation {generation} now, and the edit was of generation {}: look at it again",
            seen.base_generation
        )));
    }
    if let Some(digest) = seen.digest
        && edited.planned.digest()? != digest
    {
        return Err(moved(format!(
            "what runs in {environment} changed since the plan was shown: look at the new plan and propose that"
        )));
    }
    changes::propose(control, actor, edited.planned, &edited.title, reason).await
}

/// What the proposer saw.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub base_generation: i64,
    /// The preview's; a program that looked at no plan has none.
    pub digest: Option<&'a str>,
}

struct Edited {
    /// What the edit is of.
    declared: FleetSpec,
    planned: Planned,
    title: String,
    differences: Vec<domain::plan::FieldChange>,
}

impl Edited {
    async fn load(control: &Control, environment: &str, edit: &Edit) -> Result<Self, Error> {
        let current = environments::require(control, environment).await?.spec;
        if let Edit::PromoteCanary { name } = edit {
            rollouts::check_promotion(control, &current, name).await?;
        }
        let title = edit.title(&current);
        let desired = edit.apply(&current)?;
        let planned = planning::plan_with(control, desired, edit.instance_action()).await?;
        let differences = differences(&current, &planned.desired);
        Ok(Self { declared: current, differences, planned, title })
    }
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Missing { noun, name } => Self::NotFound(format!("{noun} {name}")),
            EditError::Invalid { field, message } => Self::invalid(field, message),
        }
    }
}
