//! Whether a VM can be had: capacity of its zone, quotas of its region, its image, the rights to make it, an address for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    fault::{self, Fault},
    group::Attempt,
    places, quota, reference,
    world::World,
};

/// What is used of each region's quotas, counted when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Usage(BTreeMap<(String, String), Vec<(&'static str, f64)>>);

/// A VM at `path` with these properties: counted if it can be had, or else why not. `again` starts one that is there.
pub(super) fn claim(
    world: &World,
    path: &str,
    properties: &Value,
    again: bool,
    usage: &mut Usage,
) -> Result<(), Attempt> {
    let project = reference::project(path);
    let zone = reference::location(path);
    if !again {
        check_rights(world, path)?;
        check_image(world, properties)?;
        check_addresses(world, project, properties)?;
    }
    if is_out(world, zone, properties) {
        return Err(Attempt::new(
            "ZONE_RESOURCE_POOL_EXHAUSTED",
            format!(
                "The zone 'projects/{project}/zones/{zone}' does not have enough resources available to fulfill the \
                 request.  Try a different zone, or try again later."
            ),
        ));
    }
    let Some(region) = places::region_of(zone) else { return Ok(()) };
    let key = (project.to_owned(), region.to_owned());
    let used = usage.0.entry(key).or_insert_with(|| quota::usage(world, project, region));
    let mut demand = quota::demand(properties);
    if !again {
        demand.extend(quota::disks(properties));
    }
    for (metric, amount) in &demand {
        let limit = quota::limit(world, region, metric);
        let now = used.iter().find(|(name, _)| name == metric).map_or(0.0, |(_, used)| *used);
        if now + amount > limit {
            return Err(over(region, metric, limit));
        }
    }
    quota::add(used, &demand);
    Ok(())
}

/// Whether the zone has no machine of that kind left.
pub(super) fn is_out(world: &World, zone: &str, properties: &Value) -> bool {
    let machine_type = properties.get("machineType").and_then(Value::as_str).unwrap_or_default();
    world
        .active_faults()
        .any(|fault| fault::is_stockout(fault, zone, machine_type, quota::is_spot(properties)))
}

fn over(region: &str, metric: &str, limit: f64) -> Attempt {
    let message = format!("Quota '{metric}' exceeded.  Limit: {limit:.1} in region {region}.");
    let details = json!({"quotaInfo": {
        "metricName": format!("compute.googleapis.com/{}", metric.to_lowercase()),
        "limitName": format!("{}-per-project-region", metric.replace('_', "-")),
        "limit": limit,
        "dimensions": {"region": region},
    }});
    Attempt { details, ..Attempt::new("QUOTA_EXCEEDED", message) }
}

fn check_rights(world: &World, path: &str) -> Result<(), Attempt> {
    let missing = world.active_faults().find_map(|fault| match fault {
        Fault::Permission { permission } => Some(permission),
        _ => None,
    });
    missing.map_or(Ok(()), |permission| {
        let message = format!("Required '{permission}' permission for '{path}'");
        Err(Attempt::new("PERMISSIONS_ERROR", message))
    })
}

fn check_image(world: &World, properties: &Value) -> Result<(), Attempt> {
    let image = properties.pointer("/disks/0/initializeParams/sourceImage").and_then(Value::as_str);
    let Some(image) = image else { return Ok(()) };
    let image = image.find("projects/").map_or(image, |at| &image[at..]);
    let gone = world
        .active_faults()
        .any(|fault| matches!(fault, Fault::Image { image: end } if fault::names(image, end)));
    if gone {
        return Err(Attempt::new("RESOURCE_NOT_FOUND", format!("The resource '{image}' was not found")));
    }
    Ok(())
}

fn check_addresses(world: &World, project: &str, properties: &Value) -> Result<(), Attempt> {
    let subnetwork = properties.pointer("/networkInterfaces/0/subnetwork").and_then(Value::as_str);
    let Some(subnetwork) = subnetwork else { return Ok(()) };
    let subnetwork = subnetwork
        .find("projects/")
        .map_or_else(|| format!("projects/{project}/{subnetwork}"), |at| subnetwork[at..].to_owned());
    let full = world
        .active_faults()
        .any(|fault| matches!(fault, Fault::IpSpace { subnetwork: end } if fault::names(&subnetwork, end)));
    if full {
        let message = format!("IP space of '{subnetwork}' is exhausted.");
        return Err(Attempt::new("IP_SPACE_EXHAUSTED", message));
    }
    Ok(())
}
