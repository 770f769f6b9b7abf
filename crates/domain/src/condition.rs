//! Conditions with Kubernetes' meaning of the words: type, status, reason, message, since when.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum ConditionType {
    /// Every desired VM runs and passes its checks.
    Ready,
    /// The observed settings are the desired ones.
    Synced,
    /// Compute Engine answers.
    Reachable,
    /// Every VM runs the version that is declared for it.
    Updated,
    /// What was declared last was carried out. A pool has it only while that is not so.
    Applied,
    /// No VM waits for more of a quota. This one and the following are there only while they are not met: see [`crate::hindrance`].
    WithinQuota,
    /// No VM waits for a machine.
    CapacityAvailable,
    ImageFound,
    /// All else that the template names exists.
    TemplateUsable,
    /// Compute Engine may make what it is to make.
    Permitted,
    AddressesAvailable,
    /// VMs pass their health check.
    Healthy,
    /// The autoscaler, where there is one, can size the pool.
    ScalingActive,
    /// The autoscaler asks for no more than it may have.
    WithinLimits,
    /// VMs stay once they are made: none is made anew again and again. See [`crate::crash_loop`].
    Lasting,
}

impl ConditionType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Synced => "Synced",
            Self::Reachable => "Reachable",
            Self::Updated => "Updated",
            Self::Applied => "Applied",
            Self::WithinQuota => "WithinQuota",
            Self::CapacityAvailable => "CapacityAvailable",
            Self::ImageFound => "ImageFound",
            Self::TemplateUsable => "TemplateUsable",
            Self::Permitted => "Permitted",
            Self::AddressesAvailable => "AddressesAvailable",
            Self::Healthy => "Healthy",
            Self::ScalingActive => "ScalingActive",
            Self::WithinLimits => "WithinLimits",
            Self::Lasting => "Lasting",
        }
    }

    /// What is wrong while it is not met, in a few words.
    pub const fn broken(self) -> &'static str {
        match self {
            Self::Ready => "Not ready",
            Self::Synced => "Not synced",
            Self::Reachable => "Not reachable",
            Self::Updated => "Not updated",
            Self::Applied => "Not carried out",
            Self::WithinQuota => "Quota used up",
            Self::CapacityAvailable => "No capacity",
            Self::ImageFound => "Image not found",
            Self::TemplateUsable => "Template cannot be used",
            Self::Permitted => "Permission missing",
            Self::AddressesAvailable => "No address left",
            Self::Healthy => "Health checks fail",
            Self::ScalingActive => "Autoscaler fails",
            Self::WithinLimits => "Capped by the autoscaler",
            Self::Lasting => "Crash loop",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: ConditionType,
    pub status: ConditionStatus,
    /// One word that `docs/errors.md` explains.
    pub reason: String,
    pub message: String,
    /// When the status last changed, not when it was last seen.
    pub since: Timestamp,
}

/// Puts a condition into the list. `since` stays when the status stays.
pub fn set_condition(conditions: &mut Vec<Condition>, mut next: Condition) {
    match conditions.iter_mut().find(|condition| condition.kind == next.kind) {
        Some(current) => {
            if current.status == next.status {
                next.since = current.since;
            }
            *current = next;
        }
        None => {
            conditions.push(next);
            conditions.sort_by_key(|condition| condition.kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn ready(status: ConditionStatus, seconds: i64) -> Condition {
        Condition {
            kind: ConditionType::Ready,
            status,
            reason: "R".into(),
            message: "m".into(),
            since: at(seconds),
        }
    }

    #[test]
    fn since_moves_only_with_the_status() {
        let mut conditions = vec![ready(ConditionStatus::False, 10)];
        set_condition(&mut conditions, ready(ConditionStatus::False, 20));
        assert_eq!(conditions[0].since, at(10));
        set_condition(&mut conditions, ready(ConditionStatus::True, 30));
        assert_eq!(conditions[0].since, at(30));
        assert_eq!(conditions.len(), 1);
    }
}
