//! `agent-cage`: one agent on a real VM. Flags and signals only; the work is the library's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use agent_cage::{Agent, Config, LoadSource};
use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// The runtime on each agent VM: serves its health and reports to the control plane.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    /// Where /health, /metrics and /status are served
    #[arg(long, default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Host (and port) of the metadata server
    #[arg(long, env = "GCE_METADATA_HOST", default_value = "metadata.google.internal")]
    metadata_host: String,
    /// Seconds between heartbeats until the control plane says otherwise
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    heartbeat_seconds: u64,
    /// Where load figures come from
    #[arg(long, value_enum, default_value_t = Source::System)]
    load: Source,
    /// With --load modelled: decides the figures
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// With --load system: the file in which the task runner keeps its number of completed tasks
    #[arg(long, default_value = "/run/agent-cage/tasks-completed")]
    tasks_file: PathBuf,
    /// What to log, in tracing's filter syntax
    #[arg(long, env = "AGENT_CAGE_LOG", default_value = "info")]
    log: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Source {
    System,
    Modelled,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let filter = EnvFilter::try_new(&flags.log).context("--log is not a filter; try `info`")?;
    tracing_subscriber::fmt().with_env_filter(filter).json().with_writer(std::io::stderr).init();

    let host = flags.metadata_host.trim_end_matches('/');
    let metadata = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
    let config = Config {
        metadata,
        listen: flags.listen,
        heartbeat_interval: Duration::from_secs(flags.heartbeat_seconds),
        seed: flags.seed,
    };
    let load = match flags.load {
        Source::System => LoadSource::System { tasks: flags.tasks_file },
        Source::Modelled => LoadSource::Modelled { seed: flags.seed },
    };
    let agent = Agent::bind(config).await?.with_load(load);
    tracing::info!(address = %agent.address(), boot_id = %agent.boot_id(), "serving");

    let stop = CancellationToken::new();
    let asked = async {
        asked_to_stop().await.context("cannot listen for signals")?;
        tracing::info!("stopping");
        stop.cancel();
        anyhow::Ok(())
    };
    tokio::pin!(asked);
    let mut running = Box::pin(agent.run(stop.clone()));
    tokio::select! {
        result = &mut running => result,
        signalled = asked => { signalled?; running.await }
    }
}

async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
