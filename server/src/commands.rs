//! The binary's commands.

mod audit;
mod migrate;
mod serve;

pub use serve::{Roles, Running, start};

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::Config;

/// The control plane for fleets of agent VMs on Compute Engine.
#[derive(Debug, Parser)]
#[command(name = "agent-manager", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer people and agents.
    Serve {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Also make Compute Engine match what was approved.
        #[arg(long)]
        work: bool,
    },
    /// Make Compute Engine match what was approved, and answer probes only.
    Work {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Prove that the audit log is what was written.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Bring the database's schema up to date.
    Migrate {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

impl Arguments {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve { config, work } => {
                serve::run(Config::read(&config)?, Roles { people: true, work }).await?;
            }
            Command::Work { config } => {
                serve::run(Config::read(&config)?, Roles { people: false, work: true }).await?;
            }
            Command::Audit(command) => return audit::run(command).await,
            Command::Migrate { config } => migrate::run(&Config::read(&config)?).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
