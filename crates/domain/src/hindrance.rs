//! Why a pool does not grow: what Compute Engine says of its attempts, and what its health checks say, each as a condition of its
//! own with a code, a sentence and a remedy. `docs/errors.md` explains the codes.

mod autoscaler;
mod health;

use std::collections::BTreeSet;

use crate::{
    Timestamp,
    autoscaling::AutoscalerStatus,
    cause::Cause,
    condition::{Condition, ConditionStatus, ConditionType, set_condition},
    crash_loop::{self, CrashLoop},
    instance::{CurrentAction, Instance},
    observed::GroupStatus,
    resource::Autoscaler,
};

/// The kinds of condition that are there only while they are not met.
pub const KINDS: [ConditionType; 10] = [
    ConditionType::WithinQuota,
    ConditionType::CapacityAvailable,
    ConditionType::ImageFound,
    ConditionType::TemplateUsable,
    ConditionType::Permitted,
    ConditionType::AddressesAvailable,
    ConditionType::Lasting,
    ConditionType::Healthy,
    ConditionType::ScalingActive,
    ConditionType::WithinLimits,
];

/// Whether VMs that the pool waits for cannot be made. Not each cause has a condition of its own, and the group tries for ever.
pub fn attempt_fails(condition: &Condition) -> bool {
    condition.kind == ConditionType::Ready
        && condition.status == ConditionStatus::False
        && condition.reason == "AttemptFailed"
}

/// What to do about a condition that is not met; None where there is nothing to be done or nothing known.
pub fn remedy(condition: &Condition) -> Option<&'static str> {
    if condition.status != ConditionStatus::False {
        return None;
    }
    Some(match condition.kind {
        ConditionType::Ready if attempt_fails(condition) => {
            "Open the instance that the message names: Cloud errors, on its page, has the cause, which leads to what to do."
        }
        ConditionType::WithinQuota => {
            "Ask for more of this quota in the project's console, or make another pool of the region smaller."
        }
        ConditionType::CapacityAvailable => {
            "It is tried again by itself. If it lasts, choose another machine type, another provisioning model or other zones."
        }
        ConditionType::ImageFound => {
            "Correct source_image of the template: the image must exist, and the project must be allowed to use it."
        }
        ConditionType::TemplateUsable => "Correct the template: what the message names does not exist there.",
        ConditionType::Permitted => {
            "Give the project's Google APIs service agent the permission that the message names."
        }
        ConditionType::AddressesAvailable => "Widen the range of the subnetwork, or use another one.",
        ConditionType::Healthy => {
            "Look at the instances' health page and serial console. Where probes time out, a firewall rule must let 35.191.0.0/16 \
             and 130.211.0.0/22 reach the port."
        }
        ConditionType::Lasting => {
            "Read its serial console and what changed before it began, then mend the template or roll the pool back: the group itself \
             never gives up."
        }
        ConditionType::ScalingActive => {
            "Correct what the message names among the pool's autoscaling settings: until then it may keep its size whatever its load."
        }
        ConditionType::WithinLimits => {
            "Raise max_replicas if that load is to be served, or leave it as the limit that was meant."
        }
        _ => return None,
    })
}

/// Brings the conditions that tell what is in the way up to date: new ones come with `now`, those that ended go. `autoscaler` is the
/// observed one with what the service says of it, `loops` are the group's.
pub fn update(
    conditions: &mut Vec<Condition>,
    group: &GroupStatus,
    autoscaler: Option<(&Autoscaler, &AutoscalerStatus)>,
    loops: &[CrashLoop],
    now: Timestamp,
) {
    let health = health::fails(conditions, group, loops, now);
    let scaling = autoscaler.map(|(autoscaler, status)| autoscaler::hindrances(autoscaler, status));
    let found: Vec<_> = attempts(group)
        .into_iter()
        .chain(goes_round(loops))
        .chain(health)
        .chain(scaling.into_iter().flatten())
        .collect();
    conditions.retain(|condition| {
        !KINDS.contains(&condition.kind) || found.iter().any(|hindrance| hindrance.kind == condition.kind)
    });
    for Hindrance { kind, status, reason, message } in found {
        set_condition(conditions, Condition { kind, status, reason: reason.to_owned(), message, since: now });
    }
}

