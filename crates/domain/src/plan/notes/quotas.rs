//! Notes on vCPUs that a plan adds beyond what the region's quotas leave. It stops nothing: Compute Engine makes the VMs
//! that fit, and the others once there is room.

use std::collections::BTreeMap;

use super::{Note, Scope};
use crate::{
    firewall::Severity,
    machine_type,
    name::{self, last_segment},
    observed::Quota,
    plan::{ZoneImpact, impact::of_group},
    resource::{InstanceGroup, InstanceTemplate, ResourceSet},
};

const SPOT: &str = "PREEMPTIBLE_CPUS";

/// vCPUs more of one metric, and the declared pool that adds most of them.
#[derive(Default)]
struct Need {
    total: u32,
    most: u32,
    pool: usize,
}

pub(super) fn notes(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    let Some(location) = &scope.observed.location else { return };
    let mut needs: BTreeMap<&str, Need> = BTreeMap::new();
    for (index, pool) in scope.spec.agent_pools.iter().enumerate() {
        let group = name::instance_group(&scope.spec.environment.name_prefix, &pool.name);
        let Some((metric, vcpus)) = added(scope, &location.quotas, &group) else { continue };
        let need = needs.entry(metric).or_default();
        need.total = need.total.saturating_add(vcpus);
        if vcpus > need.most {
            (need.most, need.pool) = (vcpus, index);
        }
    }
    for (metric, need) in needs {
        let Some(quota) = location.quotas.get(metric) else { continue };
        if f64::from(need.total) <= quota.left() {
            continue;
        }
        // What is used of it moves by the minute, and a plan that reads otherwise asks for its approvals again.
        notes.push(Note {
            attribute: format!("agent_pools[{}].target_size", need.pool),
            message: format!(
                "the plan adds {} vCPUs of the quota {metric}, more than is left of its limit of {} in {}: VMs that do not fit wait until there is more",
                need.total, quota.limit, scope.spec.environment.region
            ),
            severity: Severity::Warning,
        });
    }
}

/// What a group uses more of a metric once it is stable: its new VMs, and what VMs have more than those they replace.
fn added<'a>(scope: &Scope<'_>, quotas: &'a BTreeMap<String, Quota>, name: &str) -> Option<(&'a str, u32)> {
    let mut effect = ZoneImpact::default();
    of_group(scope.wanted, scope.observed, name).values().for_each(|zone| effect += *zone);
    let (metric, vcpus) = counted(quotas, template(scope.wanted, scope.wanted.groups.get(name)?)?)?;
    let observed = &scope.observed.resources;
    let before = observed.groups.get(name).and_then(|group| template(observed, group));
    let freed = before
        .and_then(|before| counted(quotas, before))
        .filter(|(of, _)| *of == metric)
        .map_or(0, |(_, vcpus)| vcpus);
    let more = vcpus.saturating_sub(freed);
    Some((metric, effect.created.saturating_mul(vcpus).saturating_add(effect.replaced.saturating_mul(more))))
}

fn template<'a>(resources: &'a ResourceSet, group: &InstanceGroup) -> Option<&'a InstanceTemplate> {
    resources.templates.get(last_segment(&group.template))
}

/// The metric that a VM of the template counts against, and its vCPUs. None where the region does not tell the metric, as
/// for families whose quota is not a region's, or where the table does not hold the machine type's size.
fn counted<'a>(quotas: &'a BTreeMap<String, Quota>, template: &InstanceTemplate) -> Option<(&'a str, u32)> {
    let kind = machine_type::parse(last_segment(&template.machine_type)).ok()?;
    let (vcpus, _) = kind.size?;
    let family = match kind.family {
        "e2" | "n1" => "CPUS".to_owned(),
        family => format!("{}_CPUS", family.to_uppercase()),
    };
    // A project that was granted no quota for Spot VMs uses its other one for them.
    let granted = quotas.get(SPOT).is_some_and(|quota| quota.limit > 0.0);
    let metric = if template.scheduling.spot && granted { SPOT } else { family.as_str() };
    let (metric, _) = quotas.get_key_value(metric)?;
    Some((metric, vcpus))
}
