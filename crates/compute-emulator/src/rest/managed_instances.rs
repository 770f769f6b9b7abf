//! A group's instances as the group sees them, and what went wrong with them.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{call::Call, listing};
use crate::{
    app::App,
    error::Error,
    group::{Action, Attempt, Group, ManagedInstance, Version},
    reference::{self, link},
    world::World,
};

/// Pages only where the group asks for pages; without that `maxResults` and `pageToken` mean nothing, as in the service.
pub(super) async fn list(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let group = world.group(call.parent())?;
    let check = group.intent().health_check.map(|check| link(&check.path));
    let items: Vec<(String, Value)> = group
        .instances
        .iter()
        .map(|(name, instance)| (name.clone(), view(&world, group, instance, check.as_deref())))
        .collect();
    let mut list = json!({});
    let items = if group.body.get("listManagedInstancesResults") == Some(&json!("PAGINATED")) {
        let page = listing::page(&call, items)?;
        if let Some(next) = page.next {
            list["nextPageToken"] = next.into();
        }
        page.items
    } else {
        listing::filtered(&call, items)?.into_iter().map(|(_, item)| item).collect()
    };
    if !items.is_empty() {
        list["managedInstances"] = items.into();
    }
    Ok(Json(list))
}

fn view(world: &World, group: &Group, instance: &ManagedInstance, check: Option<&str>) -> Value {
    let path = reference::instance(reference::project(&group.path), &instance.zone, &instance.name);
    let mut view = json!({
        "name": instance.name,
        "instance": link(&path),
        "currentAction": instance.action.name(),
    });
    let target = match instance.action {
        Action::Deleting => "DELETED",
        Action::Abandoning => "ABANDONED",
        _ => {
            // The version is what it is meant to be, and there is none for one that goes.
            view["version"] = version(&instance.version);
            if instance.standby { "STOPPED" } else { "RUNNING" }
        }
    };
    view["targetStatus"] = target.into();
    if let Some(vm) = world.vms.get(&path) {
        view["id"] = vm.id.to_string().into();
        view["instanceStatus"] = vm.status.name().into();
        if let Some(check) = check {
            view["instanceHealth"] =
                json!([{"healthCheck": check, "detailedHealthState": instance.health.name()}]);
        }
    }
    if let Some(attempt) = &instance.last_attempt {
        view["lastAttempt"] = json!({"errors": {"errors": [error(attempt)]}});
    }
    view
}

pub(super) async fn list_errors(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let group = world.group(call.parent())?;
    let items: Vec<(String, Value)> = group
        .failures
        .iter()
        .enumerate()
        .map(|(index, failure)| {
            let item = json!({
                "timestamp": failure.stamp.to_string(),
                "error": {"code": failure.attempt.code, "message": failure.attempt.message},
                "instanceActionDetails": {
                    "action": failure.action.name(),
                    "instance": link(&failure.instance),
                    "version": version(&failure.version),
                },
            });
            (format!("{index:06}"), item)
        })
        .collect();
    let page = listing::page(&call, items)?;
    let mut list = json!({});
    if !page.items.is_empty() {
        list["items"] = page.items.into();
    }
    if let Some(next) = page.next {
        list["nextPageToken"] = next.into();
    }
    Ok(Json(list))
}

fn version(version: &Version) -> Value {
    let mut view = json!({"instanceTemplate": link(&version.template)});
    if let Some(name) = &version.name {
        view["name"] = name.as_str().into();
    }
    view
}

fn error(attempt: &Attempt) -> Value {
    let mut view = json!({"code": attempt.code, "message": attempt.message});
    if !attempt.details.is_null() {
        view["errorDetails"] = json!([attempt.details]);
    }
    view
}
