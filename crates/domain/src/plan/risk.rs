//! How much a change could hurt, in one word: a rule over what its plan does to VMs and to traffic. It tells approvers where to look first;
//! who must agree is the policy's to say.

use serde::{Deserialize, Serialize};

use super::{FieldChange, Impact};

/// A change that takes away more than one VM of so many that serve is of high risk: about what a pool does without unnoticed.
const SHARE: u64 = 10;
/// As an autoscaler's plan names its upper bound.
const MAXIMUM: &str = "max_replicas";

/// In the order of what is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    #[default]
    Low,
    Medium,
    High,
}

impl Risk {
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// What puts a change there, as a clause after its name.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::High => {
                "deletes or replaces more than a tenth of the VMs that serve, leaves a pool less than half of its own, or opens \
                 a service to the internet"
            }
            Self::Medium => {
                "creates, restarts, replaces or deletes VMs, lets an autoscaler add more, or changes who may reach whom"
            }
            Self::Low => "touches no VM and no traffic",
        }
    }
}

impl Impact {
    /// By [`Risk::rule`]. `may_add` is what [`may_add`] says of the plan.
    pub fn risk(&self, may_add: u32) -> Risk {
        let total = self.total();
        let gone = u64::from(total.deleted) + u64::from(total.replaced);
        let serving: u64 = self.capacity.iter().map(|pool| u64::from(pool.of)).sum();
        let halves = self.capacity.iter().any(|pool| u64::from(pool.lowest) * 2 < u64::from(pool.of));
        let public = self.traffic.gained.iter().any(|change| change.internet);
        if gone * SHARE > serving || halves || public {
            return Risk::High;
        }
        let stirs = gone > 0 || total.created > 0 || total.restarted > 0 || may_add > 0;
        if stirs || !self.traffic.is_empty() { Risk::Medium } else { Risk::Low }
    }
}

/// VMs that autoscalers may add beyond what they could before, by what a plan changes of them.
pub fn may_add(changes: &[FieldChange]) -> u32 {
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<u32>().ok());
    let raised = |change: &FieldChange| {
        let (before, after) = (number(&change.before)?, number(&change.after)?);
        Some(after.saturating_sub(before))
    };
    let maxima = changes.iter().filter(|change| change.attribute == MAXIMUM);
    maxima.filter_map(raised).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        firewall::{Direction, TrafficChange, TrafficImpact},
        plan::{Capacity, ZoneImpact},
    };

    fn of_vms(zone: ZoneImpact, lowest: u32, of: u32) -> Impact {
        let capacity = vec![Capacity { pool: "web".to_owned(), lowest, of }];
        Impact { zones: [("a".to_owned(), zone)].into(), capacity, ..Impact::default() }
    }

    fn opening(internet: bool) -> Impact {
        let change = TrafficChange {
            direction: Direction::Ingress,
            pools: vec!["web".to_owned()],
            tags: Vec::new(),
            others: false,
            peers: vec!["all IPv4".to_owned()],
            services: vec!["tcp 22".to_owned()],
            internet,
        };
        let traffic = TrafficImpact { gained: vec![change], lost: Vec::new() };
        Impact { traffic, ..Impact::default() }
    }

    #[test]
    fn what_takes_vms_away_is_high_from_a_tenth_on() {
        let replaced = |replaced| ZoneImpact { replaced, ..ZoneImpact::default() };
        assert_eq!(of_vms(replaced(64), 58, 64).risk(0), Risk::High);
        assert_eq!(of_vms(replaced(7), 63, 64).risk(0), Risk::High);
        assert_eq!(of_vms(replaced(6), 63, 64).risk(0), Risk::Medium);
        let deleted = |deleted| ZoneImpact { deleted, ..ZoneImpact::default() };
        assert_eq!(of_vms(deleted(2), 0, 2).risk(0), Risk::High);
        assert_eq!(of_vms(deleted(1), 0, 0).risk(0), Risk::High, "of a pool in which nothing serves");
        // A small pool that goes beside a large one that stays.
        let mut both = of_vms(deleted(3), 0, 3);
        both.capacity.push(Capacity { pool: "large".to_owned(), lowest: 100, of: 100 });
        assert_eq!(both.risk(0), Risk::High);
    }

    #[test]
    fn what_stirs_is_medium_and_what_touches_nothing_is_low() {
        let restarted = ZoneImpact { restarted: 80, ..ZoneImpact::default() };
        assert_eq!(of_vms(restarted, 80, 80).risk(0), Risk::Medium);
        let created = ZoneImpact { created: 12, ..ZoneImpact::default() };
        assert_eq!(of_vms(created, 48, 48).risk(0), Risk::Medium);
        assert_eq!(of_vms(ZoneImpact::default(), 48, 48).risk(44), Risk::Medium);
        assert_eq!(of_vms(ZoneImpact::default(), 48, 48).risk(0), Risk::Low);
        assert_eq!(Impact::default().risk(0), Risk::Low);
    }

    #[test]
    fn traffic_is_high_where_the_internet_comes_in() {
        assert_eq!(opening(true).risk(0), Risk::High);
        assert_eq!(opening(false).risk(0), Risk::Medium);
        let TrafficImpact { gained, .. } = opening(true).traffic;
        let closing = TrafficImpact { gained: Vec::new(), lost: gained };
        assert_eq!(Impact { traffic: closing, ..Impact::default() }.risk(0), Risk::Medium);
    }

    #[test]
    fn only_a_raised_maximum_lets_more_vms_come() {
        let field = |attribute: &str, before: &str, after: &str| FieldChange {
            attribute: attribute.to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        };
        let raised = [field("max_replicas", "176", "220"), field("min_replicas", "1", "9")];
        assert_eq!(may_add(&raised), 44);
        let mixed = [field("max_replicas", "9", "4"), field("max_replicas", "2", "3")];
        assert_eq!(may_add(&mixed), 1, "what one may add, another's loss does not take");
        assert_eq!(may_add(&[field("max_replicas", "many", "3")]), 0);
        assert_eq!(may_add(&[]), 0);
    }

    proptest! {
        #[test]
        fn whoever_takes_more_vms_away_risks_no_less(
            (deleted, replaced, restarted, more) in (0_u32..50, 0_u32..50, 0_u32..50, 0_u32..50),
            (lowest, of, add) in (0_u32..100, 0_u32..100, 0_u32..5),
        ) {
            let zone = ZoneImpact { created: 0, replaced, restarted, deleted };
            let worse = ZoneImpact { deleted: deleted + more, ..zone };
            prop_assert!(of_vms(worse, lowest, of).risk(add) >= of_vms(zone, lowest, of).risk(add));
        }
    }
}
