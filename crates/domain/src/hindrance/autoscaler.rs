//! What an autoscaler says of itself: that it fails, or that it would take more than it may.

use super::{Hindrance, one_line};
use crate::{
    autoscaling::{AutoscalerStatus, AutoscalingMode, STATUS_TYPES, StatusDetail},
    condition::{ConditionStatus, ConditionType},
    resource::Autoscaler,
};

pub(super) fn hindrances(
    autoscaler: &Autoscaler,
    status: &AutoscalerStatus,
) -> impl Iterator<Item = Hindrance> + use<> {
    fails(status).into_iter().chain(capped(autoscaler, status))
}

/// What makes the service's status ERROR: it says less grave things beside them, and in any order. How it is set up comes first: that
/// ends by nobody's waiting.
const FATAL: [&str; 8] = [
    "SCALING_TARGET_DOES_NOT_EXIST",
    "CUSTOM_METRIC_INVALID",
    "BACKEND_SERVICE_DOES_NOT_EXIST",
    "MORE_THAN_ONE_BACKEND_SERVICE",
    "UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION",
    "NOT_ENOUGH_QUOTA_AVAILABLE",
    "REGION_RESOURCE_STOCKOUT",
    "ZONE_RESOURCE_STOCKOUT",
];

/// The service's status is ERROR where it cannot size the group, whatever else it says of it.
fn fails(status: &AutoscalerStatus) -> Option<Hindrance> {
    let fatal = FATAL.into_iter().find_map(|kind| status.details.iter().find(|detail| detail.kind == kind));
    let why = fatal.or_else(|| status.details.iter().find(|detail| !tells_of_settings(detail)));
    let known = why.and_then(|why| STATUS_TYPES.into_iter().find(|kind| *kind == why.kind));
    let said = match why {
        None => "Compute Engine does not say why".to_owned(),
        Some(why) if why.message.is_empty() => why.kind.clone(),
        Some(why) => one_line(&why.message),
    };
    (status.status == "ERROR").then(|| Hindrance {
        kind: ConditionType::ScalingActive,
        status: ConditionStatus::False,
        reason: known.unwrap_or("UNKNOWN"),
        message: format!("the autoscaler fails: {said}"),
    })
}

/// What an autoscaler says that works.
fn tells_of_settings(detail: &StatusDetail) -> bool {
    ["CAPPED_", "MIN_EQUALS_MAX", "MODE_", "SCHEDULED_"].iter().any(|told| detail.kind.starts_with(told))
}

