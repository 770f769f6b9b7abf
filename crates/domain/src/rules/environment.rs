//! Rules of the environment's own attributes.

use super::{DISK_GB, Findings, LARGEST_GROUP, Rule, Scope, sizes};
use crate::{derive, environment::EnvironmentSpec, name, plan::Violation, region};

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    required(scope, findings);
    network(scope, findings);
    place(scope, findings);
    scaling(scope, findings);
    health(scope, findings);
    protection(scope, findings);
    let environment = &scope.spec.environment;
    sizes::image("default_agent_image", &environment.default_agent_image, findings);
    if !DISK_GB.contains(&environment.default_disk_size_gb) {
        sizes::disk("default_disk_size_gb", environment.default_disk_size_gb, findings);
    }
    sizes::service_account(
        "default_agent_service_account",
        environment.default_agent_service_account.as_deref(),
        findings,
    );
    for (index, scope) in environment.default_agent_scopes.iter().enumerate() {
        if derive::expand_scope(scope).is_none() {
            sizes::unknown_scope(format!("default_agent_scopes[{index}]"), scope, findings);
        }
    }
    let url = &environment.agent_startup_script_url;
    if !url.is_empty() && !url.starts_with("gs://") && !url.starts_with("https://") {
        findings.breaks(
            Rule::StartupScriptUrl,
            "agent_startup_script_url",
            format!(
                "`{url}` is not an address that a VM fetches its script from: begin it with gs:// or https://"
            ),
        );
    }
}

fn required(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    for (attribute, value) in [
        ("region", &environment.region),
        ("network_id", &environment.network_id),
        ("subnet_id", &environment.subnet_id),
        ("agent_cage_version", &environment.agent_cage_version),
    ] {
        if value.trim().is_empty() {
            findings.breaks(Rule::Required, attribute, format!("{attribute} is empty"));
        }
    }
    if !is_project_id(&environment.project_id) {
        findings.breaks(
            Rule::ProjectIdSyntax,
            "project_id",
            format!(
                "`{}` is no project id: 6 to 30 lower-case letters, digits and hyphens, a letter first",
                environment.project_id
            ),
        );
    }
}

/// Compute Engine takes a name, a path from `projects/` or the place on, or a URL.
fn network(scope: &Scope<'_>, findings: &mut Findings) {
    let EnvironmentSpec { project_id, region, network_id, subnet_id, .. } = &scope.spec.environment;
    // That a project or a region is wrong is said of itself.
    let is_project = |text: &str| text == project_id || is_path_segment(text);
    let is_region = |text: &str| text == region || region::is_region(text);
    let segments = |text| name::without_host(text).split('/').collect::<Vec<&str>>();
    let is_network = match segments(network_id.trim())[..] {
        [network] | ["global", "networks", network] => name::is_rfc1035(network),
        ["projects", project, "global", "networks", network] => {
            is_project(project) && name::is_rfc1035(network)
        }
        _ => false,
    };
    if !is_network && !network_id.trim().is_empty() {
        findings.breaks(
            Rule::NetworkSyntax,
            "network_id",
            format!("`{network_id}` is no network: write its name, or projects/P/global/networks/NAME"),
        );
    }
    let is_subnet = match segments(subnet_id.trim())[..] {
        [subnet] => name::is_rfc1035(subnet),
        ["regions", of, "subnetworks", subnet] => is_region(of) && name::is_rfc1035(subnet),
        ["projects", project, "regions", of, "subnetworks", subnet] => {
            is_project(project) && is_region(of) && name::is_rfc1035(subnet)
        }
        _ => false,
    };
    if !is_subnet && !subnet_id.trim().is_empty() {
        findings.breaks(
            Rule::SubnetSyntax,
            "subnet_id",
            format!("`{subnet_id}` is no subnet: write its name, or projects/P/regions/R/subnetworks/NAME"),
        );
    }
}

/// A project's id, its number, or `example.com:project`.
fn is_path_segment(text: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':');
    !text.is_empty() && text.bytes().all(fits)
}

/// Whether there may be such a project and region: of others Compute Engine cannot even be asked.
pub fn may_exist(environment: &EnvironmentSpec) -> bool {
    is_project_id(&environment.project_id) && region::is_region(&environment.region)
}

/// What is broken where Compute Engine itself does not know the region, whatever its form.
pub fn unknown_region(region: &str) -> Violation {
    Violation {
        attribute: "region".to_owned(),
        rule: Rule::RegionUnknown.word().to_owned(),
        message: format!("Compute Engine has no region `{region}`: check its name"),
        fix: None,
    }
}

/// Old projects of a company's domain are `example.com:project`.
fn is_project_id(text: &str) -> bool {
    let id = text.rsplit_once(':').map_or(text, |(_, id)| id);
    (6..=30).contains(&id.len()) && name::is_rfc1035(id)
}

