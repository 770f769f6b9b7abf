//! What a rollout waits for and what comes next, in sentences.

use super::{Rollout, RolloutState, SquareState, VersionRole, VersionShare, square};
use crate::{observed::GroupStatus, pool::ReplacementMethod, resource::InstanceGroup};

fn vms(count: usize) -> String {
    if count == 1 { "1 VM".to_owned() } else { format!("{count} VMs") }
}

/// What is said of one VM, or of several.
fn said_of<T>(vms: u32, (one, several): (T, T)) -> T {
    if vms == 1 { one } else { several }
}

/// What stands in the way now, the worst first.
pub(super) fn waits_for(rollout: &Rollout, status: &GroupStatus) -> Vec<String> {
    let count = |state: SquareState| rollout.squares.iter().filter(|square| square.state == state).count();
    let mut waits = Vec::new();
    let mut failing = status.instances.iter().filter(|vm| square::fails(vm));
    let failing = failing.find_map(|vm| Some((&vm.name, vm.last_error.as_ref()?)));
    if let Some((name, error)) = failing {
        waits.push(format!("{name}, which Compute Engine cannot make: {}: {}", error.code, error.message));
    }
    match count(SquareState::Ill) {
        0 => {}
        ill if matches!(rollout.state, RolloutState::Settled | RolloutState::Canary) => {
            waits.push(format!("{}, whose check fails, to be healed", vms(ill)));
        }
        ill => waits.push(format!("{}, whose check fails", vms(ill))),
    }
    match count(SquareState::Stopped) {
        0 => {}
        stopped => waits.push(format!("{}, stopped, to run again", vms(stopped))),
    }
    match count(SquareState::Starting) {
        0 => {}
        1 => waits.push("1 new VM to pass its check".to_owned()),
        many => waits.push(format!("{many} new VMs to pass their checks")),
    }
    match count(SquareState::Leaving) {
        0 => {}
        leaving => waits.push(format!("{} to be deleted", vms(leaving))),
    }
    if rollout.state == RolloutState::Waiting {
        let old: u32 = old(rollout).map(|share| share.total).sum();
        waits.push(format!("somebody to update {} by name: the pool is OPPORTUNISTIC", vms(old as usize)));
    }
    waits
}

fn old(rollout: &Rollout) -> impl Iterator<Item = &VersionShare> {
    rollout.versions.iter().filter(|share| share.role == VersionRole::Old && share.total > 0)
}

/// Compute Engine's next steps by the group's policy, or the choices of a person.
pub(super) fn next(group: &InstanceGroup, rollout: &Rollout) -> Vec<String> {
    let size = rollout.target_size;
    let policy = &group.update_policy;
    let mut next = Vec::new();
    let canary = rollout.versions.iter().find(|share| share.role == VersionRole::Canary);
    match rollout.state {
        RolloutState::Settled => {}
        RolloutState::Canary => {
            if let (Some(canary), Some(own)) = (canary, rollout.versions.first()) {
                next.push(format!(
                    "Promote: {} of {} {} replaced by {}.",
                    vms(own.total as usize),
                    own.label.long(),
                    said_of(own.total, ("is", "are")),
                    canary.label.long()
                ));
                next.push(format!(
                    "Roll back: {} of {} {} back to {}.",
                    vms(canary.total as usize),
                    canary.label.long(),
                    said_of(canary.total, ("goes", "go")),
                    own.label.long()
                ));
            }
        }
        RolloutState::Waiting => next
            .push("Nothing by itself. New VMs and those that are recreated have the new version.".to_owned()),
        RolloutState::Rolling | RolloutState::Failing => {
            let away = policy.max_unavailable.of(size);
            let away = if away == 0 { "none is away".to_owned() } else { format!("at most {away} are away") };
            for share in rollout.versions.iter().filter(|share| share.total > share.wanted) {
                let leaving = vms((share.total - share.wanted) as usize);
                next.push(match policy.replacement_method {
                    ReplacementMethod::Substitute => format!(
                        "{leaving} of {} {} as new ones serve: at most {} more than {size} at a time, {away} meanwhile.",
                        share.label.long(),
                        said_of(share.total - share.wanted, ("goes", "go")),
                        policy.max_surge.of(size)
                    ),
                    ReplacementMethod::Recreate => {
                        let (are, names) =
                            said_of(share.total - share.wanted, (("is", "its name"), ("are", "their names")));
                        format!("{leaving} of {} {are} made anew under {names}: {away} meanwhile.", share.label.long())
                    }
                });
            }
            for share in rollout.versions.iter().filter(|share| share.total < share.wanted) {
                next.push(format!(
                    "{} of {} {} made.",
                    vms((share.wanted - share.total) as usize),
                    share.label.long(),
                    said_of(share.wanted - share.total, ("is", "are"))
                ));
            }
            if let Some(canary) = canary {
                next.push(format!(
                    "Then it stays at {} of {} until somebody promotes it or rolls it back.",
                    vms(canary.wanted as usize),
                    canary.label.long()
                ));
            }
        }
    }
    next
}
