//! The declaration of a group: defaults, references, and the rules that Compute Engine holds it to.

use serde_json::{Value, json};

use super::resource::{Body, merge, text};
use crate::{
    error::Error,
    intent::{Amount, Disruption},
    places,
    reference::{self, link, resolve},
    world::World,
};

const LARGEST: u32 = 2000;
const OUTPUT: &[&str] = &[
    "kind",
    "id",
    "creationTimestamp",
    "selfLink",
    "region",
    "zone",
    "fingerprint",
    "instanceGroup",
    "currentActions",
    "status",
    "targetStoppedSize",
    "targetSuspendedSize",
];

/// Drops what only the service fills.
pub(super) fn strip(body: &mut Body) {
    body.retain(|key, _| !OUTPUT.contains(&key.as_str()));
}

/// Takes the target size out: it is state of the group, for resize and the autoscaler change it as well.
pub(super) fn take_size(body: &mut Body) -> Result<Option<u32>, Error> {
    match body.remove("targetSize") {
        None | Some(Value::Null) => Ok(None),
        Some(size) => checked_size("resource.targetSize", &size.to_string()).map(Some),
    }
}

pub(super) fn checked_size(field: &str, text: &str) -> Result<u32, Error> {
    text.parse::<u32>().ok().filter(|size| *size <= LARGEST).ok_or_else(|| {
        let why = "Must be greater than or equal to 0 and less than or equal to 2000.";
        Error::invalid(field, text, why)
    })
}

/// Merges a patch. A new template without versions replaces these; `fixed` and `percent` exclude each other.
pub(super) fn apply(body: &mut Body, patch: Body) -> Result<(), Error> {
    let touches = |key: &str| patch.get(key).is_some_and(|value| !value.is_null());
    if touches("instanceTemplate") && !touches("versions") {
        body.remove("versions");
    }
    if touches("versions") && !touches("instanceTemplate") {
        body.remove("instanceTemplate");
    }
    let zones = |body: &Body| body.get("distributionPolicy").and_then(|d| d.get("zones")).map(zone_names);
    if let (Some(old), Some(new)) = (zones(body), zones(&patch))
        && old != new
    {
        let why = "The zones of a regional managed instance group cannot be changed.";
        return Err(Error::invalid("resource.distributionPolicy.zones", new.join(","), why));
    }
    for amount in ["maxSurge", "maxUnavailable"] {
        if patch.get("updatePolicy").and_then(|policy| policy.get(amount)).is_some()
            && let Some(policy) = body.get_mut("updatePolicy").and_then(Value::as_object_mut)
        {
            policy.remove(amount);
        }
    }
    merge(body, patch);
    Ok(())
}

/// Fills in defaults and refuses what Compute Engine refuses.
pub(super) fn complete(body: &mut Body, world: &World, path: &str, size: u32) -> Result<(), Error> {
    let zones = complete_zones(body, path)?;
    complete_base_name(body, path)?;
    complete_versions(body, world, path, size)?;
    complete_healing(body, world, path)?;
    complete_update_policy(body, zones, size)?;
    body.entry("listManagedInstancesResults").or_insert_with(|| "PAGELESS".into());
    let lifecycle = body.entry("instanceLifecyclePolicy").or_insert_with(|| json!({}));
    for (key, value) in [
        ("defaultActionOnFailure", "REPAIR"),
        ("forceUpdateOnRepair", "NO"),
        ("onFailedHealthCheck", "DEFAULT_ACTION"),
    ] {
        if let Some(lifecycle) = lifecycle.as_object_mut() {
            lifecycle.entry(key).or_insert_with(|| value.into());
        }
    }
    Ok(())
}

fn zone_names(zones: &Value) -> Vec<String> {
    let name = |zone: &Value| reference::name(zone.get("zone").map(text).unwrap_or_default()).to_owned();
    let mut names: Vec<String> = zones.as_array().into_iter().flatten().map(name).collect();
    names.sort();
    names
}

/// Without a choice a regional group takes three zones of its region. Answers with their number.
fn complete_zones(body: &mut Body, path: &str) -> Result<usize, Error> {
    let region = reference::location(path);
    let policy = body.entry("distributionPolicy").or_insert_with(|| json!({}));
    let mut names = policy.get("zones").map(zone_names).unwrap_or_default();
    if names.is_empty() {
        names = places::zones(region).unwrap_or_default().into_iter().take(3).collect();
    }
    for name in &names {
        if places::region_of(name) != Some(region) {
            let why = format!("The zone is not in region {region}.");
            return Err(Error::invalid("resource.distributionPolicy.zones[0].zone", name, &why));
        }
    }
    let project = reference::project(path);
    let entries: Vec<Value> =
        names.iter().map(|name| json!({"zone": link(&format!("projects/{project}/zones/{name}"))})).collect();
    policy["zones"] = entries.into();
    if policy.get("targetShape").is_none() {
        policy["targetShape"] = "EVEN".into();
    }
    Ok(names.len())
}

