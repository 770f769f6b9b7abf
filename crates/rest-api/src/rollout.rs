//! A pool's rollout: which VM runs which version, what is waited for and what comes next.

use domain::{
    Timestamp,
    view::{
        pool as view,
        rollout::{self, RolloutState, SquareState, VersionRole},
    },
};

use crate::schema::wire;

wire! { answer
    /// One version of the pool.
    RolloutVersion {
        /// The template's declared name; empty where nobody knows it.
        template: String,
        /// Counted from 1 among the template's versions.
        number: Option<u32>,
        /// The instance template's name in Compute Engine.
        instance_template: String,
        role: VersionRole,
        /// VMs that are to run it.
        wanted: u32,
        /// VMs that run it and serve.
        ready: u32,
        /// VMs of it, those that leave left out.
        total: u32,
    }
}

wire! { answer
    /// One VM of the pool.
    RolloutInstance {
        name: String,
        zone: String,
        /// What it runs; empty where that is not known.
        instance_template: String,
        /// It runs the version that the pool is moving to, or tries.
        is_new: bool,
        state: SquareState,
    }
}

wire! { answer
    /// What keeps a canary from being promoted.
    PromotionHold {
        why: String,
        /// When it ends by itself; null: it takes more than time.
        until: Option<Timestamp>,
    }
}

wire! { answer
    /// How far the pool is.
    Rollout {
        state: RolloutState,
        target_size: u32,
        /// The pool's own first, then the canary, then the old ones.
        versions: Vec<RolloutVersion>,
        /// By zone and name.
        instances: Vec<RolloutInstance>,
        /// In words; empty when nothing is waited for.
        waits_for: Vec<String>,
        /// In words: what comes without anybody's doing, or what somebody may decide.
        next: Vec<String>,
        /// With a canary; null: it may be promoted.
        holds_promotion: Option<PromotionHold>,
    }
}

wire! { answer
    /// A pool with its rollout.
    PoolRollout {
        environment: String,
        pool: String,
        /// Null: its instance group was not seen yet.
        rollout: Option<Rollout>,
    }
}

impl From<&rollout::VersionShare> for RolloutVersion {
    fn from(share: &rollout::VersionShare) -> Self {
        Self {
            template: share.label.template.clone(),
            number: share.label.number,
            instance_template: share.label.resource.clone(),
            role: share.role,
            wanted: share.wanted,
            ready: share.ready,
            total: share.total,
        }
    }
}

impl From<&rollout::Rollout> for Rollout {
    fn from(rollout: &rollout::Rollout) -> Self {
        let instance = |square: &rollout::Square| RolloutInstance {
            name: square.name.clone(),
            zone: square.zone.clone(),
            instance_template: rollout.label(square).resource.clone(),
            is_new: square.is_new,
            state: square.state,
        };
        let hold = |hold: &rollout::Hold| PromotionHold { why: hold.why.clone(), until: hold.until };
        Self {
            state: rollout.state,
            target_size: rollout.target_size,
            versions: rollout.versions.iter().map(RolloutVersion::from).collect(),
            instances: rollout.squares.iter().map(instance).collect(),
            waits_for: rollout.waits_for.clone(),
            next: rollout.next.clone(),
            holds_promotion: rollout.holds_promotion.as_ref().map(hold),
        }
    }
}

impl From<&view::PoolRollout> for PoolRollout {
    fn from(view: &view::PoolRollout) -> Self {
        Self {
            environment: view.pool.row.environment.clone(),
            pool: view.pool.row.name.clone(),
            rollout: view.rollout.as_ref().map(Rollout::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::view::rollout::{Hold, Square, VersionLabel, VersionShare};

    use super::*;

    #[test]
    fn each_vm_names_the_version_that_it_runs() {
        let label = |number| VersionLabel {
            template: "web".into(),
            number: Some(number),
            resource: format!("t-agent-web-{number}"),
        };
        let share = |number, role| VersionShare { label: label(number), role, wanted: 1, ready: 1, total: 1 };
        let square = |name: &str, version| Square {
            name: name.into(),
            zone: "us-central1-a".into(),
            version,
            is_new: version == 1,
            state: SquareState::Ready,
        };
        let seen = rollout::Rollout {
            state: RolloutState::Canary,
            versions: vec![share(1, VersionRole::Own), share(2, VersionRole::Canary)],
            labels: vec![label(1), label(2)],
            squares: vec![square("web-1", 0), square("web-2", 1)],
            target_size: 2,
            waits_for: Vec::new(),
            next: vec!["somebody decides".into()],
            holds_promotion: Some(Hold { why: "it is young".into(), until: None }),
        };
        let answer = serde_json::to_value(Rollout::from(&seen)).unwrap();
        assert_eq!(answer["state"], "canary");
        assert_eq!(
            (&answer["versions"][1]["role"], &answer["versions"][1]["number"]),
            (&"canary".into(), &2.into())
        );
        assert_eq!(answer["instances"][0]["instance_template"], "t-agent-web-1");
        assert_eq!(answer["instances"][1]["instance_template"], "t-agent-web-2");
        assert_eq!(
            (&answer["instances"][1]["is_new"], &answer["instances"][1]["state"]),
            (&true.into(), &"ready".into())
        );
        assert_eq!(answer["holds_promotion"]["why"], "it is young");
    }
}
