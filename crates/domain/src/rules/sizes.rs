//! Rules that several nouns share: numbers, ports, metrics, images, accounts.

use super::{Findings, LARGEST_GROUP, Rule};
use crate::{
    environment::{CustomMetric, NamedPort},
    name,
};

pub(super) fn disk(attribute: impl Into<String>, size_gb: u32, findings: &mut Findings) {
    let fix = if size_gb < 10 { "10" } else { "65536" };
    let message = format!("a disk of {size_gb} GB does not exist: 10 to 65536 GB");
    findings.breaks_with_fix(Rule::DiskSize, attribute, message, fix);
}

pub(super) fn group(attribute: impl Into<String>, size: u32, findings: &mut Findings) {
    let message = format!("{size} VMs are more than a regional group holds: at most {LARGEST_GROUP}");
    findings.breaks_with_fix(Rule::GroupTooLarge, attribute, message, LARGEST_GROUP.to_string());
}

pub(super) fn cpu_target(attribute: impl Into<String>, target: f64, findings: &mut Findings) {
    if target > 0.0 && target <= 1.0 {
        return;
    }
    let message = format!("{target} is no share of the CPU: above 0, at most 1");
    // 75 is meant as per cent.
    let fix = (target > 1.0 && target <= 100.0).then(|| (target / 100.0).to_string());
    findings.add(Rule::CpuTarget, attribute.into(), message, fix);
}

pub(super) fn cooldown(attribute: impl Into<String>, seconds: u32, findings: &mut Findings) {
    if !(15..=3600).contains(&seconds) {
        let fix = if seconds < 15 { "15" } else { "3600" };
        let message = format!("{seconds} s is no cooldown: 15 to 3600 s");
        findings.breaks_with_fix(Rule::Cooldown, attribute, message, fix);
    }
}

pub(super) fn scale_in_percent(attribute: impl Into<String>, percent: u32, findings: &mut Findings) {
    if !(1..=100).contains(&percent) {
        findings.breaks(Rule::ScaleIn, attribute, format!("{percent} is no percentage: 1 to 100"));
    }
}

pub(super) fn scale_in_window(attribute: impl Into<String>, seconds: u32, findings: &mut Findings) {
    if !(60..=3600).contains(&seconds) {
        let fix = if seconds < 60 { "60" } else { "3600" };
        let message = format!("{seconds} s is no time window: 60 to 3600 s");
        findings.breaks_with_fix(Rule::ScaleIn, attribute, message, fix);
    }
}

pub(super) fn named_ports(attribute: &str, ports: &[NamedPort], findings: &mut Findings) {
    for (index, port) in ports.iter().enumerate() {
        if port.port == 0 {
            findings.breaks(Rule::Port, format!("{attribute}[{index}].port"), "0 is no port: 1 to 65535");
        }
        let named = format!("{attribute}[{index}].name");
        if !name::is_rfc1035(&port.name) {
            let message = format!("`{}` is no port's name: lower-case letters, digits, hyphens", port.name);
            findings.add(Rule::NameSyntax, named, message, name::to_rfc1035(&port.name));
        } else if ports[..index].contains(port) {
            findings.breaks(Rule::Port, named, format!("port {} {} is named twice", port.name, port.port));
        }
    }
}

const METRIC_KINDS: [&str; 3] = ["GAUGE", "DELTA_PER_SECOND", "DELTA_PER_MINUTE"];

pub(super) fn custom_metrics(attribute: &str, metrics: &[CustomMetric], findings: &mut Findings) {
    for (index, metric) in metrics.iter().enumerate() {
        let named = format!("{attribute}[{index}].name");
        if metric.name.trim().is_empty() {
            findings.breaks(Rule::CustomMetric, named, "the metric has no name");
        } else if !is_metric(&metric.name) {
            let message = format!(
                "`{}` is no metric: write its domain and path, as custom.googleapis.com/tasks",
                metric.name
            );
            findings.breaks(Rule::CustomMetric, named, message);
        }
        if !(metric.target > 0.0 && metric.target.is_finite()) {
            let message = format!("{} is no target: a number above 0", metric.target);
            findings.breaks(Rule::CustomMetric, format!("{attribute}[{index}].target"), message);
        }
        if !METRIC_KINDS.contains(&metric.kind.as_str()) {
            let message = format!("`{}` is no type: {}", metric.kind, METRIC_KINDS.join(", "));
            let upper = metric.kind.to_uppercase();
            let fix = METRIC_KINDS.contains(&upper.as_str()).then_some(upper);
            findings.add(Rule::CustomMetric, format!("{attribute}[{index}].type"), message, fix);
        }
    }
}

/// Cloud Monitoring's types of metrics: <https://cloud.google.com/monitoring/api/v3/naming-conventions>
fn is_metric(name: &str) -> bool {
    let parts = name.split_once('/');
    parts.is_some_and(|(domain, path)| domain.contains('.') && !path.is_empty())
        && !name.contains(char::is_whitespace)
}

/// `project/family`, a bare family of the own project, or a path or URL of an image or family.
pub(super) fn image(attribute: impl Into<String>, image: &str, findings: &mut Findings) {
    let path = image.split_once("projects/").map_or(image, |(_, path)| path);
    let full = path.len() < image.len();
    let segments: Vec<&str> = path.split('/').collect();
    let form = match segments.as_slice() {
        [_, "global", "images", "family", _] | [_, "global", "images", _] => full,
        ["global", "images", "family", _] | ["global", "images", _] | [_, _] | [_] => !full,
        _ => false,
    };
    let good = form && segments.iter().all(|segment| is_segment(segment));
    if !good {
        let message =
            format!("`{image}` is no image: write project/family, as ubuntu-os-cloud/ubuntu-2204-lts");
        findings.breaks(Rule::ImageSyntax, attribute, message);
    }
}

fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b':'))
}

pub(super) fn service_account(attribute: impl Into<String>, account: Option<&str>, findings: &mut Findings) {
    let Some(account) = account else { return };
    let is_email = account
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'));
    if !is_email && account != "default" {
        let message = format!("`{account}` is no service account: its e-mail address, or `default`");
        findings.breaks(Rule::ServiceAccountSyntax, attribute, message);
    }
}

pub(super) fn unknown_scope(attribute: String, scope: &str, findings: &mut Findings) {
    let message = format!(
        "`{scope}` is no scope: a https://www.googleapis.com/auth/… URL or a short name as cloud-platform"
    );
    let fix = match scope {
        "compute" | "compute-write" | "compute-full" => Some("compute-rw".to_owned()),
        "logging.write" => Some("logging-write".to_owned()),
        _ => None,
    };
    findings.add(Rule::ScopeUnknown, attribute, message, fix);
}
