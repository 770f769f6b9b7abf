//! Pools: desired beside observed, never one painted as the other.

use serde::{Deserialize, Serialize};

use super::{
    audit::AuditLine,
    autoscaling::AutoscalingView,
    change::ChangeRow,
    columns,
    instance::InstanceLine,
    rollout::{Brief, Rollout, VersionLabel},
    unwell::Agents,
};
use crate::{
    AgentType, ChangeId, ChangeState, Timestamp,
    agent::AgentState,
    condition::{Condition, ConditionStatus, ConditionType},
    environment::EnvironmentSpec,
    incident::Incident,
    pool::PoolSpec,
};

/// What an open change does to a pool: said beside what is observed, never in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    pub change: ChangeId,
    pub state: ChangeState,
    /// `scaling 2 → 5`.
    pub what: String,
    /// `you`, or a name.
    pub by: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCount {
    pub state: AgentState,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolRow {
    pub environment: String,
    pub name: String,
    pub agent_type: AgentType,
    /// The instance group's name.
    pub group: String,
    pub template: String,
    pub desired_size: u32,
    /// VMs that run; None where nothing was observed yet.
    pub observed_size: Option<u32>,
    /// `1 to 5` when an autoscaler decides.
    pub autoscaling: Option<String>,
    /// Only states that occur, worst first.
    pub agents: Vec<AgentCount>,
    pub conditions: Vec<Condition>,
    /// The oldest open change of it.
    pub requested: Option<Requested>,
    pub generation: i64,
    pub observed_generation: i64,
}

impl PoolRow {
    /// Whether VMs are made anew again and again, as the last look at Compute Engine found it.
    pub fn goes_round(&self) -> bool {
        self.crash_loop().is_some()
    }

    /// What is said of that.
    pub fn crash_loop(&self) -> Option<&Condition> {
        self.conditions.iter().find(|condition| {
            condition.kind == ConditionType::Lasting && condition.status == ConditionStatus::False
        })
    }

    /// VMs that are there, whatever their agents do.
    pub fn vms(&self) -> u32 {
        self.agents.iter().map(|counted| counted.count).sum()
    }
}

/// One line of the two columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub name: String,
    pub desired: Option<String>,
    pub observed: Option<String>,
    /// Seldom asked for: it is looked up, not looked at.
    pub detail: bool,
}

impl Setting {
    pub fn differs(&self) -> bool {
        self.desired != self.observed
    }

    /// Whether it can wait behind a fold: a detail in which the columns do not contradict each other. A column that has
    /// nothing at all is said by the other rows.
    pub fn folds(&self) -> bool {
        self.detail && (self.desired.is_none() || self.observed.is_none() || !self.differs())
    }
}

/// What every tab of a pool begins with. VMs are only counted here: a pool has up to two thousand, and the tabs that show single
/// ones load those by themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolView {
    pub row: PoolRow,
    pub region: String,
    pub zones: Vec<String>,
    pub settings: Vec<Setting>,
    pub spec: PoolSpec,
    /// Newest first, at most ten.
    pub changes: Vec<ChangeRow>,
    /// Open ones that touch it: its own brake, or that of a zone it is in.
    pub incidents: Vec<Incident>,
    /// While VMs of more than one version are there, or are to be.
    pub rollout: Option<Brief>,
    /// Of a later moment than the row's: what is said of them in one breath is counted in one look.
    pub agents: Agents,
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}

/// A pool's first tab: what moves, what sizes it, and what happened to it last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolOverview {
    pub pool: PoolView,
    /// While VMs of more than one version are there, or are to be.
    pub rollout: Option<Rollout>,
    /// VMs of the rollout that have no square here: of many, those that serve.
    pub undrawn: u64,
    /// Where an autoscaler sizes it.
    pub autoscaling: Option<AutoscalingView>,
    /// At rest, by zone and name: of many, some that are not well before some that are.
    #[serde(with = "columns")]
    pub instances: Vec<InstanceLine>,
    /// How many instances there are.
    pub found: u64,
    /// The newest of its timeline, newest first.
    #[serde(with = "columns")]
    pub events: Vec<AuditLine>,
    /// What names of the environment's resources begin with.
    pub name_prefix: String,
}

/// A pool with its rollout, of one reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolRollout {
    pub pool: PoolView,
    /// None where no group was observed yet.
    pub rollout: Option<Rollout>,
}

/// A version that a pool can be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChoice {
    pub label: VersionLabel,
    /// What the template is declared as; a pool that takes it follows the template from then on.
    pub present: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateChoice {
    pub name: String,
    pub agent_type: AgentType,
    /// The newest first; the first one is what is declared.
    pub versions: Vec<VersionChoice>,
}

/// What the forms about a pool start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolForm {
    pub environment: EnvironmentSpec,
    /// What it is read from; a form sends it back, so that an older one is noticed.
    pub generation: i64,
    /// Of all declared pools, in their order.
    pub names: Vec<String>,
    /// In the declaration's order.
    pub templates: Vec<TemplateChoice>,
    /// None where the form creates one.
    pub pool: Option<PoolSpec>,
    pub rollout: Option<Rollout>,
}

impl PoolForm {
    /// Where the pool stands in the declaration, or will: `agent_pools[2].`
    pub fn place(&self) -> String {
        let own = self.pool.as_ref().and_then(|pool| self.names.iter().position(|name| *name == pool.name));
        format!("agent_pools[{}].", own.unwrap_or(self.names.len()))
    }
}