fn complete_base_name(body: &mut Body, path: &str) -> Result<(), Error> {
    let default: String = reference::name(path).chars().take(58).collect();
    let base = body.entry("baseInstanceName").or_insert_with(|| default.trim_end_matches('-').into());
    if text(base).len() > 58 {
        let why = "The base instance name is 1-58 characters long.";
        return Err(Error::invalid("resource.baseInstanceName", text(base), why));
    }
    reference::check_name("resource.baseInstanceName", text(base))
}

/// Brings `instanceTemplate` and `versions` into agreement; the versions are what counts.
fn complete_versions(body: &mut Body, world: &World, path: &str, size: u32) -> Result<(), Error> {
    if body.get("versions").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        let template = body.get("instanceTemplate").cloned().unwrap_or_default();
        body.insert("versions".into(), json!([{"instanceTemplate": template}]));
    }
    let Some(Value::Array(versions)) = body.get_mut("versions") else { return Ok(()) };
    let mut rest = None;
    if versions.len() > 2 {
        let why = "At most two versions are allowed.";
        return Err(Error::invalid("resource.versions", versions.len(), why));
    }
    let project = reference::project(path);
    for (index, version) in versions.iter_mut().enumerate() {
        let field = format!("resource.versions[{index}].instanceTemplate");
        let given = version.get("instanceTemplate").map(text).unwrap_or_default().to_owned();
        let template = resolve(&given, project, "instanceTemplates")
            .ok_or_else(|| Error::invalid(&field, &given, "The URL is malformed."))?;
        check_template(&world.resource(&template)?.body)?;
        version["instanceTemplate"] = link(&template).into();
        match Amount::of(version.get("targetSize")) {
            Some(amount) => {
                let calculated = amount.of_size(size).min(size);
                version["targetSize"]["calculated"] = calculated.into();
            }
            None if rest.is_some() => {
                let why = "Exactly one version must have no target size.";
                return Err(Error::invalid(&format!("resource.versions[{index}].targetSize"), "", why));
            }
            None => rest = Some(link(&template)),
        }
    }
    let Some(rest) = rest else {
        let why = "Exactly one version must have no target size.";
        return Err(Error::invalid("resource.versions", versions.len(), why));
    };
    body.insert("instanceTemplate".into(), rest.into());
    Ok(())
}

/// A group stops its spot machines and makes them anew: deleting them is not for Compute Engine to do.
fn check_template(template: &Body) -> Result<(), Error> {
    let scheduling = template.get("properties").and_then(|properties| properties.get("scheduling"));
    if scheduling.and_then(|s| s.get("instanceTerminationAction")).map(text) == Some("DELETE") {
        return Err(Error::refused(
            "Spot virtual machines with termination action set to DELETE cannot be used with Managed Instance Groups.",
        ));
    }
    Ok(())
}

fn complete_healing(body: &mut Body, world: &World, path: &str) -> Result<(), Error> {
    let Some(Value::Array(policies)) = body.get_mut("autoHealingPolicies") else { return Ok(()) };
    policies.retain(|policy| policy.get("healthCheck").is_some_and(|check| !text(check).is_empty()));
    match policies.as_mut_slice() {
        [] => {
            body.remove("autoHealingPolicies");
            Ok(())
        }
        [policy] => {
            let given = text(&policy["healthCheck"]).to_owned();
            let field = "resource.autoHealingPolicies[0].healthCheck";
            let check = resolve(&given, reference::project(path), "healthChecks")
                .ok_or_else(|| Error::invalid(field, &given, "The URL is malformed."))?;
            world.resource(&check)?;
            policy["healthCheck"] = link(&check).into();
            let delay = policy.get("initialDelaySec").and_then(Value::as_i64).unwrap_or_default();
            if !(0..=3600).contains(&delay) {
                let why = "Must be greater than or equal to 0 and less than or equal to 3600.";
                return Err(Error::invalid("resource.autoHealingPolicies[0].initialDelaySec", delay, why));
            }
            policy["initialDelaySec"] = delay.into();
            Ok(())
        }
        more => {
            let why = "At most one autohealing policy is allowed.";
            Err(Error::invalid("resource.autoHealingPolicies", more.len(), why))
        }
    }
}

