//! Edits: one thing said about an environment, planned against what runs, and proposed as a change of the whole declaration.

use domain::{
    Actor, ChangeId, FleetSpec, Permission,
    edit::{Edit, EditError, Spoken, differences},
    plan::in_force_words,
    view::edit::EditPreview,
};
use store::Environment;

use crate::{
    Control, Error, changes, environments,
    error::authorize,
    planning::{self, Planned},
    proposal, rollouts,
};

/// What the edit would do. Stores nothing.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn preview_edit(
    control: &Control,
    actor: &Actor,
    environment: &str,
    edit: &Edit,
) -> Result<EditPreview, Error> {
    preview_begun_edit(control, actor, environment, edit, None).await
}

/// The same of an edit that was begun on a generation: it also says whether what the edit is of was declared otherwise since.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn preview_begun_edit(
    control: &Control,
    actor: &Actor,
    environment: &str,
    edit: &Edit,
    begun: Option<i64>,
) -> Result<EditPreview, Error> {
    authorize(actor, Permission::PlanChange)?;
    let edited = Edited::load(control, environment, edit, begun).await?;
    let (base_generation, digest) = (edited.planned.base_generation, edited.planned.digest()?);
    let overtaken = match begun {
        Some(begun) if edited.found_alike(control, edit, begun).await?.is_none() => Some(begun),
        _ => None,
    };
    let proposal = proposal::foresee(control, &edited.planned).await?;
    Ok(EditPreview {
        proposal,
        environment: environment.to_owned(),
        title: edited.title,
        base_generation,
        overtaken,
        differences: edited.differences,
        spoken: Spoken::new(edit, &edited.declared, base_generation, &digest),
        digest,
        in_force: in_force_words(&edited.planned.desired, &edited.planned.plan, control.clock.now()),
        desired: edited.planned.desired,
        plan: edited.planned.plan,
    })
}

/// Proposes what a preview showed: `base_generation` and `digest` are the preview's. Where what the edit is of was declared
/// otherwise since, or its plan is another one, nothing is proposed and the answer says what is newer. What else was declared
/// since, the change follows.
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
    let edited = Edited::load(control, environment, edit, Some(seen.base_generation)).await?;
    let generation = edited.planned.base_generation;
    let moved = |why| Error::Moved { environment: environment.to_owned(), why };
    let Some(begun) = edited.found_alike(control, edit, seen.base_generation).await? else {
        return Err(moved(format!(
            "{environment} is at generation {generation} now, and the edit was of generation {}: look at it again",
            seen.base_generation
        )));
    };
    if let Some(digest) = seen.digest
        && edited.digest_on(control, edit, &begun, seen.base_generation).await?.as_deref() != Some(digest)
    {
        return Err(moved(format!(
            "what runs or is declared in {environment} changed since the plan was shown: look at the new plan and \
             propose that"
        )));
    }
    changes::propose(control, actor, edited.planned, &edited.title, reason).await
}

/// What the proposer saw.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Of the declaration that was read.
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
    /// `begun`: the generation that the edit is of, where it says one.
    async fn load(
        control: &Control,
        environment: &str,
        edit: &Edit,
        begun: Option<i64>,
    ) -> Result<Self, Error> {
        let Environment { spec: current, generation, .. } =
            environments::require(control, environment).await?;
        if let Edit::PromoteCanary { name } = edit {
            rollouts::check_promotion(control, &current, name).await?;
        }
        let title = edit.title(&current);
        let desired = match edit.apply(&current) {
            Ok(desired) => desired,
            Err(error) => return Err(refusal(control, environment, edit, (begun, generation), error).await?),
        };
        let planned = planning::plan_with(control, desired, edit.instance_action()).await?;
        // Otherwise the change would take back what came into force between the two readings.
        if planned.base_generation != generation {
            let why = format!("{environment} moved on while the edit was planned: send it again");
            return Err(Error::Moved { environment: environment.to_owned(), why });
        }
        let differences = differences(&current, &planned.desired);
        Ok(Self { declared: current, differences, planned, title })
    }

    /// What was declared in that generation, where what the edit is of stood there as it stands now. None: it does not, or
    /// nobody knows what was declared then.
    async fn found_alike(
        &self,
        control: &Control,
        edit: &Edit,
        generation: i64,
    ) -> Result<Option<FleetSpec>, Error> {
        if generation == self.planned.base_generation {
            return Ok(Some(self.declared.clone()));
        }
        let environment = &self.declared.environment.environment;
        let begun = control.store.declaration_at(environment, generation).await?;
        Ok(begun.filter(|begun| edit.finds_alike(begun, &self.declared)))
    }

    /// The digest that a preview of the edit gave while that was declared, if its plan was the present one. None: there the
    /// edit led to nothing.
    async fn digest_on(
        &self,
        control: &Control,
        edit: &Edit,
        begun: &FleetSpec,
        generation: i64,
    ) -> Result<Option<String>, Error> {
        if generation == self.planned.base_generation {
            return self.planned.digest().map(Some);
        }
        let Ok(desired) = edit.apply(begun) else { return Ok(None) };
        let payload = planning::payload(control, desired).await?;
        self.planned.digest_over(&payload, generation).map(Some)
    }
}

/// Why the edit leads to no declaration: what it acts on was never there, or is gone since it was begun. Where nobody knows what was
/// declared then, it was there, for somebody began to edit it.
async fn refusal(
    control: &Control,
    environment: &str,
    edit: &Edit,
    (begun, now): (Option<i64>, i64),
    error: EditError,
) -> Result<Error, Error> {
    let (EditError::Missing { noun, name }, Some(begun)) = (&error, begun.filter(|begun| *begun != now))
    else {
        return Ok(error.into());
    };
    let then = control.store.declaration_at(environment, begun).await?;
    if then.is_some_and(|then| edit.apply(&then).err().as_ref() == Some(&error)) {
        return Ok(error.into());
    }
    let why = format!(
        "{noun} {name} is gone: {environment} is at generation {now} now and declares it no more, and the edit was of \
         generation {begun}"
    );
    Ok(Error::Moved { environment: environment.to_owned(), why })
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Missing { noun, name } => Self::NotFound(format!("{noun} {name}")),
            EditError::Invalid { field, message } => Self::invalid(field, message),
        }
    }
}
