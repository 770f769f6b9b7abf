//! The two columns of a pool's page: each setting as derived from the declaration, and as read from Compute Engine.
//! Equal settings give equal texts, because that is how a difference is seen.

use super::pool::Setting;
use crate::{
    ObservedFleet,
    agent::Thresholds,
    environment::NamedPort,
    instance::InstanceStatus,
    name::{last_segment, same_reference},
    resource::{Autoscaler, Disk, InstanceGroup, InstanceTemplate, ResourceSet},
};

/// The rows for the instance group named `group`. `desired` is what [`crate::derive::desired`] gives. Nothing is in a
/// column where the group is not declared, or not there.
pub fn pool_settings(desired: &ResourceSet, observed: Option<&ObservedFleet>, group: &str) -> Vec<Setting> {
    let wanted = Side::of(desired, group);
    let found = observed.and_then(|fleet| Side::of(&fleet.resources, group));
    let status = observed.and_then(|fleet| fleet.groups.get(group));
    let running = status.map(|status| {
        status.instances.iter().filter(|vm| vm.status == InstanceStatus::Running).count().to_string()
    });
    let mut rows = vec![Setting {
        name: "Size".to_owned(),
        // Under an autoscaler the wish is what it last asked for; the declaration has only bounds.
        desired: wanted.as_ref().map(|side| match (side.autoscaler, status) {
            (Some(_), Some(status)) => status.target_size.to_string(),
            _ => side.group.target_size.to_string(),
        }),
        observed: found.as_ref().and(running),
        detail: false,
    }];
    for (name, text) in ROWS {
        let desired = wanted.as_ref().map(text);
        let observed = found.as_ref().map(|side| {
            let text = text(side);
            // One resource spelled in two ways is no difference.
            match &desired {
                Some(wanted) if REFERENCES.contains(name) && same_reference(wanted, &text) => wanted.clone(),
                _ => text,
            }
        });
        // What neither side has is no news either.
        let nothing = [&desired, &observed].into_iter().flatten().all(|text| text == NONE);
        rows.push(Setting {
            name: (*name).to_owned(),
            desired,
            observed,
            detail: nothing || DETAILS.contains(name),
        });
    }
    rows
}

/// The rows of how long an agent may say nothing: as declared, and as this control plane goes by. Compute Engine knows none of it.
pub fn heartbeat_settings(declared: Thresholds, kept: Thresholds) -> [Setting; 3] {
    let row = |name: &str, seconds: fn(&Thresholds) -> u32| Setting {
        name: name.to_owned(),
        desired: Some(format!("{} s", seconds(&declared))),
        observed: Some(format!("{} s", seconds(&kept))),
        detail: true,
    };
    [
        row("Agent late after", |thresholds| thresholds.late_after_seconds),
        row("Agent silent after", |thresholds| thresholds.silent_after_seconds),
        row("First word within", |thresholds| thresholds.start_within_seconds),
    ]
}

/// A group with what belongs to it, from the declaration or from Compute Engine.
struct Side<'a> {
    group: &'a InstanceGroup,
    template: Option<&'a InstanceTemplate>,
    autoscaler: Option<&'a Autoscaler>,
    resources: &'a ResourceSet,
}

impl<'a> Side<'a> {
    fn of(resources: &'a ResourceSet, name: &str) -> Option<Self> {
        let group = resources.groups.get(name)?;
        Some(Self {
            group,
            template: resources.templates.get(last_segment(&group.template)),
            autoscaler: resources.autoscalers.values().find(|scaler| same_reference(&scaler.group, name)),
            resources,
        })
    }

    fn of_template(&self, text: impl Fn(&InstanceTemplate) -> String) -> String {
        self.template.map_or_else(|| UNKNOWN.to_owned(), text)
    }
}

const NONE: &str = "none";
const UNKNOWN: &str = "not known";
const REFERENCES: &[&str] = &["Template", "Machine type", "Image"];
const DETAILS: &[&str] = &[
    "Updates",
    "Max surge",
    "Max unavailable",
    "Named ports",
    "External address",
    "Boot disk",
    "Workspace disk",
    "Provisioning",
    "Confidential",
];