struct Hindrance {
    kind: ConditionType,
    status: ConditionStatus,
    reason: &'static str,
    message: String,
}

/// Which condition breaks by a cause; None where it says nothing of what the pool lacks.
pub(crate) const fn broken_by(cause: Cause) -> Option<ConditionType> {
    Some(match cause {
        Cause::QuotaExceeded => ConditionType::WithinQuota,
        Cause::StockOut => ConditionType::CapacityAvailable,
        Cause::AddressesExhausted => ConditionType::AddressesAvailable,
        Cause::PermissionMissing => ConditionType::Permitted,
        Cause::ImageNotFound => ConditionType::ImageFound,
        Cause::ResourceNotFound => ConditionType::TemplateUsable,
        Cause::AlreadyExists
        | Cause::StillInUse
        | Cause::ConditionNotMet
        | Cause::RequestInvalid
        | Cause::ComputeUnavailable
        | Cause::AnswerUnreadable
        | Cause::Unexplained => return None,
    })
}

/// Errors of the VMs that are still to be made: of those that exist, an error is history.
fn attempts(group: &GroupStatus) -> Vec<Hindrance> {
    let waits = |vm: &&Instance| {
        !matches!(vm.current_action, CurrentAction::None | CurrentAction::Verifying | CurrentAction::Deleting)
    };
    let errors: Vec<_> = group
        .instances
        .iter()
        .filter(waits)
        .filter_map(|vm| {
            let error = vm.failure()?;
            let cause = Cause::of_error(&error.code, &error.message);
            Some((vm, error, (broken_by(cause)?, cause)))
        })
        .collect();
    let kinds: BTreeSet<ConditionType> = errors.iter().map(|(_, _, (kind, _))| *kind).collect();
    kinds
        .into_iter()
        .filter_map(|kind| {
            let hit: Vec<_> = errors.iter().filter(|(_, _, (other, _))| *other == kind).collect();
            let (_, error, (_, cause)) = hit.first()?;
            let zones: BTreeSet<&str> = hit.iter().map(|(vm, ..)| vm.zone.as_str()).collect();
            let zones: Vec<&str> = zones.into_iter().collect();
            let message =
                format!("{} in {}: {}", waiting(hit.len()), zones.join(", "), one_line(&error.message));
            Some(Hindrance { kind, status: ConditionStatus::False, reason: cause.as_str(), message })
        })
        .collect()
}

fn waiting(count: usize) -> String {
    if count == 1 { "1 VM waits".to_owned() } else { format!("{count} VMs wait") }
}

