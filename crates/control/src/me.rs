//! What the frame around each page shows. Every page asks for it beside its own: it reads no more than that.

use domain::{
    Actor, Permission,
    view::me::{EnvironmentOption, Me},
};

use crate::{Control, Error, votes};

/// Needs a session and no role: a person without roles must be told so on a page.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_me(control: &Control, actor: &Actor) -> Result<Me, Error> {
    if !actor.may(Permission::ReadFleet) {
        return Ok(Me::default());
    }
    let places = async { Ok::<_, Error>(control.store.list_environment_places().await?) };
    let (places, waiting) = tokio::try_join!(places, votes::waiting_for(control, actor))?;
    let option =
        |place: store::EnvironmentPlace| EnvironmentOption { region: place.region, name: place.name };
    Ok(Me {
        environments: places.into_iter().map(option).collect(),
        waiting_for_me: u32::try_from(waiting.len()).unwrap_or(u32::MAX),
    })
}
