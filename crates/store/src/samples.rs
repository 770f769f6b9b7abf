//! Rows that tests of several nouns begin with.

use std::collections::BTreeSet;

use domain::{
    ChangeId, ChangeState, FleetSpec, ObservedFleet, Role, Timestamp,
    agent::LastHeartbeat,
    approvals::Requirement,
    change::{Change, Verdict},
    environment::EnvironmentSpec,
    heartbeat::{Heartbeat, HeartbeatMetrics, HeartbeatStatus},
    instance::{CurrentAction, Instance, InstanceStatus},
    observed::GroupStatus,
    plan::{Action, Impact, Plan, Step, ZoneImpact},
};

use crate::{NewChange, PlacedInstance, SignIn, Store, StoredHeartbeat};

const ZONE: &str = "us-central1-a";

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub(crate) fn spec(environment: &str) -> FleetSpec {
    FleetSpec::new(EnvironmentSpec::new("acme", "us-central1", environment, "vpc", "subnet"))
}

pub(crate) fn plan(environment: &str) -> Plan {
    let step = Step::ResizeInstanceGroup { name: format!("genesis-{environment}-web"), from: 1, to: 2 };
    let created = ZoneImpact { created: 1, ..ZoneImpact::default() };
    Plan {
        environment: environment.to_owned(),
        actions: vec![Action { step, reason: "one more was asked for".to_owned(), changes: Vec::new() }],
        impact: Impact { zones: [(ZONE.to_owned(), created)].into(), ..Impact::default() },
        violations: Vec::new(),
        notes: Vec::new(),
    }
}

pub(crate) async fn propose(store: &Store, environment: &str, state: ChangeState) -> Change {
    let verdict = Verdict {
        policy: "default r1".to_owned(),
        approvals_needed: 0,
        requirement: Requirement::default(),
        reason: "development".to_owned(),
    };
    let mut tx = store.begin().await.unwrap();
    let change = tx
        .insert_change(&NewChange {
            environment,
            title: "Scale web to 2",
            reason: "",
            state,
            proposed_by: "sub-sre",
            at: at(1),
            base_generation: 0,
            desired: &spec(environment),
            plan: &plan(environment),
            verdict: &verdict,
            expires_in: None,
        })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    change
}

pub(crate) async fn change(store: &Store, environment: &str) -> ChangeId {
    propose(store, environment, ChangeState::Approved).await.id
}

/// A declared environment, and the change that declared it.
pub(crate) async fn environment(store: &Store, name: &str) -> ChangeId {
    let change = change(store, name).await;
    let mut tx = store.begin().await.unwrap();
    tx.declare_environment(&spec(name), 0, change, at(1)).await.unwrap();
    tx.commit().await.unwrap();
    change
}

/// One group with these instances.
pub(crate) fn observed(names: &[&str]) -> ObservedFleet {
    let group = "genesis-web";
    let instances = names
        .iter()
        .map(|name| Instance {
            name: (*name).to_owned(),
            id: Some(format!("77{}", name.len())),
            zone: ZONE.to_owned(),
            group: group.to_owned(),
            status: InstanceStatus::Running,
            current_action: CurrentAction::None,
            template: Some("web-1a".to_owned()),
            address: None,
            created_at: Some(at(0)),
            probe: None,
            last_error: None,
        })
        .collect();
    let status = GroupStatus { target_size: 2, is_stable: true, version_reached: true, instances };
    ObservedFleet { groups: [(group.to_owned(), status)].into(), ..ObservedFleet::default() }
}

/// Its instances, all of the pool `web`.
pub(crate) fn placed(observed: &ObservedFleet) -> Vec<PlacedInstance> {
    let instances = observed.groups.values().flat_map(|group| &group.instances);
    instances.map(|instance| PlacedInstance { pool: "web".to_owned(), instance: instance.clone() }).collect()
}

pub(crate) fn heartbeat(environment: &str, name: &str, sequence: u64, seconds: i64) -> StoredHeartbeat {
    let heartbeat = Heartbeat {
        boot_id: "boot".to_owned(),
        sequence,
        uptime_seconds: 1,
        version: "0.1.0".to_owned(),
        status: HeartbeatStatus::Healthy,
        agent_type: "backend-developer".to_owned(),
        environment: environment.to_owned(),
        metrics: HeartbeatMetrics {
            tasks_completed_total: sequence,
            cpu_utilization_percent: 12.5,
            memory_usage_bytes: 1 << 40,
            disk_usage_percent: 0.1,
        },
    };
    StoredHeartbeat {
        environment: environment.to_owned(),
        name: name.to_owned(),
        instance_id: "771".to_owned(),
        last: LastHeartbeat { heartbeat, received_at: at(seconds) },
    }
}

pub(crate) async fn sign_in(store: &Store, sub: &str, name: &str) -> SignIn {
    let sign_in = SignIn {
        sub: sub.to_owned(),
        issuer: "https://issuer.example".to_owned(),
        name: name.to_owned(),
        email: format!("{sub}@example.com"),
        roles: BTreeSet::from([Role::Operator]),
        groups: vec!["sre".to_owned()],
    };
    let mut tx = store.begin().await.unwrap();
    tx.upsert_person(&sign_in, at(0)).await.unwrap();
    tx.commit().await.unwrap();
    sign_in
}
