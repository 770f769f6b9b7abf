//! What `g vm` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::AgentType;

use super::{Proposal, patience};

/// What is asked of one agent.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// The VM that the agent runs on.
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: String,
    /// The VM's zone; needed where several zones have one of that name, or where the token may not read.
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// Wait until the agent has answered, and tell what it said.
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait; what no agent answers within five minutes is no longer asked.
    #[arg(long, value_name = "SECONDS", default_value_t = 330, value_parser = patience(), requires = "wait")]
    pub(crate) timeout: u64,
}

/// Terraform texts and what they leave open.
#[derive(Debug, Args)]
pub(crate) struct Texts {
    /// `.tf` files, and `.tfvars` files with values; `-` reads standard input as main.tf.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The value of what only Terraform could know, by the reference as written; may be repeated.
    #[arg(long = "set", value_name = "REFERENCE=VALUE", value_parser = reference)]
    pub(crate) set: Vec<(String, String)>,
    /// The module block to read, where the files hold several.
    #[arg(long, value_name = "NAME")]
    pub(crate) module: Option<String>,
}

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Window {
    #[value(name = "1h")]
    Hour,
    #[value(name = "6h")]
    SixHours,
    #[value(name = "24h")]
    Day,
    #[value(name = "7d")]
    Week,
}

impl Window {
    pub(crate) const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3600,
            Self::SixHours => 6 * 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vm {
    /// Propose a new pool.
    CreatePool {
        /// The agents' type.
        #[arg(long = "type", value_name = "TYPE", value_parser = agent_type)]
        agent_type: AgentType,
        /// VMs; with --min and --max the size to begin with.
        #[arg(long, value_name = "VMS")]
        size: Option<u32>,
        /// What to call it [default: the type with -pool behind it].
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The template of its VMs [default: the one of that type, where there is one].
        #[arg(long, value_name = "NAME")]
        template: Option<String>,
        /// The fewest VMs of an autoscaler.
        #[arg(long, value_name = "VMS", requires = "max")]
        min: Option<u32>,
        /// The most VMs of an autoscaler.
        #[arg(long, value_name = "VMS", requires = "min")]
        max: Option<u32>,
        #[command(flatten)]
        proposal: Proposal,
    },
    /// Propose another size: fixed by --size, or within --min and --max by an autoscaler.
    #[command(group = clap::ArgGroup::new("wanted").args(["size", "min", "max"]).required(true).multiple(true))]
    ScalePool {
        #[arg(value_name = "POOL")]
        pool: String,
        /// A fixed number of VMs.
        #[arg(long, value_name = "VMS", conflicts_with_all = ["min", "max"])]
        size: Option<u32>,
        /// The fewest VMs; an autoscaler decides between this and --max.
        #[arg(long, value_name = "VMS")]
        min: Option<u32>,
        /// The most VMs; an autoscaler decides between --min and this.
        #[arg(long, value_name = "VMS")]
        max: Option<u32>,
        #[command(flatten)]
        proposal: Proposal,
    },
    /// Propose another template or another pace of updates for a pool.
    #[command(group = clap::ArgGroup::new("wanted").args(["template", "max_surge", "max_unavailable"]).required(true).multiple(true))]
    UpdatePool {
        #[arg(value_name = "POOL")]
        pool: String,
        /// The template that its VMs shall have; they are replaced by and by.
        #[arg(long, value_name = "NAME")]
        template: Option<String>,
        /// VMs beyond the size while it updates: 0, or at least one a zone.
        #[arg(long, value_name = "VMS")]
        max_surge: Option<u32>,
        /// VMs that may be missing while it updates: 0, or at least one a zone.
        #[arg(long, value_name = "VMS")]
        max_unavailable: Option<u32>,
        #[command(flatten)]
        proposal: Proposal,
    },
    /// Propose to delete a pool with all its VMs.
    DeletePool {
        #[arg(value_name = "POOL")]
        pool: String,
        /// The pool's name once more: its VMs and their disks are lost.
        #[arg(long, value_name = "POOL")]
        confirm: String,
        #[command(flatten)]
        proposal: Proposal,
    },
    /// How the agents are; exit code 7 where one is unwell, or there is none.
    HealthCheck {
        /// Only of this pool.
        #[arg(long, value_name = "POOL")]
        pool: Option<String>,
    },
    /// Ask a stopped agent to begin its work again.
    AgentStart {
        #[command(flatten)]
        asking: Asking,
    },
    /// Ask an agent to end its work; its VM runs on, and it still reports.
    AgentStop {
        #[command(flatten)]
        asking: Asking,
    },
    /// Ask an agent to end its work and begin anew.
    AgentRestart {
        #[command(flatten)]
        asking: Asking,
    },
    /// Pools: desired beside observed.
    ListPools,
    /// Instances with their agents.
    ListInstances {
        /// Only of this pool.
        #[arg(long, value_name = "POOL")]
        pool: Option<String>,
    },
    /// Templates as declared now.
    ListTemplates,
    /// Which of a pool's VMs runs which version, what is waited for and what comes next.
    Rollout {
        #[arg(value_name = "POOL")]
        pool: String,
    },
    /// How a pool is sized, and what the service recommends and why.
    Autoscaling {
        #[arg(value_name = "POOL")]
        pool: String,
        /// Tell also what ran, so far back.
        #[arg(long, value_name = "TIME", value_enum)]
        window: Option<Window>,
    },
    /// Propose what Terraform files declare.
    Import {
        #[command(flatten)]
        texts: Texts,
        #[command(flatten)]
        proposal: Proposal,
    },
    /// Show what Terraform files would do, and propose nothing.
    Plan {
        #[command(flatten)]
        texts: Texts,
        /// Without a server, as if nothing existed yet.
        #[arg(long)]
        offline: bool,
    },
    /// The Terraform module's outputs, each by its name.
    Outputs {
        /// Only this one.
        #[arg(value_name = "OUTPUT")]
        name: Option<String>,
    },
}

fn agent_type(text: &str) -> Result<AgentType, String> {
    text.parse().map_err(|error: domain::agent_type::UnknownAgentType| error.to_string())
}

fn reference(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((reference, value)) if !reference.trim().is_empty() => {
            Ok((reference.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as module.networking.vpc_id=global/networks/main".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_name_and_a_value() {
        assert_eq!(reference("a.b=c=d").unwrap(), ("a.b".to_owned(), "c=d".to_owned()));
        assert!(reference("a.b").is_err() && reference("=x").is_err());
    }

    #[test]
    fn each_window_is_one_that_the_server_has() {
        let seconds: Vec<i64> = Window::value_variants().iter().map(|window| window.seconds()).collect();
        assert_eq!(seconds, control::autoscaling::WINDOWS);
    }
}
