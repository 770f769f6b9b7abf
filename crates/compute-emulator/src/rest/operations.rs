//! Operations: get, list and wait, global, by region and by zone.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde_json::Value;

use super::{call::Call, listing};
use crate::{app::App, error::Error, operation::Operation, reference, world::World};

/// As long as the real service holds a `wait` open.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

pub(crate) fn routes() -> Router<App> {
    let mut routes = Router::new();
    for place in ["global", "regions/{place}", "zones/{place}"] {
        let collection = format!("/projects/{{project}}/{place}/operations");
        routes = routes
            .route(&collection, get(list))
            .route(&format!("{collection}/{{name}}"), get(show).delete(remove))
            .route(&format!("{collection}/{{name}}/wait"), post(wait));
    }
    routes
}

async fn show(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let now = app.clock.now();
    Ok(Json(find(&app.world(), call.path())?.view(now)))
}

async fn list(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let now = app.clock.now();
    let items = World::below(&app.world().operations, call.path())
        .map(|(path, operation)| (path.clone(), operation.view(now)))
        .collect();
    listing::list(&call, "compute#operationList", items).map(Json)
}

/// Removes the receipt, not what it stands for. Answers with an empty body, as the service does.
async fn remove(State(app): State<App>, call: Call) -> Result<(), Error> {
    let mut world = app.world();
    let path = find(&world, call.path())?.path.clone();
    world.operations.remove(&path);
    app.dirty.notify_one();
    Ok(())
}

/// Answers when the operation is done, and at the latest after two minutes, done or not.
async fn wait(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let deadline = tokio::time::Instant::now() + LONGEST_WAIT;
    loop {
        let pause = {
            let now = app.clock.now();
            let world = app.world();
            let operation = find(&world, call.parent())?;
            if operation.is_done(now) || tokio::time::Instant::now() >= deadline || app.stop.is_cancelled() {
                return Ok(Json(operation.view(now)));
            }
            // One that the engine finishes has no time of its own.
            operation.ends_at().map_or(Duration::from_millis(25), |at| app.clock.until(at))
        };
        tokio::select! {
            () = tokio::time::sleep_until((tokio::time::Instant::now() + pause.max(Duration::from_millis(1))).min(deadline)) => {}
            () = app.stop.cancelled() => {}
        }
    }
}

fn find<'a>(world: &'a World, path: &str) -> Result<&'a Operation, Error> {
    if let Some(operation) = world.operations.get(path) {
        return Ok(operation);
    }
    let collection = path.rsplit_once('/').map_or("", |(collection, _)| collection);
    World::below(&world.operations, collection)
        .map(|(_, operation)| operation)
        .find(|operation| operation.answers_to(reference::name(path)))
        .ok_or_else(|| Error::not_found(path))
}