/// The service's own word that it would take more than it may. One that only recommends is not held back by its maximum.
fn capped(autoscaler: &Autoscaler, status: &AutoscalerStatus) -> Option<Hindrance> {
    let says_so = status.details.iter().any(|detail| detail.kind == "CAPPED_AT_MAX_NUM_REPLICAS");
    (says_so && autoscaler.mode != AutoscalingMode::Off).then(|| {
        let vms = match autoscaler.max_replicas {
            1 => "1 VM".to_owned(),
            most => format!("{most} VMs"),
        };
        Hindrance {
            kind: ConditionType::WithinLimits,
            status: ConditionStatus::False,
            reason: "CappedByAutoscaler",
            message: format!("the load asks for more than the {vms} that max_replicas allows"),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        Timestamp,
        autoscaling::{AutoscalerStatus, AutoscalingMode, StatusDetail},
        condition::ConditionType,
        hindrance::{remedy, update},
        observed::GroupStatus,
        resource::{Autoscaler, ScaleInControl},
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn detail(kind: &str, message: &str) -> StatusDetail {
        StatusDetail { kind: kind.to_owned(), message: message.to_owned() }
    }

    fn autoscaler(mode: AutoscalingMode, max_replicas: u32) -> Autoscaler {
        Autoscaler {
            name: "g".to_owned(),
            group: "g".to_owned(),
            min_replicas: 1,
            max_replicas,
            cooldown_sec: 60,
            cpu_target: 0.5,
            predictive: false,
            custom_metrics: Vec::new(),
            scale_in: ScaleInControl { max_percent: 10, time_window_sec: 600 },
            mode,
            schedules: Vec::new(),
        }
    }

    #[test]
    fn an_autoscaler_that_fails_says_why_until_it_works() {
        let on = autoscaler(AutoscalingMode::On, 5);
        let group = GroupStatus { target_size: 3, ..GroupStatus::default() };
        let status = |status: &str, details: &[StatusDetail]| AutoscalerStatus {
            status: status.to_owned(),
            details: details.to_vec(),
            ..AutoscalerStatus::default()
        };
        let invalid = [
            detail("MIN_EQUALS_MAX", "it cannot move"),
            detail("CUSTOM_METRIC_INVALID", "The custom metric  does not exist."),
        ];
        let mut conditions = Vec::new();
        update(&mut conditions, &group, Some((&on, &status("ERROR", &invalid))), &[], at(0));
        assert_eq!(conditions.len(), 1);
        assert_eq!(conditions[0].kind, ConditionType::ScalingActive);
        assert_eq!(conditions[0].reason, "CUSTOM_METRIC_INVALID");
        assert_eq!(conditions[0].message, "the autoscaler fails: The custom metric does not exist.");
        assert!(remedy(&conditions[0]).is_some());
        // Whatever it says beside it, and in which order.
        let beside = detail("MISSING_CUSTOM_METRIC_DATA_POINTS", "Nothing was received.");
        for both in [[beside.clone(), invalid[1].clone()], [invalid[1].clone(), beside]] {
            update(&mut conditions, &group, Some((&on, &status("ERROR", &both))), &[], at(0));
            assert_eq!(conditions[0].reason, "CUSTOM_METRIC_INVALID");
        }
        // A shortage passes; what is set up wrongly stays.
        let short = detail("ZONE_RESOURCE_STOCKOUT", "The zone has none.");
        for both in [[short.clone(), invalid[1].clone()], [invalid[1].clone(), short.clone()]] {
            update(&mut conditions, &group, Some((&on, &status("ERROR", &both))), &[], at(0));
            assert_eq!(conditions[0].reason, "CUSTOM_METRIC_INVALID");
        }
        let sparse = detail("CUSTOM_METRIC_DATA_POINTS_TOO_SPARSE", "Too few were received.");
        update(&mut conditions, &group, Some((&on, &status("ERROR", &[sparse, short]))), &[], at(0));
        assert_eq!(conditions[0].reason, "ZONE_RESOURCE_STOCKOUT");
        // A type that came after this was written is told by its word, and has no row of its own to lead to.
        let new = [detail("SOMETHING_NEW", "")];
        update(&mut conditions, &group, Some((&on, &status("ERROR", &new))), &[], at(1));
        assert_eq!((conditions[0].reason.as_str(), conditions[0].since), ("UNKNOWN", at(0)));
        assert_eq!(conditions[0].message, "the autoscaler fails: SOMETHING_NEW");
        update(&mut conditions, &group, Some((&on, &status("ERROR", &[]))), &[], at(2));
        assert_eq!(conditions[0].message, "the autoscaler fails: Compute Engine does not say why");
        update(&mut conditions, &group, Some((&on, &status("ACTIVE", &invalid[..1]))), &[], at(3));
        assert_eq!(conditions, []);
    }

    #[test]
    fn an_autoscaler_that_would_take_more_says_so() {
        let status =
            |kind: &str| AutoscalerStatus { details: vec![detail(kind, "")], ..AutoscalerStatus::default() };
        // Somebody deleted two VMs by hand: the size says nothing of the limit.
        let smaller = GroupStatus { target_size: 3, ..GroupStatus::default() };
        let on = autoscaler(AutoscalingMode::On, 5);
        let held = status("CAPPED_AT_MAX_NUM_REPLICAS");
        let mut conditions = Vec::new();
        update(&mut conditions, &smaller, Some((&on, &held)), &[], at(0));
        assert_eq!(conditions[0].reason, "CappedByAutoscaler");
        assert_eq!(conditions[0].message, "the load asks for more than the 5 VMs that max_replicas allows");
        let one = autoscaler(AutoscalingMode::OnlyScaleOut, 1);
        update(&mut conditions, &smaller, Some((&one, &held)), &[], at(1));
        assert!(conditions[0].message.contains("than the 1 VM that"), "{conditions:?}");
        update(&mut conditions, &smaller, Some((&on, &status("MIN_EQUALS_MAX"))), &[], at(2));
        assert_eq!(conditions, []);
        let off = autoscaler(AutoscalingMode::Off, 5);
        update(&mut conditions, &smaller, Some((&off, &held)), &[], at(3));
        assert_eq!(conditions, [], "it only recommends: its maximum keeps nothing back");
    }
}