fn complete_update_policy(body: &mut Body, zones: usize, size: u32) -> Result<(), Error> {
    let shape = body.get("distributionPolicy").and_then(|policy| policy.get("targetShape")).map(text);
    let even = matches!(shape, None | Some("EVEN"));
    let Some(policy) = body.entry("updatePolicy").or_insert_with(|| json!({})).as_object_mut() else {
        return Ok(());
    };
    for (key, value) in [
        ("type", "OPPORTUNISTIC"),
        ("minimalAction", "REPLACE"),
        ("mostDisruptiveAllowedAction", "REPLACE"),
        ("replacementMethod", "SUBSTITUTE"),
        ("instanceRedistributionType", if even { "PROACTIVE" } else { "NONE" }),
    ] {
        policy.entry(key).or_insert_with(|| value.into());
    }
    let action = |key: &str| policy.get(key).map(text).and_then(Disruption::of);
    if action("minimalAction") > action("mostDisruptiveAllowedAction") {
        let value = policy.get("mostDisruptiveAllowedAction").map(text).unwrap_or_default();
        let why = "It must be at least as disruptive as minimalAction.";
        let field = "resource.updatePolicy.mostDisruptiveAllowedAction";
        return Err(Error::invalid(field, value, why));
    }
    let recreate = policy.get("replacementMethod").map(text) == Some("RECREATE");
    if recreate {
        policy.entry("maxSurge").or_insert_with(|| json!({"fixed": 0}));
    }
    let mut sizes = Vec::new();
    for key in ["maxSurge", "maxUnavailable"] {
        let value = policy.entry(key).or_insert_with(|| json!({"fixed": zones}));
        let amount = Amount::of(Some(value)).unwrap_or(Amount::Fixed(0));
        let field = format!("resource.updatePolicy.{key}");
        match amount {
            Amount::Fixed(n) if n > 0 && (n as usize) < zones => {
                let why = format!(
                    "Fixed updatePolicy.{key} for regional managed instance group has to be either 0 or at least equal to the number of zones."
                );
                return Err(Error::invalid(&format!("{field}.fixed"), n, &why));
            }
            Amount::Percent(n) if n > 100 => {
                return Err(Error::invalid(&format!("{field}.percent"), n, "Must be between 0 and 100."));
            }
            Amount::Percent(n) if n > 0 && size < 10 => {
                let why = "A percentage can be used for regional managed instance groups of at least 10 instances only.";
                return Err(Error::invalid(&format!("{field}.percent"), n, why));
            }
            _ => {}
        }
        value["calculated"] = amount.of_size(size).into();
        sizes.push(amount);
    }
    if !even && policy.get("instanceRedistributionType").map(text) == Some("PROACTIVE") {
        let why = "Proactive redistribution is for the target shape EVEN.";
        let field = "resource.updatePolicy.instanceRedistributionType";
        return Err(Error::invalid(field, "PROACTIVE", why));
    }
    let zero = |amount: &Amount| matches!(amount, Amount::Fixed(0) | Amount::Percent(0));
    if recreate && !sizes.first().is_some_and(zero) {
        return Err(Error::refused("maxSurge must be equal to 0 when replacement method is set to RECREATE"));
    }
    if sizes.iter().all(zero) {
        return Err(Error::refused("maxSurge and maxUnavailable cannot both be equal to 0"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(policy: Value, zones: usize, size: u32) -> Result<Value, Error> {
        let mut body = Body::new();
        body.insert("updatePolicy".into(), policy);
        complete_update_policy(&mut body, zones, size).map(|()| body["updatePolicy"].clone())
    }

    #[test]
    fn regional_surge_is_zero_or_covers_the_zones() {
        assert!(policy(json!({"maxSurge": {"fixed": 1}}), 3, 5).is_err());
        assert!(policy(json!({"maxSurge": {"fixed": 3}, "maxUnavailable": {"fixed": 0}}), 3, 5).is_ok());
        assert!(policy(json!({"maxSurge": {"fixed": 0}, "maxUnavailable": {"fixed": 0}}), 3, 5).is_err());
        assert!(policy(json!({"maxSurge": {"percent": 20}}), 3, 9).is_err());
        assert!(policy(json!({"replacementMethod": "RECREATE", "maxSurge": {"fixed": 3}}), 3, 9).is_err());
    }

    #[test]
    fn both_amounts_default_to_the_number_of_zones() {
        let policy = policy(json!({}), 3, 5).unwrap();
        assert_eq!(policy["maxSurge"], json!({"fixed": 3, "calculated": 3}));
        assert_eq!(policy["type"], "OPPORTUNISTIC");
    }
}
