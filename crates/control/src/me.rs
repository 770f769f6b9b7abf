//! What the frame around each page shows. Every page asks for it beside its own: it reads no more than that.

use domain::{
    Actor, Permission,
    view::me::{EnvironmentOption, Me},
};
use store::EnvironmentPlace;

use crate::{Control, Error, standing, votes};

/// Needs a session and no role: a person without roles must be told so on a page.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_me(control: &Control, actor: &Actor) -> Result<Me, Error> {
    if !actor.may(Permission::ReadFleet) {
        return Ok(Me::default());
    }
    let standing = async { Ok::<_, Error>(standing::of(control).await) };
    let (environments, waiting, standing) =
        tokio::try_join!(environments(control), votes::waiting_for(control, actor), standing)?;
    Ok(Me {
        environments,
        waiting_for_me: u32::try_from(waiting.len()).unwrap_or(u32::MAX),
        standing: Some(standing),
    })
}

async fn environments(control: &Control) -> Result<Vec<EnvironmentOption>, Error> {
    let (places, open) =
        tokio::try_join!(control.store.list_environment_places(), control.store.count_open())?;
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
