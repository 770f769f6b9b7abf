//! Which VMs of a group stay as they are when it settles, and which are made anew. One answer for the impact of a plan
//! and for the model of its application; which VMs a canary takes is Compute Engine's choice, and here the last by name.

use std::collections::{BTreeMap, BTreeSet};

use super::lives;
use crate::{name::same_reference, observed::GroupStatus, pool::UpdateType, resource::InstanceGroup};

/// A VM of a group, or one that the group is about to make by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) template: Option<String>,
}

impl Standing {
    fn runs(&self, template: &str) -> bool {
        self.template.as_deref().is_some_and(|own| same_reference(own, template))
    }
}

pub(crate) fn standing(status: &GroupStatus) -> Vec<Standing> {
    let mut vms: Vec<Standing> = lives(status)
        .map(|vm| Standing { name: vm.name.clone(), zone: vm.zone.clone(), template: vm.template.clone() })
        .collect();
    vms.sort_by(|a, b| (&a.zone, &a.name).cmp(&(&b.zone, &b.name)));
    vms
}

/// The names of the VMs that neither leave nor are replaced. `zones` is how many each zone is to have.
pub(crate) fn staying(
    vms: &[Standing],
    group: &InstanceGroup,
    size: u32,
    zones: &BTreeMap<String, u32>,
) -> BTreeSet<String> {
    let mut room = zones.clone();
    let mut stay = BTreeSet::new();
    let mut keep = |vm: &Standing, stay: &mut BTreeSet<String>| {
        let Some(room) = room.get_mut(&vm.zone).filter(|room| **room > 0) else { return false };
        *room -= 1;
        stay.insert(vm.name.clone());
        true
    };
    // The canary's first: its VMs are few, and a canary that serves is not replaced by one that boots.
    for (template, share) in group.shares(size).into_iter().rev() {
        let mut left = share;
        for vm in vms.iter().filter(|vm| vm.runs(template)) {
            if left == 0 {
                break;
            }
            if !stay.contains(&vm.name) && keep(vm, &mut stay) {
                left -= 1;
            }
        }
    }
    if group.update_policy.update_type == UpdateType::Opportunistic {
        for vm in vms {
            if !stay.contains(&vm.name) {
                keep(vm, &mut stay);
            }
        }
    }
    stay
}

/// How many more VMs each version is to get, given those that stay.
pub(crate) struct Lacking(Vec<(String, u32)>);

impl Lacking {
    pub(crate) fn of(group: &InstanceGroup, size: u32, vms: &[Standing], stay: &BTreeSet<String>) -> Self {
        let count = |template: &str| {
            let here = vms.iter().filter(|vm| stay.contains(&vm.name) && vm.runs(template)).count();
            u32::try_from(here).unwrap_or(u32::MAX)
        };
        Self(
            group
                .shares(size)
                .into_iter()
                .map(|(template, share)| (template.to_owned(), share.saturating_sub(count(template))))
                .collect(),
        )
    }

    /// The version of the next new VM: the group's own until it has enough.
    pub(crate) fn take(&mut self) -> Option<String> {
        let at = self.0.iter().position(|(_, lacks)| *lacks > 0).unwrap_or(0);
        let (template, lacks) = self.0.get_mut(at)?;
        *lacks = lacks.saturating_sub(1);
        Some(template.clone())
    }
}
