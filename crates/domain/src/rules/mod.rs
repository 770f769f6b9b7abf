//! What Compute Engine would refuse minutes into an apply, said before anyone approves: one [`Violation`] per broken
//! rule, naming the attribute as declared. What it would take but nobody should want is a note of the plan instead.

mod attachments;
mod autoscaling;
mod environment;
mod existing;
mod firewall;
mod names;
mod pools;
mod rule;
mod sizes;
mod templates;

use crate::{
    FleetSpec, ObservedFleet, derive,
    plan::Violation,
    resource::{InstanceTemplate, ResourceSet},
};

pub use environment::{may_exist, unknown_region};
pub(crate) use firewall::port_range;
pub use rule::RULES;
use rule::Rule;
pub use templates::DISK_TYPES;

/// The smallest and largest boot or workspace disk in GB: <https://cloud.google.com/compute/docs/disks>
const DISK_GB: std::ops::RangeInclusive<u32> = 10..=65_536;

/// VMs of a regional group: <https://cloud.google.com/compute/docs/instance-groups/regional-migs>
const LARGEST_GROUP: u32 = 2_000;

/// All broken rules, in the order of the declaration. Rules that need what only the API knows (zones of the region,
/// machine types of a zone) are checked where `observed` has it.
pub fn check(desired: &FleetSpec, observed: &ObservedFleet) -> Vec<Violation> {
    check_derived(desired, &derive::desired(desired, observed), observed)
}

/// The same where the declaration's resources are derived already.
pub(crate) fn check_derived(
    desired: &FleetSpec,
    resources: &ResourceSet,
    observed: &ObservedFleet,
) -> Vec<Violation> {
    let scope = Scope {
        spec: desired,
        observed,
        zones: derive::zones(desired, observed.location.as_ref()).zones,
        resources,
    };
    let mut findings = Findings::default();
    environment::check(&scope, &mut findings);
    names::check(&scope, &mut findings);
    attachments::check(&scope, &mut findings);
    templates::check(&scope, &mut findings);
    pools::check(&scope, &mut findings);
    autoscaling::check(&scope, &mut findings);
    firewall::check(&scope, &mut findings);
    existing::check(&scope, &mut findings);
    findings.0.sort_by_key(|violation| place(&violation.attribute));
    findings.0
}

/// What the rules look at.
struct Scope<'a> {
    spec: &'a FleetSpec,
    observed: &'a ObservedFleet,
    /// The effective ones; empty where nothing tells them.
    zones: Vec<String>,
    resources: &'a ResourceSet,
}

impl Scope<'_> {
    /// What the declared template derives to.
    fn version_of(&self, template: &str) -> Option<&InstanceTemplate> {
        let present = derive::present_version(self.spec, derive::template_of(self.spec, template)?);
        self.resources.templates.get(&present.name)
    }
}

#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn breaks(&mut self, rule: Rule, attribute: impl Into<String>, message: impl Into<String>) {
        self.add(rule, attribute.into(), message.into(), None);
    }

    fn breaks_with_fix(
        &mut self,
        rule: Rule,
        attribute: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(rule, attribute.into(), message.into(), Some(fix.into()));
    }

    fn add(&mut self, rule: Rule, attribute: String, message: String, fix: Option<String>) {
        self.0.push(Violation { attribute, rule: rule.word().to_owned(), message, fix });
    }
}

/// Environment first, then the lists by their index; the sort is stable within one element.
fn place(attribute: &str) -> (u8, u32) {
    let index = |rest: &str| rest.split(']').next().and_then(|index| index.parse().ok()).unwrap_or(0);
    if let Some(rest) = attribute.strip_prefix("agent_vm_templates[") {
        (1, index(rest))
    } else if let Some(rest) = attribute.strip_prefix("agent_pools[") {
        (2, index(rest))
    } else if attribute.starts_with("firewall_rules[") {
        (3, 0)
    } else {
        (0, 0)
    }
}
