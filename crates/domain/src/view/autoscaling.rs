//! Autoscaling: what the service recommends beside what runs, and why.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    autoscaling::{AutoscalerStatus, AutoscalingMode, Replay, Sample, ScheduleInForce},
    cost::{CostImpact, Money},
    environment::EnvironmentSpec,
    pool::PoolSpec,
    resource::Autoscaler,
};

/// A schedule that begins next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSchedule {
    pub name: String,
    pub at: Timestamp,
    pub min_required_replicas: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalingRow {
    pub environment: String,
    pub pool: String,
    /// As declared; None where no autoscaler sizes the pool.
    pub desired: Option<Autoscaler>,
    /// As Compute Engine has it; None where it was not seen.
    pub observed: Option<Autoscaler>,
    pub status: Option<AutoscalerStatus>,
    /// The size that the group was last told.
    pub target: Option<u32>,
    /// VMs that run.
    pub running: Option<u32>,
    pub next: Option<NextSchedule>,
    /// The schedule that holds the size, by what Compute Engine has.
    #[serde(default)]
    pub in_force: Option<ScheduleInForce>,
    /// What ran in the last hours, oldest first.
    pub recent: Vec<u32>,
}

impl AutoscalingRow {
    pub fn mode(&self) -> Option<AutoscalingMode> {
        self.observed.as_ref().or(self.desired.as_ref()).map(|scaler| scaler.mode)
    }

    pub fn recommended(&self) -> Option<u32> {
        self.status.as_ref().and_then(|status| status.recommended_size)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalingList {
    pub rows: Vec<AutoscalingRow>,
    pub now: Timestamp,
}

/// What the form that edits a pool's autoscaling begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalingForm {
    pub environment: EnvironmentSpec,
    /// What it is read from; a form sends it back, so that an older one is noticed.
    pub generation: i64,
    pub pool: PoolSpec,
    /// Where the pool stands in the declaration.
    pub index: usize,
}

impl AutoscalingForm {
    /// As the declaration's attributes begin: `agent_pools[2].`
    pub fn place(&self) -> String {
        format!("agent_pools[{}].", self.index)
    }
}

/// One pool's, over a window of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalingView {
    pub row: AutoscalingRow,
    /// Seconds that the samples go back.
    pub window: i64,
    /// Oldest first.
    pub samples: Vec<Sample>,
    /// The pool at its bounds: before is the minimum, after what runs, at most the maximum.
    pub cost: Option<CostImpact>,
    pub now: Timestamp,
}

/// A draft of a pool's policy on the load of the last day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayView {
    pub draft: Autoscaler,
    /// The first look of the last day that the policy in force was made under; None: there is none.
    pub since: Option<Timestamp>,
    /// None where the looks are too few to say anything.
    pub replay: Option<Replay>,
    /// What a day would cost more, or below zero less, at list prices; None where a price is not known.
    pub more_a_day: Option<Money>,
    pub now: Timestamp,
}
