//! Who is signed in, and what the frame around each page shows.

use domain::{
    Actor, Permission,
    view::me::{EnvironmentOption, Me},
};
use store::EnvironmentPlace;

use crate::{Control, Error, standing, votes};

/// Needs a session and no role: a person without roles must be told so on a page.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_me(control: &Control, actor: &Actor) -> Result<Me, Error> {
    let may_read = actor.may(Permission::ReadFleet);
    let environments = if may_read { environments(control).await? } else { Vec::new() };
    let waiting_for_me = if may_read { votes::waiting_for(control, actor).await?.len() } else { 0 };
    let email =
        control.store.get_person(&actor.id).await?.map(|person| person.claims.email).unwrap_or_default();
    Ok(Me {
        id: actor.id.clone(),
        name: actor.name.clone(),
        email,
        roles: actor.roles.iter().copied().collect(),
        permissions: Permission::ALL.into_iter().filter(|permission| actor.may(*permission)).collect(),
        environments,
        waiting_for_me: u32::try_from(waiting_for_me).unwrap_or(u32::MAX),
        standing: if may_read { Some(standing::of(control).await) } else { None },
        now: control.clock.now(),
    })
}

async fn environments(control: &Control) -> Result<Vec<EnvironmentOption>, Error> {
    let places = control.store.list_environment_places().await?;
    let open = control.store.count_open().await?;
    let of = |name: Option<&str>| open.iter().find(|open| open.environment.as_deref() == name);
    let everywhere = of(None).map_or(0, |open| open.incidents);
    let option = |place: EnvironmentPlace| {
        let own = of(Some(&place.name));
        EnvironmentOption {
            open_incidents: own.map_or(0, |open| open.incidents) + everywhere,
            open_changes: own.map_or(0, |open| open.changes),
            region: place.region,
            name: place.name,
        }
    };
    Ok(places.into_iter().map(option).collect())
}
