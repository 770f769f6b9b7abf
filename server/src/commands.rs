//! The binary's commands.

mod audit;
mod doctor;
mod migrate;
mod serve;

pub use serve::{Roles, Running, start};

use std::{io::Write as _, path::PathBuf, process::ExitCode};

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
    /// Look at everything that the server needs and say what to do; exit code 1 where a part does not work.
    Doctor {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print the OpenAPI document of the REST interface.
    Openapi,
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
            Command::Doctor { config } => doctor::run(&config, control::Clock::System.now()).await?,
            Command::Openapi => {
                let document = serde_json::to_string_pretty(&rest_api::openapi())?;
                writeln!(std::io::stdout(), "{document}")?;
            }
            Command::Migrate { config } => migrate::run(&Config::read(&config)?).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
