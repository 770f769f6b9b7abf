//! Where the thing is that an address names without its environment. The server looks before it draws the page, so that the frame says
//! it from the first; in the browser the page tells it.

use control::{Control, environments};
use domain::{Actor, ChangeId};

use crate::routes;

/// None: the address names no such thing, it is not known, or this person may not know.
pub async fn environment_of(control: &Control, actor: &Actor, path: &str) -> Option<String> {
    let thing = routes::thing_of(path)?;
    if let Some((zone, name)) =
        thing.strip_prefix(routes::INSTANCES).and_then(|rest| rest[1..].split_once('/'))
    {
        return environments::of_instance(control, actor, zone, name).ok();
    }
    let id: ChangeId = thing.rsplit('/').next()?.parse().ok()?;
    // The page itself says what is the matter.
    environments::of_change(control, actor, id).await.ok()
}
