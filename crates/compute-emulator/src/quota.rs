//! Regional quotas: what VMs count against which metric, and how much of each a region has unless a fault says otherwise.

use serde_json::Value;

use crate::{fault::Fault, machine_type, reference, vm::Vm, world::World};

/// Metrics and their limits by default: more than one emulator has addresses for.
pub(crate) const METRICS: &[(&str, f64)] = &[
    ("C2D_CPUS", 24_000.0),
    ("C2_CPUS", 24_000.0),
    ("C3_CPUS", 24_000.0),
    ("CPUS", 24_000.0),
    ("DISKS_TOTAL_GB", 4_096_000.0),
    ("INSTANCES", 24_000.0),
    ("IN_USE_ADDRESSES", 24_000.0),
    ("N2D_CPUS", 24_000.0),
    ("N2_CPUS", 24_000.0),
    ("PREEMPTIBLE_CPUS", 24_000.0),
    ("SSD_TOTAL_GB", 4_096_000.0),
    ("T2A_CPUS", 24_000.0),
    ("T2D_CPUS", 24_000.0),
];

/// How much of a metric a region has.
pub(crate) fn limit(world: &World, region: &str, metric: &str) -> f64 {
    let set = world.active_faults().find_map(|fault| match fault {
        Fault::Quota { region: at, metric: of, limit } if at == region && of == metric => Some(*limit),
        _ => None,
    });
    let usual = || METRICS.iter().find(|(name, _)| *name == metric).map_or(0.0, |(_, limit)| *limit);
    set.unwrap_or_else(usual)
}

/// Spot machines come from another stock.
pub(crate) fn is_spot(properties: &Value) -> bool {
    properties.pointer("/scheduling/provisioningModel").and_then(Value::as_str) == Some("SPOT")
        || properties.pointer("/scheduling/preemptible") == Some(&Value::Bool(true))
}

/// What a VM of these properties counts while it is not stopped.
pub(crate) fn demand(properties: &Value) -> Vec<(&'static str, f64)> {
    let name = properties.get("machineType").and_then(Value::as_str).map(reference::name).unwrap_or_default();
    let cpus = machine_type::find(name).map_or(0.0, |kind| f64::from(kind.cpus));
    let family = name.split('-').next().unwrap_or_default();
    let cpu_metric = match family {
        _ if is_spot(properties) => "PREEMPTIBLE_CPUS",
        "c2" => "C2_CPUS",
        "c2d" => "C2D_CPUS",
        "c3" => "C3_CPUS",
        "n2" => "N2_CPUS",
        "n2d" => "N2D_CPUS",
        "t2a" => "T2A_CPUS",
        "t2d" => "T2D_CPUS",
        _ => "CPUS",
    };
    let mut demand = vec![(cpu_metric, cpus), ("INSTANCES", 1.0)];
    if properties.pointer("/networkInterfaces/0/accessConfigs/0").is_some() {
        demand.push(("IN_USE_ADDRESSES", 1.0));
    }
    demand
}

/// What its disks count, stopped or not.
pub(crate) fn disks(properties: &Value) -> Vec<(&'static str, f64)> {
    let disks = properties.get("disks").and_then(Value::as_array);
    disks
        .into_iter()
        .flatten()
        .filter_map(|disk| {
            let parameters = disk.get("initializeParams")?;
            let size = parameters.get("diskSizeGb").and_then(Value::as_str)?.parse::<f64>().ok()?;
            let kind = parameters.get("diskType").and_then(Value::as_str).map(reference::name);
            let solid = matches!(kind, Some("pd-ssd" | "pd-balanced"));
            Some((if solid { "SSD_TOTAL_GB" } else { "DISKS_TOTAL_GB" }, size))
        })
        .collect()
}

/// What a project's VMs use of a region's quotas, metric by metric.
pub(crate) fn usage(world: &World, project: &str, region: &str) -> Vec<(&'static str, f64)> {
    let mut usage: Vec<(&'static str, f64)> = METRICS.iter().map(|(name, _)| (*name, 0.0)).collect();
    for vm in world.vms.values().filter(|vm| vm.project() == project && is_in(vm, region)) {
        let Some(properties) = world.blueprints.get(&vm.blueprint) else { continue };
        add(&mut usage, &disks(properties));
        if vm.status != crate::vm::Status::Terminated {
            add(&mut usage, &demand(properties));
        }
    }
    usage
}

fn is_in(vm: &Vm, region: &str) -> bool {
    crate::places::region_of(vm.zone()) == Some(region)
}

/// Counts more use.
pub(crate) fn add(usage: &mut [(&'static str, f64)], more: &[(&'static str, f64)]) {
    for (metric, amount) in more {
        if let Some((_, used)) = usage.iter_mut().find(|(name, _)| name == metric) {
            *used += amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_machine_counts_against_its_family_and_model() {
        let of = |machine_type: &str, spot: bool| {
            let model = if spot { "SPOT" } else { "STANDARD" };
            demand(&json!({"machineType": machine_type, "scheduling": {"provisioningModel": model}}))[0]
        };
        assert_eq!(of("e2-standard-4", false), ("CPUS", 4.0));
        assert_eq!(of("n2-standard-8", false), ("N2_CPUS", 8.0));
        assert_eq!(of("n2-standard-8", true), ("PREEMPTIBLE_CPUS", 8.0));
    }

    #[test]
    fn disks_count_by_their_kind() {
        let properties = json!({"disks": [
            {"initializeParams": {"diskSizeGb": "20"}},
            {"initializeParams": {"diskSizeGb": "50", "diskType": "zones/z/diskTypes/pd-ssd"}}]});
        assert_eq!(disks(&properties), [("DISKS_TOTAL_GB", 20.0), ("SSD_TOTAL_GB", 50.0)]);
    }
}
