//! What goes wrong on demand: switches that tests and demonstrations set through `/emulator/faults`. Each names what it
//! hits; the places that it hits ask for it.

use serde::{Deserialize, Serialize};

use crate::{error::Error, places, quota, reference::name, vm::Vm};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// A zone has no capacity: for all machine types and both models, or for the given ones.
    Stockout {
        zone: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        machine_type: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provisioning_model: Option<ProvisioningModel>,
    },
    /// A region's quota is this, instead of what it is by default.
    Quota { region: String, metric: String, limit: f64 },
    /// An image does not exist: one whose path ends with this.
    Image { image: String },
    /// The groups may not do this when they make VMs.
    Permission { permission: String },
    /// A subnetwork has no address left: one whose path ends with this.
    IpSpace { subnetwork: String },
    /// Health probes get no answer, as behind a firewall that lets none of them through.
    Probes {
        #[serde(flatten)]
        target: Target,
    },
    /// Agents misbehave.
    Agent {
        state: Misbehaviour,
        #[serde(flatten)]
        target: Target,
    },
    /// Calls of the API are answered with this status.
    Http {
        status: u16,
        /// The share of the calls, evenly spaced.
        #[serde(default = "all")]
        rate: f64,
        #[serde(flatten)]
        calls: Calls,
        /// Whether the body has the front end's `error.status` besides.
        #[serde(default)]
        canonical: bool,
    },
    /// Calls of the API are answered that much later.
    Latency {
        milliseconds: u64,
        #[serde(flatten)]
        calls: Calls,
    },
    /// Scaling schedules see the wall's time that much later, or earlier.
    ScheduleClock { offset_seconds: i64 },
    /// Stabilization periods and scale-in windows pass in virtual time.
    FastAutoscaling {},
    /// Calls that change something are taken, and their operations fail.
    Operation {
        code: String,
        message: String,
        #[serde(default = "bad_request")]
        status: u16,
        #[serde(flatten)]
        calls: Calls,
    },
}

fn all() -> f64 {
    1.0
}

fn bad_request() -> u16 {
    400
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ProvisioningModel {
    Standard,
    Spot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Misbehaviour {
    /// Answers health checks and tells the control plane nothing.
    Silent,
    /// Answers health checks with 503, and says so in its heartbeats.
    Ill,
    /// Does not run.
    Crash,
}

/// Which VMs: those to which all that is given applies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<String>,
}

/// Which calls: those to which all that is given applies; without anything all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Calls {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// A part of the path, such as `/instanceGroupManagers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
}

impl Target {
    pub(crate) fn hits(&self, vm: &Vm) -> bool {
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        is(&self.project, vm.project())
            && is(&self.zone, vm.zone())
            && is(&self.group, name(&vm.group))
            && is(&self.instance, vm.name())
    }

    /// Refuses what names nothing, and zones that do not exist.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.zone.is_none() && self.group.is_none() && self.instance.is_none() && self.project.is_none() {
            return Err(Error::required(&["zone, group, instance or project"]));
        }
        self.zone.as_deref().map_or(Ok(()), check_zone)
    }
}

