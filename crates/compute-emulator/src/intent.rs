//! A group's declaration as the engine reads it: typed, references resolved. The body was checked when it came in.

use serde_json::{Map, Value};

use crate::{
    group::Version,
    reference::{self, resolve},
};

#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) base_name: String,
    pub(crate) zones: Vec<String>,
    pub(crate) versions: Vec<VersionTarget>,
    pub(crate) health_check: Option<HealthCheckUse>,
    pub(crate) proactive: bool,
    /// What an update does to a VM at least, and at most.
    pub(crate) minimal: Disruption,
    pub(crate) allowed: Disruption,
    pub(crate) shape: TargetShape,
    pub(crate) recreate: bool,
    pub(crate) redistribute: bool,
    /// Whether VMs that failing probes call ill, and VMs that stopped or vanished, are made anew.
    pub(crate) repair_ill: bool,
    pub(crate) repair_failed: bool,
    pub(crate) update_on_repair: bool,
    max_surge: Amount,
    max_unavailable: Amount,
}

#[derive(Debug, Clone)]
pub(crate) struct VersionTarget {
    pub(crate) name: Option<String>,
    pub(crate) template: String,
    size: Option<Amount>,
}

#[derive(Debug, Clone)]
pub(crate) struct HealthCheckUse {
    pub(crate) path: String,
    pub(crate) initial_delay_seconds: u64,
}

/// How much an update disturbs a VM, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Disruption {
    None,
    Refresh,
    Restart,
    Replace,
}

impl Disruption {
    pub(crate) fn of(text: &str) -> Option<Self> {
        match text {
            "NONE" => Some(Self::None),
            "REFRESH" => Some(Self::Refresh),
            "RESTART" => Some(Self::Restart),
            "REPLACE" => Some(Self::Replace),
            _ => None,
        }
    }
}

/// How a group uses its zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetShape {
    /// The same number in each, whatever the capacity: an instance waits in its zone.
    Even,
    /// As even as capacity allows.
    Balanced,
    /// Wherever there is capacity.
    Any,
    AnySingleZone,
}

/// `FixedOrPercent`. Percentages are rounded up; the real service's direction is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    Fixed(u32),
    Percent(u32),
}

impl Amount {
    pub(crate) fn of(value: Option<&Value>) -> Option<Self> {
        let number =
            |key| value.and_then(|v| v.get(key)).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        number("fixed").map(Self::Fixed).or_else(|| number("percent").map(Self::Percent))
    }

    pub(crate) fn of_size(self, size: u32) -> u32 {
        match self {
            Self::Fixed(n) => n,
            Self::Percent(percent) => (u64::from(size) * u64::from(percent)).div_ceil(100) as u32,
        }
    }
}

impl Intent {
    pub(crate) fn of(path: &str, body: &Map<String, Value>) -> Self {
        let project = reference::project(path);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let update = body.get("updatePolicy");
        let at = |key: &str| update.and_then(|u| u.get(key));
        let distribution = body.get("distributionPolicy");
        let zones: Vec<String> = list(distribution.and_then(|d| d.get("zones")))
            .iter()
            .map(|zone| reference::name(&text(zone.get("zone"))).to_owned())
            .collect();
        let versions = list(body.get("versions"))
            .iter()
            .map(|version| VersionTarget {
                name: version.get("name").and_then(Value::as_str).map(str::to_owned),
                template: resolve(&text(version.get("instanceTemplate")), project, "instanceTemplates")
                    .unwrap_or_default(),
                size: Amount::of(version.get("targetSize")),
            })
            .collect();
        let health_check = list(body.get("autoHealingPolicies")).first().and_then(|policy| {
            Some(HealthCheckUse {
                path: resolve(policy.get("healthCheck")?.as_str()?, project, "healthChecks")?,
                initial_delay_seconds: policy
                    .get("initialDelaySec")
                    .and_then(Value::as_u64)
                    .unwrap_or_default(),
            })
        });
        let lifecycle = |key: &str| text(body.get("instanceLifecyclePolicy").and_then(|l| l.get(key)));
        let repair_failed = lifecycle("defaultActionOnFailure") != "DO_NOTHING";
        let repair_ill = match lifecycle("onFailedHealthCheck").as_str() {
            "REPAIR" => true,
            "DO_NOTHING" => false,
            _ => repair_failed,
        };
        let shape = match text(distribution.and_then(|d| d.get("targetShape"))).as_str() {
            "BALANCED" => TargetShape::Balanced,
            "ANY" => TargetShape::Any,
            "ANY_SINGLE_ZONE" => TargetShape::AnySingleZone,
            _ => TargetShape::Even,
        };
        let disruption = |key: &str| Disruption::of(&text(at(key))).unwrap_or(Disruption::Replace);
        let spread = Amount::Fixed(u32::try_from(zones.len()).unwrap_or(1));
        Self {
            base_name: text(body.get("baseInstanceName")),
            versions,
            health_check,
            proactive: text(at("type")) == "PROACTIVE",
            minimal: disruption("minimalAction"),
            allowed: disruption("mostDisruptiveAllowedAction"),
            shape,
            recreate: text(at("replacementMethod")) == "RECREATE",
            redistribute: text(at("instanceRedistributionType")) != "NONE" && shape == TargetShape::Even,
            repair_ill,
            repair_failed,
            update_on_repair: lifecycle("forceUpdateOnRepair") == "YES",
            max_surge: Amount::of(at("maxSurge")).unwrap_or(spread),
            max_unavailable: Amount::of(at("maxUnavailable")).unwrap_or(spread),
            zones,
        }
    }

    pub(crate) fn max_surge(&self, size: u32) -> u32 {
        if self.recreate { 0 } else { self.max_surge.of_size(size) }
    }

    pub(crate) fn max_unavailable(&self, size: u32) -> u32 {
        self.max_unavailable.of_size(size)
    }

    /// How many instances each version is to have: the one without a target size gets what the others leave.
    pub(crate) fn shares(&self, size: u32) -> Vec<(Version, u32)> {
        let wanted = |v: &VersionTarget| v.size.map_or(0, |amount| amount.of_size(size).min(size));
        let claimed: u32 = self.versions.iter().map(wanted).sum::<u32>().min(size);
        self.versions
            .iter()
            .map(|v| {
                let share = if v.size.is_some() { wanted(v) } else { size - claimed };
                (Version { name: v.name.clone(), template: v.template.clone() }, share)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn intent(body: Value) -> Intent {
        let Value::Object(body) = body else { panic!("an object") };
        Intent::of("projects/p/regions/r/instanceGroupManagers/g", &body)
    }

    #[test]
    fn the_version_without_a_size_gets_the_rest() {
        let intent = intent(json!({"versions": [
            {"instanceTemplate": "global/instanceTemplates/old"},
            {"name": "canary", "instanceTemplate": "global/instanceTemplates/new", "targetSize": {"percent": 25}}]}));
        let shares: Vec<u32> = intent.shares(10).into_iter().map(|(_, n)| n).collect();
        assert_eq!(shares, [7, 3]);
        assert_eq!(intent.versions[1].template, "projects/p/global/instanceTemplates/new");
    }

    #[test]
    fn an_empty_autohealing_policy_is_none() {
        assert!(intent(json!({"autoHealingPolicies": [{}]})).health_check.is_none());
        let check = intent(
            json!({"autoHealingPolicies": [{"healthCheck": "global/healthChecks/h", "initialDelaySec": 5}]}),
        );
        assert_eq!(
            check.health_check.map(|c| (c.path, c.initial_delay_seconds)),
            Some(("projects/p/global/healthChecks/h".to_owned(), 5))
        );
    }
}
