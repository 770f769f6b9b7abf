//! What a plan does to VMs, to the month's bill and to who reaches whom.

use std::collections::BTreeMap;

use domain::{cost::Monthly, firewall::TrafficChange, plan};

use crate::schema::wire;

wire! { answer
    /// Numbers of VMs.
    ZoneImpact {
        created: u32,
        replaced: u32,
        restarted: u32,
        deleted: u32,
    }
}

wire! { answer
    /// The fewest VMs of a pool that serve while the plan runs.
    Capacity {
        pool: String,
        lowest: u32,
        /// VMs that serve before.
        of: u32,
    }
}

wire! { answer
    /// Traffic that is allowed with the plan and was not before.
    TrafficGain {
        /// `INGRESS` or `EGRESS`.
        direction: String,
        /// The other end: `10.0.0.0/8`, `pool web`, `VMs tagged bastion`.
        peers: Vec<String>,
        /// Whose firewall it is: pools by their names, `VMs tagged bastion`, `other VMs of the network`.
        targets: Vec<String>,
        /// `tcp 22`, `all but udp 53`.
        services: Vec<String>,
        /// With what was allowed already, it opens the services to most of the internet.
        internet: bool,
    }
}

wire! { answer
    /// What happens to VMs, to the month's bill and to who reaches whom.
    Impact {
        total: ZoneImpact,
        /// By zone; zones without an effect are absent.
        zones: BTreeMap<String, ZoneImpact>,
        /// Of pools that already exist and are touched.
        capacity: Vec<Capacity>,
        /// At list prices, by the month of 730 hours: `1234.5`. Null where a price is not known.
        monthly_usd_before: Option<String>,
        monthly_usd_after: Option<String>,
        traffic_gained: Vec<TrafficGain>,
    }
}

impl From<&plan::ZoneImpact> for ZoneImpact {
    fn from(impact: &plan::ZoneImpact) -> Self {
        Self {
            created: impact.created,
            replaced: impact.replaced,
            restarted: impact.restarted,
            deleted: impact.deleted,
        }
    }
}

impl From<&plan::Capacity> for Capacity {
    fn from(capacity: &plan::Capacity) -> Self {
        Self { pool: capacity.pool.clone(), lowest: capacity.lowest, of: capacity.of }
    }
}

impl From<&TrafficChange> for TrafficGain {
    fn from(change: &TrafficChange) -> Self {
        Self {
            direction: change.direction.as_str().to_owned(),
            peers: change.peers.clone(),
            targets: change.targets(),
            services: change.services.clone(),
            internet: change.internet,
        }
    }
}

/// A part of a sum would be read as the sum.
fn whole(monthly: &Monthly) -> Option<String> {
    monthly.unknown.is_empty().then(|| monthly.known.to_string())
}

impl From<&plan::Impact> for Impact {
    fn from(impact: &plan::Impact) -> Self {
        let cost = impact.cost.as_ref();
        Self {
            total: (&impact.total()).into(),
            zones: impact.zones.iter().map(|(zone, impact)| (zone.clone(), impact.into())).collect(),
            capacity: impact.capacity.iter().map(Capacity::from).collect(),
            monthly_usd_before: cost.and_then(|cost| whole(&cost.before)),
            monthly_usd_after: cost.and_then(|cost| whole(&cost.after)),
            traffic_gained: impact.traffic.gained.iter().map(TrafficGain::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        cost::{CostImpact, Money},
        firewall::{Direction, TrafficImpact},
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn an_impact_says_what_it_costs_what_still_serves_and_who_reaches_whom() {
        let gained = TrafficChange {
            direction: Direction::Ingress,
            pools: vec!["web".into()],
            tags: vec!["bastion".into()],
            others: false,
            peers: vec!["0.0.0.0/0".into()],
            services: vec!["tcp 22".into()],
            internet: true,
        };
        let before = Monthly { known: Money::from_dollars(250), unknown: [].into() };
        let after = Monthly { known: Money::from_dollars(300), unknown: ["disk type x".to_owned()].into() };
        let impact = plan::Impact {
            zones: [("us-central1-a".to_owned(), plan::ZoneImpact { created: 2, ..Default::default() })]
                .into(),
            capacity: vec![plan::Capacity { pool: "web".into(), lowest: 1, of: 3 }],
            cost: Some(CostImpact { before, after, at_most: None, book: "2026-11".into() }),
            traffic: TrafficImpact { gained: vec![gained], lost: Vec::new() },
        };
        let answer = Impact::from(&impact);
        assert_eq!((answer.total.created, answer.zones["us-central1-a"].created), (2, 2));
        assert_eq!(answer.capacity, [Capacity { pool: "web".into(), lowest: 1, of: 3 }]);
        assert_eq!(answer.monthly_usd_before.as_deref(), Some("250"));
        assert_eq!(
            answer.monthly_usd_after, None,
            "a disk has no price, so that the rest would be too little"
        );
        let gained = serde_json::to_value(&answer.traffic_gained[0]).unwrap();
        let expected = json!({
            "direction": "INGRESS", "peers": ["0.0.0.0/0"], "targets": ["web", "VMs tagged bastion"],
            "services": ["tcp 22"], "internet": true,
        });
        assert_eq!(gained, expected);
        // A plan of a version without a price book.
        assert_eq!(Impact::from(&plan::Impact::default()).monthly_usd_before, None);
    }
}