impl Calls {
    pub(crate) fn hit(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}

impl Fault {
    /// Refuses a switch that could hit nothing.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Stockout { zone, .. } => check_zone(zone),
            Self::Quota { region, metric, limit } => {
                places::zones(region).ok_or_else(|| Error::invalid("region", region, "Unknown region."))?;
                if !quota::METRICS.iter().any(|(known, _)| known == metric) {
                    let known: Vec<&str> = quota::METRICS.iter().map(|(name, _)| *name).collect();
                    let why = format!("The emulator counts {}.", known.join(", "));
                    return Err(Error::invalid("metric", metric, &why));
                }
                if !(limit.is_finite() && *limit >= 0.0) {
                    return Err(Error::invalid("limit", limit, "Must not be negative."));
                }
                Ok(())
            }
            Self::Image { image: text }
            | Self::Permission { permission: text }
            | Self::IpSpace { subnetwork: text } => {
                if text.is_empty() {
                    Err(Error::required(&["image, permission or subnetwork"]))
                } else {
                    Ok(())
                }
            }
            Self::Probes { target } | Self::Agent { target, .. } => target.check(),
            Self::Http { status, rate, .. } => {
                if !(400..=599).contains(status) {
                    return Err(Error::invalid("status", status, "Must be between 400 and 599."));
                }
                if !(*rate > 0.0 && *rate <= 1.0) {
                    return Err(Error::invalid("rate", rate, "Must be above 0 and at most 1."));
                }
                Ok(())
            }
            Self::Latency { milliseconds, .. } => {
                if *milliseconds > 120_000 {
                    return Err(Error::invalid("milliseconds", milliseconds, "Must be at most 120000."));
                }
                Ok(())
            }
            Self::FastAutoscaling {} => Ok(()),
            Self::ScheduleClock { offset_seconds } => {
                const YEAR: u64 = 366 * 86_400;
                if offset_seconds.unsigned_abs() > YEAR {
                    return Err(Error::invalid("offset_seconds", offset_seconds, "Must be within a year."));
                }
                Ok(())
            }
            Self::Operation { code, status, .. } => {
                if code.is_empty() {
                    return Err(Error::required(&["code"]));
                }
                if !(400..=599).contains(status) {
                    return Err(Error::invalid("status", status, "Must be between 400 and 599."));
                }
                Ok(())
            }
        }
    }
}

fn check_zone(zone: &str) -> Result<(), Error> {
    places::region_of(zone).map(drop).ok_or_else(|| Error::invalid("zone", zone, "Unknown zone."))
}

/// Whether the agent of a VM is told to misbehave like that.
pub(crate) fn misbehaves<'a>(
    mut faults: impl Iterator<Item = &'a Fault>,
    vm: &Vm,
    how: Misbehaviour,
) -> bool {
    faults.any(|fault| matches!(fault, Fault::Agent { state, target } if *state == how && target.hits(vm)))
}

/// Whether a path ends with what a switch names, at a boundary of the path.
pub(crate) fn names(path: &str, end: &str) -> bool {
    path == end || path.strip_suffix(end).is_some_and(|rest| rest.ends_with('/'))
}

/// Whether a zone is out of a kind of machine.
pub(crate) fn is_stockout(fault: &Fault, at: &str, machine_type: &str, spot: bool) -> bool {
    let Fault::Stockout { zone, machine_type: only, provisioning_model } = fault else { return false };
    zone == at
        && only.as_deref().is_none_or(|only| only == name(machine_type))
        && provisioning_model.is_none_or(|model| (model == ProvisioningModel::Spot) == spot)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_switch_reads_as_it_is_written() {
        for body in [
            json!({"kind": "stockout", "zone": "us-central1-a"}),
            json!({"kind": "stockout", "zone": "us-central1-a", "machine_type": "e2-standard-2", "provisioning_model": "SPOT"}),
            json!({"kind": "agent", "state": "silent", "zone": "us-central1-a"}),
            json!({"kind": "quota", "region": "us-central1", "metric": "CPUS", "limit": 4.0}),
        ] {
            let fault: Fault = from_value(body.clone()).unwrap();
            fault.check().unwrap();
            assert_eq!(serde_json::to_value(&fault).unwrap(), body);
        }
    }

    #[test]
    fn a_switch_that_could_hit_nothing_is_refused() {
        for body in [
            json!({"kind": "stockout", "zone": "mars-a"}),
            json!({"kind": "agent", "state": "ill"}),
            json!({"kind": "quota", "region": "us-central1", "metric": "APPLES", "limit": 4}),
            json!({"kind": "http", "status": 200}),
            json!({"kind": "http", "status": 503, "rate": 0}),
        ] {
            assert!(from_value::<Fault>(body.clone()).unwrap().check().is_err(), "{body}");
        }
        assert!(
            from_value::<Fault>(json!({"kind": "stockout", "zone": "us-central1-a", "colour": 1})).is_err()
        );
    }

    #[test]
    fn a_path_is_named_by_its_end() {
        let path = "projects/debian-cloud/global/images/family/debian-12";
        assert!(names(path, "debian-12") && names(path, "family/debian-12") && names(path, path));
        assert!(!names(path, "12"));
    }
}