fn place(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    let region = &environment.region;
    if region.trim().is_empty() {
        return;
    }
    if !region::is_region(region) {
        let fix = region::region_of(region).map(str::to_owned);
        let message = format!("`{region}` is no region: it looks like us-central1");
        findings.add(Rule::RegionUnknown, "region".to_owned(), message, fix);
    } else if scope.zones.is_empty() {
        findings.breaks(
            Rule::RegionUnknown,
            "region",
            format!("the zones of `{region}` are not known here: check its name, or declare `zones`"),
        );
    }
    for (index, zone) in environment.zones.iter().enumerate() {
        let attribute = format!("zones[{index}]");
        if region::region_of(zone) != Some(region) {
            findings.breaks(
                Rule::ZoneNotInRegion,
                attribute,
                format!("`{zone}` is no zone of {region}: a regional group stays within its region"),
            );
        } else if environment.zones[..index].contains(zone) {
            findings.breaks(Rule::ZoneNotInRegion, attribute, format!("`{zone}` is named twice"));
        } else if let Some(location) = &scope.observed.location
            && !location.zones.is_empty()
            && !location.zones.contains(zone)
        {
            let zones: Vec<&str> = location.zones.iter().map(String::as_str).collect();
            findings.breaks(
                Rule::ZoneNotInRegion,
                attribute,
                format!("Compute Engine has no zone `{zone}`: {region} has {}", zones.join(", ")),
            );
        }
    }
    let mut segments = environment.subnet_id.split('/').skip_while(|segment| *segment != "regions");
    let subnet_region = segments.nth(1);
    if let Some(other) = subnet_region
        && other != region
    {
        findings.breaks(
            Rule::SubnetRegion,
            "subnet_id",
            format!("the subnet is in {other}, the environment in {region}"),
        );
    }
}

fn scaling(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    for (attribute, size) in [
        ("default_pool_size", environment.default_pool_size),
        ("default_min_replicas", environment.default_min_replicas),
        ("default_max_replicas", environment.default_max_replicas),
    ] {
        if size > LARGEST_GROUP {
            sizes::group(attribute, size, findings);
        }
    }
    sizes::cpu_target("default_cpu_target", environment.default_cpu_target, findings);
    sizes::cooldown("default_cooldown_period", environment.default_cooldown_period, findings);
    sizes::scale_in_percent("scale_down_max_percent", environment.scale_down_max_percent, findings);
    sizes::scale_in_window("scale_down_time_window", environment.scale_down_time_window, findings);
    sizes::named_ports("default_named_ports", &environment.default_named_ports, findings);
    sizes::custom_metrics("default_custom_metrics", &environment.default_custom_metrics, findings);
}

fn health(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    let (interval, timeout) = (environment.health_check_interval, environment.health_check_timeout);
    for (attribute, seconds) in [("health_check_interval", interval), ("health_check_timeout", timeout)] {
        if !(1..=300).contains(&seconds) {
            findings.breaks(
                Rule::HealthInterval,
                attribute,
                format!("{seconds} s is out of range: Compute Engine takes 1 to 300 s"),
            );
        }
    }
    if timeout > interval {
        findings.breaks_with_fix(
            Rule::HealthTimeout,
            "health_check_timeout",
            format!(
                "a probe may take {timeout} s and the next begins after {interval} s: at most the interval"
            ),
            interval.to_string(),
        );
    }
    for (attribute, threshold) in [
        ("health_check_healthy_threshold", environment.health_check_healthy_threshold),
        ("health_check_unhealthy_threshold", environment.health_check_unhealthy_threshold),
    ] {
        if !(1..=10).contains(&threshold) {
            findings.breaks(
                Rule::HealthThreshold,
                attribute,
                format!("{threshold} is out of range: Compute Engine takes 1 to 10"),
            );
        }
    }
    if environment.default_health_port == 0 {
        findings.breaks_with_fix(Rule::Port, "default_health_port", "0 is no port: 1 to 65535", "8080");
    }
    if !environment.default_health_path.starts_with('/') {
        findings.breaks_with_fix(
            Rule::HealthPath,
            "default_health_path",
            format!("`{}` does not begin with a slash", environment.default_health_path),
            format!("/{}", environment.default_health_path),
        );
    }
}

fn protection(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    if environment.enable_integrity_monitoring && !environment.enable_vtpm {
        findings.breaks(
            Rule::IntegrityWithoutVtpm,
            "enable_integrity_monitoring",
            "integrity monitoring reads the vTPM, which enable_vtpm turns off: turn both on or both off",
        );
    }
    let Some(key) = &environment.disk_encryption_key else { return };
    let segments: Vec<&str> = key.split('/').collect();
    let location = match segments.as_slice() {
        ["projects", _, "locations", location, "keyRings", _, "cryptoKeys", _]
        | ["projects", _, "locations", location, "keyRings", _, "cryptoKeys", _, "cryptoKeyVersions", _]
            if segments.iter().all(|segment| !segment.is_empty()) =>
        {
            *location
        }
        _ => {
            findings.breaks(
                Rule::KmsKeySyntax,
                "disk_encryption_key",
                format!("`{key}` is no key's full name: projects/P/locations/L/keyRings/R/cryptoKeys/K"),
            );
            return;
        }
    };
    if location != environment.region && location != "global" {
        findings.breaks(
            Rule::KmsKeyRegion,
            "disk_encryption_key",
            format!(
                "the key is in {location} and the disks are in {}: a key of that region or of `global` is needed",
                environment.region
            ),
        );
    }
}
