//! The emulator as a program: flags in, logs to stderr, SIGINT or SIGTERM to end it with its state saved.

use std::{collections::BTreeMap, io::IsTerminal as _, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use compute_emulator::{Config, Emulator};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A Compute Engine v1 REST server for development and tests.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    /// Where the REST API listens; port 0 takes a free one, which the log names.
    #[arg(long, default_value = "127.0.0.1:18080")]
    listen: SocketAddr,
    /// Fixes ids, names and jitter.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How fast VMs boot: virtual seconds per real second, such as 20x.
    #[arg(long, default_value = "1x", value_parser = rate)]
    clock: f64,
    /// Whether running VMs boot real agents.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    agents: Switch,
    /// Seconds between an agent's heartbeats, in real time.
    #[arg(long, default_value_t = 10)]
    heartbeat_seconds: u64,
    /// File that keeps the fleet between runs; without it the fleet ends with the process.
    #[arg(long)]
    state: Option<PathBuf>,
    /// What VMs find under project/attributes/; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    project_metadata: Vec<(String, String)>,
    /// Where agents find the control plane: short for --project-metadata agent-manager-url=URL.
    #[arg(long, value_name = "URL")]
    agent_manager_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text
        .trim_end_matches('x')
        .parse::<f64>()
        .map_err(|_| "a rate is a number, such as 20x".to_owned())?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err("a rate is greater than 0".to_owned()) }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("project metadata is key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();

    let mut project_metadata: BTreeMap<String, String> = flags.project_metadata.into_iter().collect();
    if let Some(url) = flags.agent_manager_url {
        project_metadata.insert("agent-manager-url".to_owned(), url);
    }
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be caught")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be caught")?;
    let emulator = Emulator::start(Config {
        listen: flags.listen,
        seed: flags.seed,
        clock_rate: flags.clock,
        agents: flags.agents == Switch::On,
        heartbeat_interval: Duration::from_secs(flags.heartbeat_seconds.max(1)),
        state: flags.state,
        project_metadata,
        ..Config::default()
    })
    .await?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    emulator.shutdown().await
}
