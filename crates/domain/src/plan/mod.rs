//! What would be done to make Compute Engine match a declaration, and why. Pure: the executor has no choices left.

mod capacity;
mod compare;
mod compare_template;
mod impact;
pub mod instances;
mod notes;
mod planner;
mod reason;
mod render;
mod retire;
mod risk;
mod rollout;
mod scheduled;
mod spread;
mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    cost::CostImpact,
    firewall::{Severity, TrafficImpact},
    pool::UpdateType,
    resource::ResourceKind,
};

pub use compare::firewall_rule as firewall_rule_differences;
pub use compare_template::instance_template as template_differences;
pub use planner::{plan, plan_beside};
pub use render::render;
pub use retire::retire;
pub use risk::{Risk, may_add};
pub use scheduled::in_force_words;
pub use spread::{respread, spread};
pub use step::{InstanceRef, Step, Verb};

pub use compare_template::shortened;
pub(crate) use impact::{Settled, autoscaler_of};
pub(crate) use reason::pool_of;
pub(crate) use rollout::{Lacking, standing, staying};
pub(crate) use spread::{clamped, lives};

/// One attribute before and after; None is "not there".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub attribute: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    pub step: Step,
    /// Why it is needed, as a sentence.
    pub reason: String,
    /// For updates: what differs. For creations: empty, the step holds it all.
    pub changes: Vec<FieldChange>,
}

impl Action {
    /// Whether the step gives VMs of an existing group another version.
    pub fn changes_version(&self) -> bool {
        matches!(self.step, Step::UpdateInstanceGroup { .. })
            && self.changes.iter().any(|change| {
                change.attribute == compare::TEMPLATE || change.attribute.starts_with("canary.")
            })
    }

    /// Unique in its plan and stable: `create instance_group genesis-pool-web`. Request ids derive from it.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.step.verb().as_str(), self.step.kind().as_str(), self.step.name())
    }

    /// As people read it: `create instance group genesis-pool-web`.
    pub fn title(&self) -> String {
        format!("{} {} {}", self.step.verb().as_str(), self.step.kind().noun(), self.step.name())
    }
}

/// VMs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneImpact {
    pub created: u32,
    pub replaced: u32,
    pub restarted: u32,
    pub deleted: u32,
}

impl std::ops::AddAssign for ZoneImpact {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.replaced += other.replaced;
        self.restarted += other.restarted;
        self.deleted += other.deleted;
    }
}

/// The fewest VMs of a pool that serve while the plan runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The pool's declared name.
    pub pool: String,
    pub lowest: u32,
    /// VMs that serve before.
    pub of: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// By zone; zones without an effect are absent.
    pub zones: BTreeMap<String, ZoneImpact>,
    /// Pools that already exist and are touched.
    pub capacity: Vec<Capacity>,
    /// None in plans of versions without a price book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostImpact>,
    /// Who may reach whom that could not before, and the other way round.
    #[serde(default, skip_serializing_if = "TrafficImpact::is_empty")]
    pub traffic: TrafficImpact,
}

impl Impact {
    pub fn total(&self) -> ZoneImpact {
        let mut sum = ZoneImpact::default();
        self.zones.values().for_each(|zone| sum += *zone);
        sum
    }
}

/// A rule of Compute Engine that the declaration breaks. One is enough to refuse the proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// As declared: `agent_pools[0].max_surge`.
    pub attribute: String,
    /// Stable word for docs and tests: `surge_below_zones`.
    pub rule: String,
    pub message: String,
    /// What to write instead, where there is one answer.
    pub fix: Option<String>,
}

/// Something that the plan decided or warns of; it stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub attribute: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Severity::is_info")]
    pub severity: Severity,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub environment: String,
    /// In the order in which they run.
    pub actions: Vec<Action>,
    pub impact: Impact,
    pub violations: Vec<Violation>,
    pub notes: Vec<Note>,
}

impl Plan {
    /// What it does to a group or its VMs, in a few words: `scaling 2 → 5`; None where it leaves them alone.
    pub fn doing(&self, group: &str) -> Option<String> {
        let named = |action: &&Action| {
            action.step.kind() == ResourceKind::InstanceGroup && action.step.name() == group
        };
        let of_group: Vec<&Action> = self.actions.iter().filter(named).collect();
        let vms =
            self.actions.iter().filter(|action| action.step.instance().is_some_and(|vm| vm.group == group));
        let mut vms = vms.peekable();
        if let Some(first) = vms.peek() {
            let verb = match first.step.verb() {
                Verb::Restart => "restarting",
                Verb::Recreate => "recreating",
                Verb::Delete => "deleting",
                _ => "updating",
            };
            let count = vms.count();
            return Some(format!("{verb} {count} {}", if count == 1 { "instance" } else { "instances" }));
        }
        let said = |action: &Action| match &action.step {
            Step::CreateInstanceGroup { .. } => "being created".to_owned(),
            Step::DeleteInstanceGroup { .. } => "being deleted".to_owned(),
            Step::ResizeInstanceGroup { from, to, .. } => format!("scaling {from} → {to}"),
            Step::UpdateInstanceGroup { instance_group } if action.changes_version() => {
                match instance_group.canary {
                    Some(_) => "trying another version".to_owned(),
                    None => "rolling to another version".to_owned(),
                }
            }
            _ => "changing its settings".to_owned(),
        };
        let said: Vec<String> = of_group.into_iter().map(said).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// Pools whose VMs take the version that it gives them only as they are made anew, by somebody or for another reason. Told from
    /// the steps, so that it is known of every stored plan and is no part of what is digested.
    pub fn taken_up_later(&self) -> Vec<String> {
        let groups = self.actions.iter().filter(|action| action.changes_version()).filter_map(|action| {
            let Step::UpdateInstanceGroup { instance_group } = &action.step else { return None };
            (instance_group.update_policy.update_type == UpdateType::Opportunistic).then_some(instance_group)
        });
        groups.map(|group| pool_of(group).to_owned()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}
