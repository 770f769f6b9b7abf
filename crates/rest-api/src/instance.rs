//! Instances with their agents.

use domain::{
    Timestamp, agent::AgentState, cause::Cause, instance::AttemptError, view::instance::InstanceRow,
};

use crate::schema::wire;

wire! { answer
    /// What an agent last said of itself.
    Heartbeat {
        received_at: Timestamp,
        /// `healthy`, `degraded`, `unhealthy` or `stopped`.
        status: String,
        version: String,
        uptime_seconds: u64,
        cpu_utilization_percent: f64,
        memory_usage_bytes: u64,
        disk_usage_percent: f64,
        tasks_completed_total: u64,
    }
}

wire! { answer
    /// Why what the group does with a VM fails.
    InstanceFailure {
        /// One word that docs/errors.md explains.
        cause: String,
        /// Where it explains it.
        docs: String,
        /// Compute Engine's own.
        code: String,
        message: String,
    }
}

wire! { answer
    /// A VM of a pool, with its agent as it is this second.
    Instance {
        environment: String,
        pool: String,
        name: String,
        zone: String,
        /// Compute Engine's own number; null until the VM exists.
        id: Option<String>,
        instance_group: String,
        /// Compute Engine's word; empty until the VM exists.
        status: String,
        /// What the group does with it: `NONE` when nothing.
        current_action: String,
        /// The instance template that the group intends for it.
        instance_template: Option<String>,
        address: Option<String>,
        created_at: Option<Timestamp>,
        agent_state: AgentState,
        /// What the group's health check says; null where there is none.
        probe: Option<String>,
        /// Why the group's last attempt on it failed, with Compute Engine's code first; also of an earlier attempt: `failure` is
        /// what still stands.
        last_error: Option<String>,
        /// Null where nothing fails now, whatever failed before.
        failure: Option<InstanceFailure>,
        last_heartbeat: Option<Heartbeat>,
    }
}

wire! { answer
    /// A page of instances, by zone and name.
    InstanceList {
        instances: Vec<Instance>,
        /// The cursor of the following page; null on the last one.
        next: Option<String>,
    }
}

impl From<&AttemptError> for InstanceFailure {
    fn from(error: &AttemptError) -> Self {
        let cause = Cause::of_error(&error.code, &error.message).as_str();
        Self {
            cause: cause.to_owned(),
            // A cause is letters alone: nothing of it is to be encoded.
            docs: format!("/docs/errors.md#:~:text={cause}"),
            code: error.code.clone(),
            message: error.message.clone(),
        }
    }
}

impl From<&InstanceRow> for Instance {
    fn from(row: &InstanceRow) -> Self {
        let instance = &row.instance;
        Self {
            environment: row.environment.clone(),
            pool: row.pool.clone(),
            name: instance.name.clone(),
            zone: instance.zone.clone(),
            id: instance.id.clone(),
            instance_group: instance.group.clone(),
            status: instance.status.to_string(),
            current_action: instance.current_action.to_string(),
            instance_template: instance.template.clone(),
            address: instance.address.clone(),
            created_at: instance.created_at,
            agent_state: row.agent,
            probe: instance.probe.as_ref().map(ToString::to_string),
            last_error: instance
                .last_error
                .as_ref()
                .map(|error| format!("{}: {}", error.code, error.message)),
            failure: instance.failure().map(InstanceFailure::from),
            last_heartbeat: row.last_heartbeat.as_ref().map(|last| Heartbeat {
                received_at: last.received_at,
                status: last.heartbeat.status.as_str().to_owned(),
                version: last.heartbeat.version.clone(),
                uptime_seconds: last.heartbeat.uptime_seconds,
                cpu_utilization_percent: last.heartbeat.metrics.cpu_utilization_percent,
                memory_usage_bytes: last.heartbeat.metrics.memory_usage_bytes,
                disk_usage_percent: last.heartbeat.metrics.disk_usage_percent,
                tasks_completed_total: last.heartbeat.metrics.tasks_completed_total,
            }),
        }
    }
}
