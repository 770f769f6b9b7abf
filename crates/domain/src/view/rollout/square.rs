//! One VM in a rollout.

use serde::{Deserialize, Serialize};

use crate::{
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
    name::same_reference,
    resource::InstanceGroup,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SquareState {
    /// It runs and passes its check, where there is one.
    Ready,
    /// Not there yet, booting, or not yet checked.
    Starting,
    /// It does not run any more, and its group does nothing with it yet.
    Stopped,
    /// It runs and fails its check.
    Ill,
    /// Making it fails.
    Failing,
    Leaving,
}

impl SquareState {
    pub const ALL: [Self; 6] =
        [Self::Failing, Self::Ill, Self::Stopped, Self::Starting, Self::Ready, Self::Leaving];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "healthy",
            Self::Starting => "starting",
            Self::Stopped => "stopped",
            Self::Ill => "probe fails",
            Self::Failing => "cannot be made",
            Self::Leaving => "leaving",
        }
    }

    /// Something is under way that ends by itself.
    pub const fn moves(self) -> bool {
        matches!(self, Self::Starting | Self::Leaving)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Square {
    pub name: String,
    pub zone: String,
    /// Its version's place in [`super::Rollout::labels`]: spelled out, it would be most of a square, and there are two thousand.
    pub version: usize,
    /// It runs the version that the pool is moving to, or tries.
    pub is_new: bool,
    pub state: SquareState,
}

pub(super) fn leaves(vm: &Instance) -> bool {
    matches!(vm.current_action, CurrentAction::Deleting | CurrentAction::Abandoning)
}

pub(super) fn serves(vm: &Instance) -> bool {
    state(vm) == SquareState::Ready
}

/// The error of a VM that was made is history.
pub(super) fn fails(vm: &Instance) -> bool {
    state(vm) == SquareState::Failing
}

/// As a Spot VM that was preempted, or one that was stopped past its group.
fn stands_still(vm: &Instance) -> bool {
    use InstanceStatus::{Stopped, Stopping, Suspended, Suspending, Terminated};
    vm.current_action == CurrentAction::None
        && matches!(vm.status, Stopping | Stopped | Terminated | Suspending | Suspended)
}

fn state(vm: &Instance) -> SquareState {
    match (&vm.probe, vm.is_settled()) {
        _ if leaves(vm) => SquareState::Leaving,
        _ if vm.failure().is_some() => SquareState::Failing,
        (_, false) if stands_still(vm) => SquareState::Stopped,
        (_, false) => SquareState::Starting,
        (Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout), true) => SquareState::Ill,
        (Some(ProbeHealth::Unknown), true) => SquareState::Starting,
        (_, true) => SquareState::Ready,
    }
}

/// `moving`: the group has VMs of more than one version, or is to have.
pub(super) fn square(group: &InstanceGroup, vm: &Instance, version: usize, moving: bool) -> Square {
    let target = group.canary.as_ref().map_or(&group.template, |canary| &canary.template);
    let runs = |template: &str| vm.template.as_deref().is_some_and(|own| same_reference(own, template));
    Square {
        name: vm.name.clone(),
        zone: vm.zone.clone(),
        version,
        is_new: moving && runs(target),
        state: state(vm),
    }
}
