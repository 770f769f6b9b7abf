//! What keeps a canary from being promoted, and until when.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Rollout, VersionRole, square};
use crate::{Timestamp, name::same_reference, observed::GroupStatus, resource::InstanceGroup};

/// What keeps a canary from being promoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// In words that stay true as time passes.
    pub why: String,
    /// When it ends by itself; None: it takes more than time.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// For an answer that stays as it was given.
    pub fn said(&self, now: Timestamp) -> String {
        let Some(until) = self.until else { return self.why.clone() };
        // A second that has begun is still to be waited for.
        let left = (until - now + TimeDelta::milliseconds(999)).num_seconds();
        format!("{}: {left} s are left", self.why)
    }
}

/// Each VM of the canary serves, and is as old as the pool asks, from its creation: Compute Engine does not tell since
/// when a VM serves.
pub(super) fn holds_promotion(
    group: &InstanceGroup,
    status: &GroupStatus,
    rollout: &Rollout,
    min_ready_sec: u32,
    now: Timestamp,
) -> Option<Hold> {
    let canary = rollout.versions.iter().find(|share| share.role == VersionRole::Canary)?;
    if canary.ready < canary.wanted {
        let why =
            format!("{} of {} canary VMs serve: it may be promoted when all do", canary.ready, canary.wanted);
        return Some(Hold { why, until: None });
    }
    let tried = &group.canary.as_ref()?.template;
    let youngest = status
        .instances
        .iter()
        .filter(|vm| {
            vm.template.as_deref().is_some_and(|own| same_reference(own, tried)) && !square::leaves(vm)
        })
        .filter_map(|vm| vm.created_at)
        .max()?;
    let until = youngest + TimeDelta::seconds(i64::from(min_ready_sec));
    (min_ready_sec > 0 && now < until).then(|| Hold {
        why: format!("the youngest canary VM has to be {min_ready_sec} s old, as min_ready_sec says"),
        until: Some(until),
    })
}
