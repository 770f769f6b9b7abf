//! Regional autoscalers as resources. What they do is in `engine::autoscaling`.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::Value;

use super::{
    call::Call,
    listing,
    resource::{self, Body, Change, Noun, text},
};
use crate::{
    app::App,
    autoscaler::{Policy, Scaler, schedule::Schedule},
    clock::Moment,
    engine,
    error::Error,
    intent::Amount,
    places,
    reference::{self, link},
    shape::autoscaler::AUTOSCALER,
    world::{Resource, World, target_of},
};

pub(crate) const NOUN: Noun = Noun {
    collection: "autoscalers",
    kind: "compute#autoscaler",
    fields: AUTOSCALER,
    required: &["name", "target", "autoscalingPolicy.maxNumReplicas"],
    output: &["status", "statusDetails", "recommendedSize", "scalingScheduleStatus"],
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
    let now = app.clock.now();
    let world = app.world();
    Ok(Json(view(&world, call.path(), world.resource(call.path())?, now)))
}

async fn list(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let now = app.clock.now();
    let world = app.world();
    let items = World::below(&world.resources, call.path())
        .map(|(path, resource)| (path.clone(), view(&world, path, resource, now)))
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
    for (key, default, limit) in [("coolDownPeriodSec", 60, 3600), ("stabilizationPeriodSec", 600, 3600)] {
        let given = number(key, default);
        if !(0..=limit).contains(&given) {
            let why = format!("Must be greater than or equal to 0 and less than or equal to {limit}.");
            return Err(Error::invalid(&format!("resource.autoscalingPolicy.{key}"), given, &why));
        }
    }
    check_signals(policy)?;
    check_scale_in(policy)?;
    check_schedules(policy)
}

fn check_signals(policy: &Body) -> Result<(), Error> {
    if let Some(target) =
        policy.get("cpuUtilization").and_then(|cpu| cpu.get("utilizationTarget")).and_then(Value::as_f64)
        && !(target > 0.0 && target <= 1.0)
    {
        let why = "Must be greater than 0 and less than or equal to 1.";
        let field = "resource.autoscalingPolicy.cpuUtilization.utilizationTarget";
        return Err(Error::invalid(field, target, why));
    }
    let metrics = policy.get("customMetricUtilizations").and_then(Value::as_array);
    for (index, metric) in metrics.into_iter().flatten().enumerate() {
        let field = format!("resource.autoscalingPolicy.customMetricUtilizations[{index}]");
        if metric.get("metric").map(text).unwrap_or_default().is_empty() {
            return Err(Error::required(&[&format!("{field}.metric")]));
        }
        let per_instance = |key: &str| metric.get(key).and_then(Value::as_f64);
        match per_instance("utilizationTarget").or_else(|| per_instance("singleInstanceAssignment")) {
            Some(target) if target > 0.0 => {}
            Some(target) => {
                let field = format!("{field}.utilizationTarget");
                return Err(Error::invalid(&field, target, "Must be greater than 0."));
            }
            None => return Err(Error::required(&[&format!("{field}.utilizationTarget")])),
        }
    }
    Ok(())
}

fn check_scale_in(policy: &Body) -> Result<(), Error> {
    let Some(control) = policy.get("scaleInControl") else { return Ok(()) };
    let field = "resource.autoscalingPolicy.scaleInControl";
    let window = control.get("timeWindowSec").and_then(Value::as_i64).unwrap_or_default();
    if !(60..=3600).contains(&window) {
        let why = "Must be greater than or equal to 60 and less than or equal to 3600.";
        return Err(Error::invalid(&format!("{field}.timeWindowSec"), window, why));
    }
    match Amount::of(control.get("maxScaledInReplicas")) {
        None => Err(Error::required(&[&format!("{field}.maxScaledInReplicas")])),
        Some(Amount::Percent(percent)) if percent > 100 => {
            let field = format!("{field}.maxScaledInReplicas.percent");
            Err(Error::invalid(&field, percent, "Must be between 0 and 100."))
        }
        Some(_) => Ok(()),
    }
}

/// The most schedules that one autoscaler takes.
const SCHEDULES: usize = 128;

fn check_schedules(policy: &mut Body) -> Result<(), Error> {
    let Some(Value::Object(schedules)) = policy.get_mut("scalingSchedules") else { return Ok(()) };
    let field = "resource.autoscalingPolicy.scalingSchedules";
    if schedules.len() > SCHEDULES {
        return Err(Error::invalid(field, schedules.len(), "At most 128 schedules are allowed."));
    }
    for (name, schedule) in schedules {
        if let Some(schedule) = schedule.as_object_mut() {
            schedule.entry("timeZone").or_insert_with(|| "UTC".into());
            schedule.entry("disabled").or_insert_with(|| false.into());
        }
        if let Err((part, why)) = Schedule::read(schedule) {
            let given = schedule
                .get(part)
                .map(|given| given.as_str().map_or_else(|| given.to_string(), str::to_owned));
            return Err(Error::invalid(&format!("{field}[{name}].{part}"), given.unwrap_or_default(), &why));
        }
    }
    Ok(())
}

fn view(world: &World, path: &str, resource: &Resource, now: Moment) -> Value {
    let mut view = Value::Object(resource.body.clone());
    view["kind"] = NOUN.kind.into();
    view["id"] = resource.id.to_string().into();
    view["creationTimestamp"] = resource.created.to_string().into();
    view["selfLink"] = link(path).into();
    view["region"] = link(reference::scope(path)).into();
    let target = target_of(path, &resource.body);
    let group = target.and_then(|target| world.groups.get(&target));
    let unborn = Scaler { pending_until: now.at + 1, ..Scaler::default() };
    let scaler = world.scalers.get(path).unwrap_or(&unborn);
    let wall = now.stamp.moved(engine::schedule_offset(world));
    let shown = scaler.show(&Policy::of(&resource.body), group, world, now.at, wall);
    if let (Value::Object(view), Value::Object(shown)) = (&mut view, shown) {
        view.extend(shown);
    }
    view
}
