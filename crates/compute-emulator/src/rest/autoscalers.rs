//! Regional autoscalers as resources. They do not scale yet: `recommendedSize` is the present size within the limits.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};

use super::{
    call::Call,
    listing,
    resource::{self, Body, Change, Noun, text},
};
use crate::{
    app::App,
    error::Error,
    places,
    reference::{self, link},
    shape::autoscaler::AUTOSCALER,
    world::{Resource, World},
};

pub(crate) const NOUN: Noun = Noun {
    collection: "autoscalers",
    kind: "compute#autoscaler",
    fields: AUTOSCALER,
    required: &["name", "target", "autoscalingPolicy.maxNumReplicas"],
    output: &["status", "statusDetails", "recommendedSize"],
    mutable: true,
    complete,
    user: |_, _| None,
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/projects/{project}/regions/{region}/autoscalers",
            get(list).post(insert).patch(patch).put(update),
        )
        .route("/projects/{project}/regions/{region}/autoscalers/{name}", get(show).delete(remove))
}

async fn insert(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    resource::insert(&NOUN, &app, &call)
}

async fn remove(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    resource::remove(&NOUN, &app, &call)
}

async fn patch(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    resource::change(&NOUN, &app, &call, &named(&call)?, Change::Patch)
}

async fn update(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    resource::change(&NOUN, &app, &call, &named(&call)?, Change::Replace)
}

/// Unlike elsewhere the name is in the query, or else in the body.
fn named(call: &Call) -> Result<String, Error> {
    let body = call.body()?;
    let name = call.query("autoscaler").or_else(|| body.get("name").and_then(Value::as_str));
    name.map(|name| format!("{}/{name}", call.path())).ok_or_else(|| Error::required(&["autoscaler"]))
}

async fn show(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    Ok(Json(view(&world, call.path(), world.resource(call.path())?)))
}

async fn list(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let items = World::below(&world.resources, call.path())
        .map(|(path, resource)| (path.clone(), view(&world, path, resource)))
        .collect();
    listing::list(&call, "compute#regionAutoscalerList", items).map(Json)
}

fn complete(body: &mut Body, world: &World, path: &str) -> Result<(), Error> {
    let region = reference::location(path);
    if places::zones(region).is_none() {
        return Err(Error::not_found(reference::scope(path)));
    }
    let given = body.get("target").map(text).unwrap_or_default().to_owned();
    let target = reference::resolve(&given, reference::project(path), "instanceGroupManagers")
        .filter(|target| reference::scope(target) == reference::scope(path))
        .ok_or_else(|| Error::invalid("resource.target", &given, "The URL is malformed."))?;
    world.group(&target)?;
    if let Some(other) = world.autoscaler_of(&target).filter(|other| *other != path) {
        return Err(Error::in_use("instance_group_manager", &target, other));
    }
    body.insert("target".to_owned(), link(&target).into());
    let Some(Value::Object(policy)) = body.get_mut("autoscalingPolicy") else { return Ok(()) };
    policy.entry("coolDownPeriodSec").or_insert_with(|| 60.into());
    policy.entry("mode").or_insert_with(|| "ON".into());
    let number = |key: &str, default: i64| policy.get(key).and_then(Value::as_i64).unwrap_or(default);
    let (least, most) = (number("minNumReplicas", 0), number("maxNumReplicas", 0));
    if most < 1 || least < 0 || least > most {
        let why = "minNumReplicas must be between 0 and maxNumReplicas.";
        return Err(Error::invalid("resource.autoscalingPolicy.minNumReplicas", least, why));
    }
    if number("coolDownPeriodSec", 60) < 0 {
        let why = "Must be greater than or equal to 0.";
        let given = number("coolDownPeriodSec", 60);
        return Err(Error::invalid("resource.autoscalingPolicy.coolDownPeriodSec", given, why));
    }
    if let Some(target) =
        policy.get("cpuUtilization").and_then(|cpu| cpu.get("utilizationTarget")).and_then(Value::as_f64)
        && !(target > 0.0 && target <= 1.0)
    {
        let why = "Must be greater than 0 and less than or equal to 1.";
        let field = "resource.autoscalingPolicy.cpuUtilization.utilizationTarget";
        return Err(Error::invalid(field, target, why));
    }
    Ok(())
}

fn view(world: &World, path: &str, resource: &Resource) -> Value {
    let mut view = Value::Object(resource.body.clone());
    view["kind"] = NOUN.kind.into();
    view["id"] = resource.id.to_string().into();
    view["creationTimestamp"] = resource.created.to_string().into();
    view["selfLink"] = link(path).into();
    view["region"] = link(reference::scope(path)).into();
    view["status"] = "ACTIVE".into();
    let policy = &resource.body["autoscalingPolicy"];
    let number = |key: &str| policy.get(key).and_then(Value::as_u64).unwrap_or_default();
    let (least, most) = (number("minNumReplicas"), number("maxNumReplicas"));
    let target = resource.body.get("target").map(text).unwrap_or_default();
    let target =
        reference::resolve(target, reference::project(path), "instanceGroupManagers").unwrap_or_default();
    if let Some(group) = world.groups.get(&target) {
        view["recommendedSize"] = u64::from(group.target_size).clamp(least, most).into();
    }
    let mut details = Vec::new();
    if least == most {
        details.push(json!({"type": "MIN_EQUALS_MAX", "message": "The minimum and maximum number of replicas are equal."}));
    }
    match policy.get("mode").map(text) {
        Some("OFF") => details.push(json!({"type": "MODE_OFF", "message": "Autoscaling is turned off."})),
        Some("ONLY_SCALE_OUT" | "ONLY_UP") => {
            details
                .push(json!({"type": "MODE_ONLY_SCALE_OUT", "message": "Autoscaling only adds instances."}));
        }
        _ => {}
    }
    if !details.is_empty() {
        view["statusDetails"] = details.into();
    }
    view
}
