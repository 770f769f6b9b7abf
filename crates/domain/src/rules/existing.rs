//! Rules of what already exists and cannot be changed in place. Nothing is replaced behind anyone's back: that would
//! delete a pool's VMs, so the declaration has to say it with another name.

use super::{Findings, Rule, Scope};
use crate::name::{self, last_segment, same_reference};

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    let prefix = &scope.spec.environment.name_prefix;
    let observed = &scope.observed.resources;
    for pool in &scope.spec.agent_pools {
        let group = name::instance_group(prefix, &pool.name);
        let (Some(current), Some(wanted)) = (observed.groups.get(&group), scope.resources.groups.get(&group))
        else {
            continue;
        };
        let mut zones: Vec<&str> = current.zones.iter().map(|zone| last_segment(zone)).collect();
        zones.sort_unstable();
        if zones != wanted.zones {
            findings.breaks(
                Rule::ZonesFixed,
                "zones",
                format!(
                    "pool `{}` was created in {} and zones are fixed after creation: create a new pool by giving it another name",
                    pool.name,
                    zones.join(", ")
                ),
            );
        }
    }
    for key in scope.spec.firewall_rules.keys() {
        let rule = name::firewall_rule(prefix, key);
        let (Some(current), Some(wanted)) =
            (observed.firewall_rules.get(&rule), scope.resources.firewall_rules.get(&rule))
        else {
            continue;
        };
        if current.direction != wanted.direction {
            findings.breaks(
                Rule::DirectionFixed,
                format!("firewall_rules[\"{key}\"].direction"),
                format!(
                    "the rule exists as {} and its direction is fixed: declare it under another key",
                    current.direction.as_str()
                ),
            );
        }
        if !same_reference(&current.network, &wanted.network) {
            findings.breaks(
                Rule::NetworkFixed,
                "network_id",
                format!(
                    "firewall rule `{key}` exists in {} and its network is fixed: declare it under another key",
                    last_segment(&current.network)
                ),
            );
        }
    }
}
