//! An instance for the tests of its page. They change what they are about.

use domain::{
    Timestamp,
    agent::{AgentState, LastHeartbeat},
    heartbeat::{Heartbeat, HeartbeatMetrics, HeartbeatStatus},
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
    view::instance::InstanceRow,
};

/// That many seconds after the heartbeat, which came on 19 November 2026 at 03:12:44 UTC.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
}

/// It runs, and its probe fails. `status` is what its heartbeat says; None: it has never spoken.
pub fn row(agent: AgentState, status: Option<HeartbeatStatus>) -> InstanceRow {
    InstanceRow {
        environment: "dev".into(),
        pool: "web".into(),
        instance: Instance {
            name: "agent-web-a".into(),
            id: Some("7".into()),
            zone: "us-central1-a".into(),
            group: "genesis-pool-web".into(),
            status: InstanceStatus::Running,
            current_action: CurrentAction::None,
            template: Some("genesis-agent-web-0a1b2c3d".into()),
            address: Some("10.40.3.27".into()),
            created_at: None,
            probe: Some(ProbeHealth::Unhealthy),
            last_error: None,
        },
        agent,
        last_heartbeat: status
            .map(|status| LastHeartbeat { heartbeat: heartbeat(status), received_at: at(0) }),
        refused: None,
    }
}

fn heartbeat(status: HeartbeatStatus) -> Heartbeat {
    Heartbeat {
        boot_id: "b".into(),
        sequence: 1,
        uptime_seconds: 7200,
        version: "3.8.2".into(),
        status,
        agent_type: "backend-developer".into(),
        environment: "dev".into(),
        metrics: HeartbeatMetrics {
            tasks_completed_total: 0,
            cpu_utilization_percent: 1.0,
            memory_usage_bytes: 1,
            disk_usage_percent: 1.0,
        },
    }
}
