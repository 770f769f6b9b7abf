//! Environments: what each declares, beside when it was last seen.

use domain::{
    Actor, ChangeId, Permission,
    view::environment::{EnvironmentList, EnvironmentView},
};
use store::Environment;

use crate::{Control, Error, error::authorize};

#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_environments(control: &Control, actor: &Actor) -> Result<EnvironmentList, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environments = control.store.list_environments().await?.into_iter().map(view).collect();
    Ok(EnvironmentList { environments, now: control.clock.now() })
}

#[tracing::instrument(skip_all, fields(actor = actor.id, name), err(level = "debug"))]
pub async fn load_environment(
    control: &Control,
    actor: &Actor,
    name: &str,
) -> Result<EnvironmentView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    require(control, name).await.map(view)
}

fn view(environment: Environment) -> EnvironmentView {
    EnvironmentView {
        name: environment.name,
        generation: environment.generation,
        spec: environment.spec,
        declared_by: environment.declared_by,
        declared_at: environment.declared_at,
        observed_generation: environment.observed_generation,
        observed_at: environment.observed_at,
        conditions: environment.conditions,
    }
}

/// Where an instance runs, by what is known of it this moment.
pub fn of_instance(control: &Control, actor: &Actor, zone: &str, name: &str) -> Result<String, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row = control.live.row(zone, name);
    row.map(|row| row.environment).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))
}

/// Whose declaration a change is.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn of_change(control: &Control, actor: &Actor, id: ChangeId) -> Result<String, Error> {
    authorize(actor, Permission::ReadFleet)?;
    control.store.environment_of_change(id).await?.ok_or_else(|| Error::NotFound(id.to_string()))
}

/// Refuses what no environment can be called before the database chokes on it.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if name.contains('\0') { Err(absent(name)) } else { Ok(()) }
}

fn absent(name: &str) -> Error {
    Error::NotFound(format!("environment {}", name.escape_debug()))
}

pub(crate) async fn require(control: &Control, name: &str) -> Result<Environment, Error> {
    check(name)?;
    let found = control.store.get_environment(name).await?;
    found.ok_or_else(|| absent(name))
}

/// Without a name, the first; None where none is declared.
pub(crate) async fn named_or_first(
    control: &Control,
    name: Option<&str>,
) -> Result<Option<Environment>, Error> {
    Ok(match name {
        Some(name) => Some(require(control, name).await?),
        None => control.store.first_environment().await?,
    })
}

/// Without a name, all of them.
pub(crate) async fn named_or_all(control: &Control, name: Option<&str>) -> Result<Vec<Environment>, Error> {
    Ok(match name {
        Some(name) => vec![require(control, name).await?],
        None => control.store.list_environments().await?,
    })
}

/// Where a new noun is declared.
pub(crate) async fn to_declare_in(control: &Control, name: Option<&str>) -> Result<Environment, Error> {
    named_or_first(control, name)
        .await?
        .ok_or_else(|| Error::NotFound("an environment to declare it in (import one first)".to_owned()))
}
