//! How far a pool's rollout is: which VM runs which version, what is waited for and what happens next. Computed from what
//! was observed alone, so that a page, a condition and a command say the same.

mod brief;
mod hold;
mod square;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use brief::Brief;
pub use hold::Hold;
pub use square::{Square, SquareState};

use crate::{
    Timestamp,
    instance::Instance,
    name::{last_segment, same_reference, version_digits},
    observed::GroupStatus,
    pool::UpdateType,
    resource::InstanceGroup,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutState {
    /// Every VM runs what its group declares, and there is one version. VMs may be ill: healing them is no rollout.
    Settled,
    /// VMs of other versions are being replaced, or new ones start.
    Rolling,
    /// Two versions run as declared, until somebody decides.
    Canary,
    /// VMs run another version, and nothing replaces them unless somebody asks.
    Waiting,
    /// Making VMs fails.
    Failing,
}

impl RolloutState {
    pub const ALL: [Self; 5] = [Self::Settled, Self::Rolling, Self::Canary, Self::Waiting, Self::Failing];
}

/// What people call a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionLabel {
    /// The template's declared name; empty where nobody knows it.
    pub template: String,
    /// Counted from 1 among the template's versions.
    pub number: Option<u32>,
    /// The resource's name in Compute Engine.
    pub resource: String,
}

impl VersionLabel {
    /// `v3`, or the digits of the resource's name.
    pub fn short(&self) -> String {
        self.number.map_or_else(|| self.digits().to_owned(), |number| format!("v{number}"))
    }

    /// `web v3`.
    pub fn long(&self) -> String {
        format!("{} {}", self.template, self.short()).trim_start().to_owned()
    }

    /// What a declaration names the version by.
    pub fn digits(&self) -> &str {
        version_digits(&self.resource)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionRole {
    /// Of all VMs, or of all but the canary's.
    Own,
    Canary,
    /// Not declared any more.
    Old,
}

impl VersionRole {
    pub const ALL: [Self; 3] = [Self::Own, Self::Canary, Self::Old];
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionShare {
    pub label: VersionLabel,
    pub role: VersionRole,
    /// VMs that are to run it.
    pub wanted: u32,
    /// VMs that run it and serve.
    pub ready: u32,
    /// VMs of it, those that leave left out.
    pub total: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub state: RolloutState,
    /// The group's own first, then the canary, then the old ones by name.
    pub versions: Vec<VersionShare>,
    /// Those of `versions` in their order, then those that only leaving VMs have, or VMs of which no version is known.
    pub labels: Vec<VersionLabel>,
    /// By zone and name.
    pub squares: Vec<Square>,
    pub target_size: u32,
    /// In words; empty when nothing is waited for.
    pub waits_for: Vec<String>,
    /// In words, what comes without anybody's doing, or what somebody may decide.
    pub next: Vec<String>,
    /// With a canary: why it may not be promoted yet; None: it may.
    pub holds_promotion: Option<Hold>,
}

impl Rollout {
    pub fn label(&self, square: &Square) -> &VersionLabel {
        &self.labels[square.version]
    }
}

/// Labels of versions by their resources' names.
pub type Labels = BTreeMap<String, VersionLabel>;

/// `min_ready_sec` is the pool's: how old the VMs of a canary must be before it may be promoted.
pub fn rollout(
    group: &InstanceGroup,
    status: &GroupStatus,
    labels: &Labels,
    min_ready_sec: u32,
    now: Timestamp,
) -> Rollout {
    let versions = versions(group, status, labels);
    let moving = versions.len() > 1;
    let mut known: Vec<VersionLabel> = versions.iter().map(|share| share.label.clone()).collect();
    let place = |vm: &Instance| {
        let own = label(labels, vm.template.as_deref().unwrap_or_default());
        let found = known.iter().position(|label| *label == own);
        found.unwrap_or_else(|| {
            known.push(own);
            known.len() - 1
        })
    };
    let places: Vec<usize> = status.instances.iter().map(place).collect();
    let vms = status.instances.iter().zip(places);
    let mut squares: Vec<Square> =
        vms.map(|(vm, version)| square::square(group, vm, version, moving)).collect();
    squares.sort_by(|a, b| (&a.zone, &a.name).cmp(&(&b.zone, &b.name)));
    let state = state(group, status, &versions, &squares);
    let mut rollout = Rollout {
        state,
        versions,
        labels: known,
        squares,
        target_size: status.target_size,
        waits_for: Vec::new(),
        next: Vec::new(),
        holds_promotion: None,
    };
    if group.canary.is_some() {
        rollout.holds_promotion = hold::holds_promotion(group, status, &rollout, min_ready_sec, now);
    }
    rollout.waits_for = words::waits_for(&rollout, status);
    rollout.next = words::next(group, &rollout);
    rollout
}

pub(crate) fn label(labels: &Labels, resource: &str) -> VersionLabel {
    let resource = last_segment(resource);
    labels.get(resource).cloned().unwrap_or_else(|| VersionLabel {
        template: String::new(),
        number: None,
        resource: resource.to_owned(),
    })
}

fn versions(group: &InstanceGroup, status: &GroupStatus, labels: &Labels) -> Vec<VersionShare> {
    let mut shares: Vec<VersionShare> = group
        .shares(status.target_size)
        .into_iter()
        .zip([VersionRole::Own, VersionRole::Canary])
        .map(|((template, wanted), role)| VersionShare {
            label: label(labels, template),
            role,
            wanted,
            ready: 0,
            total: 0,
        })
        .collect();
    let declared = shares.len();
    for vm in status.instances.iter().filter(|vm| !square::leaves(vm)) {
        let Some(template) = &vm.template else { continue };
        let found = shares.iter().position(|share| same_reference(&share.label.resource, template));
        let at = found.unwrap_or_else(|| {
            shares.push(VersionShare {
                label: label(labels, template),
                role: VersionRole::Old,
                wanted: 0,
                ready: 0,
                total: 0,
            });
            shares.len() - 1
        });
        shares[at].total += 1;
        shares[at].ready += u32::from(square::serves(vm));
    }
    shares[declared..].sort_by(|a, b| a.label.resource.cmp(&b.label.resource));
    shares
}

fn state(
    group: &InstanceGroup,
    status: &GroupStatus,
    versions: &[VersionShare],
    squares: &[Square],
) -> RolloutState {
    use SquareState::{Failing, Starting, Stopped};
    let made = !squares.iter().any(|one| matches!(one.state, Starting | Stopped | Failing));
    let reached = made && versions.iter().all(|share| share.total == share.wanted);
    let differs = versions.iter().any(|share| share.total > share.wanted);
    let starting = squares.iter().any(|square| square.state.moves());
    if reached && status.is_stable {
        if group.canary.is_some() { RolloutState::Canary } else { RolloutState::Settled }
    } else if squares.iter().any(|square| square.state == Failing) {
        RolloutState::Failing
    } else if group.update_policy.update_type == UpdateType::Opportunistic && differs && !starting {
        RolloutState::Waiting
    } else {
        RolloutState::Rolling
    }
}

#[cfg(test)]
mod tests;
