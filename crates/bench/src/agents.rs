//! Simulated agents: those of the stack's fleet, each with a credential as enrolment gives it. What they say is what
//! `agent-cage` says; that it is not 10,000 processes is what makes it a simulation.

use std::{io::Write as _, net::SocketAddr};

use anyhow::{Context as _, ensure};
use control::{
    Clock,
    credential::{Credential, LIFETIME_SECONDS, Sealer},
};
use domain::heartbeat::{Heartbeat, HeartbeatMetrics, HeartbeatStatus};
use store::StoredInstance;

use crate::{
    stack::{ENVIRONMENT, Stack},
    wire::Connection,
};

pub(crate) const PATH: &str = "/agent/v1/heartbeats";

/// One agent in one boot.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) name: String,
    credential: String,
    /// What it said last, or would have.
    pub(crate) heartbeat: Heartbeat,
    /// The request, made anew in the same place each time.
    request: Vec<u8>,
}

/// All agents of the fleet, in the order of their names. Each begins a boot: earlier measures had theirs.
pub(crate) async fn all(stack: &Stack) -> anyhow::Result<Vec<Agent>> {
    let instances = stack.store()?.list_instances(ENVIRONMENT, None).await?;
    ensure!(!instances.is_empty(), "{ENVIRONMENT} has no VM");
    let environment = stack.store()?.get_environment(ENVIRONMENT).await?.context("no environment")?;
    let (sealer, now) = (stack.sealer()?, Clock::System.now());
    let boot_id = format!("bench-{}", now.timestamp_micros());
    let expires_at = now.timestamp() + LIFETIME_SECONDS;
    let mut agents = Vec::with_capacity(instances.len());
    for instance in &instances {
        let pools = &environment.spec.agent_pools;
        let pool = pools.iter().find(|pool| pool.name == instance.pool).context("a VM without its pool")?;
        agents.push(Agent::new(instance, pool.agent_type.as_str(), &sealer, &boot_id, expires_at)?);
    }
    Ok(agents)
}

impl Agent {
    fn new(
        row: &StoredInstance,
        agent_type: &str,
        sealer: &Sealer,
        boot_id: &str,
        expires_at: i64,
    ) -> anyhow::Result<Self> {
        let instance = &row.instance;
        let credential = sealer.seal(&Credential {
            environment: row.environment.clone(),
            name: instance.name.clone(),
            instance_id: instance.id.clone().with_context(|| format!("{} has no id", instance.name))?,
            boot_id: boot_id.to_owned(),
            expires_at,
        })?;
        let heartbeat = Heartbeat {
            boot_id: boot_id.to_owned(),
            sequence: 0,
            uptime_seconds: 0,
            version: "0.1.0".to_owned(),
            status: HeartbeatStatus::Healthy,
            agent_type: agent_type.to_owned(),
            environment: row.environment.clone(),
            metrics: HeartbeatMetrics {
                tasks_completed_total: 17,
                cpu_utilization_percent: 31.5,
                memory_usage_bytes: 734_003_200,
                disk_usage_percent: 12.0,
            },
        };
        Ok(Self { name: instance.name.clone(), credential, heartbeat, request: Vec::new() })
    }

    /// Says the next heartbeat; an error unless it is acknowledged.
    pub(crate) async fn speak(&mut self, connection: &mut Connection) -> anyhow::Result<()> {
        self.heartbeat.sequence += 1;
        self.heartbeat.uptime_seconds += 10;
        let body = serde_json::to_vec(&self.heartbeat)?;
        self.request.clear();
        write!(
            self.request,
            "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.credential,
            body.len()
        )?;
        self.request.extend(body);
        let answer = connection.ask(&self.request).await?;
        ensure!(
            answer.status == 200 && answer.body.starts_with(br#"{"accepted":true"#),
            "a heartbeat of {} was answered {} {}",
            self.name,
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(())
    }
}

/// Everybody speaks once, as quickly as they are heard: all are well when this returns.
pub(crate) async fn all_speak(agents: &mut [Agent], server: SocketAddr) -> anyhow::Result<()> {
    let mut connection = Connection::open(server).await?;
    for agent in agents {
        agent.speak(&mut connection).await?;
    }
    Ok(())
}

/// The agents in this many shares of nearly the same size.
pub(crate) fn shared_out(agents: Vec<Agent>, shares: usize) -> Vec<Vec<Agent>> {
    let size = agents.len().div_ceil(shares).max(1);
    let mut rest = agents.into_iter();
    let mut shared = Vec::with_capacity(shares);
    loop {
        let share: Vec<Agent> = rest.by_ref().take(size).collect();
        if share.is_empty() {
            return shared;
        }
        shared.push(share);
    }
}