/// Compute Engine's own words, with its double spaces made one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn goes_round(loops: &[CrashLoop]) -> Option<Hindrance> {
    crash_loop::message(loops).map(|message| Hindrance {
        kind: ConditionType::Lasting,
        status: ConditionStatus::False,
        reason: "CrashLoop",
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{AttemptError, InstanceStatus, ProbeHealth};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn vm(name: &str, action: CurrentAction) -> Instance {
        Instance {
            name: name.to_owned(),
            id: None,
            zone: "us-central1-b".to_owned(),
            group: "g".to_owned(),
            status: InstanceStatus::NotYet,
            current_action: action,
            template: Some("t".to_owned()),
            address: None,
            created_at: None,
            probe: None,
            last_error: None,
        }
    }

    fn failed(name: &str, code: &str, message: &str) -> Instance {
        let error = AttemptError { code: code.to_owned(), message: message.to_owned() };
        Instance { last_error: Some(error), ..vm(name, CurrentAction::Creating) }
    }

    fn probed(action: CurrentAction, probe: ProbeHealth) -> Instance {
        Instance { probe: Some(probe), status: InstanceStatus::Running, ..vm("a", action) }
    }

    fn group(instances: Vec<Instance>) -> GroupStatus {
        GroupStatus { instances, ..GroupStatus::default() }
    }

    #[test]
    fn each_error_breaks_its_own_condition_and_they_end_by_themselves() {
        let quota = "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-central1.";
        let image = "The resource 'projects/p/global/images/family/x' was not found";
        let seen = group(vec![
            failed("a", "QUOTA_EXCEEDED", quota),
            failed("b", "QUOTA_EXCEEDED", quota),
            failed("c", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "no machine"),
            failed("d", "RESOURCE_NOT_FOUND", image),
            failed(
                "e",
                "RESOURCE_NOT_FOUND",
                "The resource 'projects/p/zones/z/machineTypes/x9' was not found",
            ),
            failed("f", "PERMISSIONS_ERROR", "Required 'compute.instances.create' permission for 'x'"),
            failed("g", "IP_SPACE_EXHAUSTED", "IP space of 's' is exhausted."),
            failed("h", "SOMETHING_NEW", "?"),
        ]);
        let mut conditions = Vec::new();
        update(&mut conditions, &seen, None, &[], at(0));
        let reasons: Vec<&str> = conditions.iter().map(|condition| condition.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "QuotaExceeded",
                "StockOut",
                "ImageNotFound",
                "ResourceNotFound",
                "PermissionMissing",
                "AddressesExhausted"
            ]
        );
        assert_eq!(
            conditions[0].message,
            "2 VMs wait in us-central1-b: Quota 'CPUS' exceeded. Limit: 24.0 in region us-central1."
        );
        assert!(conditions.iter().all(|condition| remedy(condition).is_some()));
        update(&mut conditions, &group(vec![failed("a", "QUOTA_EXCEEDED", quota)]), None, &[], at(9));
        assert_eq!((conditions.len(), conditions[0].since), (1, at(0)));
        // The VM was made in the end: what failed before is history.
        let made = Instance { current_action: CurrentAction::None, ..failed("a", "QUOTA_EXCEEDED", quota) };
        update(&mut conditions, &group(vec![made]), None, &[], at(10));
        assert_eq!(conditions, []);
    }

    #[test]
    fn an_attempt_that_fails_for_a_cause_without_a_condition_has_a_remedy() {
        let ready = |status, reason: &str| Condition {
            kind: ConditionType::Ready,
            status,
            reason: reason.to_owned(),
            message: "a: CONDITION_NOT_MET: Constraint constraints/compute.vmExternalIpAccess violated"
                .to_owned(),
            since: at(0),
        };
        assert!(remedy(&ready(ConditionStatus::False, "AttemptFailed")).is_some());
        assert_eq!(remedy(&ready(ConditionStatus::False, "Converging")), None);
        assert_eq!(remedy(&ready(ConditionStatus::True, "Settled")), None);
    }

    #[test]
    fn a_crash_loop_is_told_until_it_is_over_and_outlives_a_good_probe() {
        let turns = |made_anew| CrashLoop {
            zone: "us-central1-b".to_owned(),
            name: "a".to_owned(),
            made_anew,
            since: at(0),
            making: false,
            probe_fails: true,
        };
        let fails = group(vec![probed(CurrentAction::None, ProbeHealth::Timeout)]);
        let mut conditions = Vec::new();
        update(&mut conditions, &fails, None, &[turns(3)], at(0));
        let kinds: Vec<_> = conditions.iter().map(|one| (one.kind, one.reason.as_str())).collect();
        assert_eq!(kinds, [(ConditionType::Healthy, "Unhealthy"), (ConditionType::Lasting, "CrashLoop")]);
        let well = group(vec![probed(CurrentAction::None, ProbeHealth::Healthy)]);
        update(&mut conditions, &well, None, &[turns(4)], at(9));
        assert_eq!((conditions.len(), conditions[0].since), (1, at(0)));
        assert!(conditions[0].message.contains("was made anew 4 times since"), "{conditions:?}");
        assert!(remedy(&conditions[0]).is_some());
        update(&mut conditions, &well, None, &[], at(10));
        assert_eq!(conditions, []);
    }
}