type Row = (&'static str, fn(&Side<'_>) -> String);

const ROWS: &[Row] = &[
    ("Autoscaling", autoscaling),
    ("CPU target", |side| side.autoscaler.map_or(NONE.to_owned(), |scaler| percent(scaler.cpu_target))),
    ("Template", |side| last_segment(&side.group.template).to_owned()),
    ("Canary", canary),
    ("Machine type", |side| side.of_template(|template| template.machine_type.clone())),
    ("Image", |side| side.of_template(|template| template.source_image.clone())),
    ("Zones", |side| zones(&side.group.zones)),
    ("Updates", |side| {
        let policy = &side.group.update_policy;
        format!("{}, {}", policy.update_type.as_str(), policy.replacement_method.as_str()).to_lowercase()
    }),
    ("Max surge", |side| side.group.update_policy.max_surge.to_string()),
    ("Max unavailable", |side| side.group.update_policy.max_unavailable.to_string()),
    ("Health check", health_check),
    ("Named ports", |side| named_ports(&side.group.named_ports)),
    ("External address", |side| {
        side.of_template(|template| if template.external_ip { "yes" } else { NONE }.to_owned())
    }),
    ("Boot disk", |side| side.of_template(|template| disk(&template.boot_disk))),
    ("Workspace disk", |side| {
        side.of_template(|template| template.workspace_disk.as_ref().map_or(NONE.to_owned(), disk))
    }),
    ("Provisioning", |side| {
        side.of_template(|template| if template.scheduling.spot { "Spot" } else { "standard" }.to_owned())
    }),
    ("Confidential", |side| {
        side.of_template(|template| if template.confidential { "yes" } else { "no" }.to_owned())
    }),
];

fn autoscaling(side: &Side<'_>) -> String {
    side.autoscaler
        .map_or(NONE.to_owned(), |scaler| format!("{} to {}", scaler.min_replicas, scaler.max_replicas))
}

fn canary(side: &Side<'_>) -> String {
    side.group.canary.as_ref().map_or(NONE.to_owned(), |canary| {
        format!("{} of {}", canary.target_size, last_segment(&canary.template))
    })
}

/// `a b c`: a group is of one region, which the page's head says. Zones of several have their whole names.
fn zones(zones: &[String]) -> String {
    let mut names: Vec<&str> = zones.iter().map(|zone| last_segment(zone)).collect();
    names.sort_unstable();
    let parts: Option<Vec<(&str, &str)>> = names.iter().map(|name| name.rsplit_once('-')).collect();
    match parts {
        Some(parts) if parts.windows(2).all(|pair| pair[0].0 == pair[1].0) => {
            parts.iter().map(|(_, letter)| *letter).collect::<Vec<_>>().join(" ")
        }
        _ => names.join(", "),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0).trim_end_matches(".0").to_owned() + " %"
}

fn health_check(side: &Side<'_>) -> String {
    let Some(healing) = &side.group.auto_healing else { return NONE.to_owned() };
    let name = last_segment(&healing.health_check);
    match side.resources.health_checks.get(name) {
        Some(check) => format!(
            ":{}{} every {} s, first after {} s",
            check.port, check.path, check.interval_sec, healing.initial_delay_sec
        ),
        None => name.to_owned(),
    }
}

fn named_ports(ports: &[NamedPort]) -> String {
    let mut ports: Vec<String> = ports.iter().map(|port| format!("{} {}", port.name, port.port)).collect();
    ports.sort();
    if ports.is_empty() { NONE.to_owned() } else { ports.join(", ") }
}

fn disk(disk: &Disk) -> String {
    let key = if disk.kms_key.is_some() { ", own key" } else { "" };
    format!("{} GB {}{key}", disk.size_gb, last_segment(&disk.disk_type))
}
