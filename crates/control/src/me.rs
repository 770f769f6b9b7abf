//! Who is signed in, and what the frame around each page shows.

use domain::{
    Actor, Permission,
    view::me::{EnvironmentOption, Me},
};

use crate::{Control, Error, votes};

/// Needs a session and no role: a person without roles must be told so on a page.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_me(control: &Control, actor: &Actor) -> Result<Me, Error> {
    let may_read = actor.may(Permission::ReadFleet);
    let environments = if may_read { control.store.list_environment_places().await? } else { Vec::new() };
    let waiting = if may_read { control.store.count_changes_waiting().await? } else { 0 };
    let waiting_for_me = if may_read { votes::waiting_for(control, actor).await?.len() } else { 0 };
    let email =
        control.store.get_person(&actor.id).await?.map(|person| person.claims.email).unwrap_or_default();
    Ok(Me {
        id: actor.id.clone(),
        name: actor.name.clone(),
        email,
        roles: actor.roles.iter().copied().collect(),
        permissions: Permission::ALL.into_iter().filter(|permission| actor.may(*permission)).collect(),
        environments: environments
            .into_iter()
            .map(|place| EnvironmentOption { region: place.region, name: place.name })
            .collect(),
        changes_waiting: waiting,
        waiting_for_me: u32::try_from(waiting_for_me).unwrap_or(u32::MAX),
        now: control.clock.now(),
    })
}
