//! What the command line takes. The words of the help are these comments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::AgentType;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something went wrong inside
  2  the command line is wrong
  3  what was named does not exist
  4  not allowed: the token is missing, has ended, or lacks a scope or a role
  5  refused: a field is wrong, the plan breaks a rule, the fleet moved meanwhile, or nothing is to be done
  6  the server does not answer
  7  waited for in vain: the change failed or was cancelled, agents are unwell or did not obey, or the time is over";

/// Fleets of agent VMs: declare, plan, propose, observe.
#[derive(Debug, Parser)]
#[command(name = "g", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Where Agent Manager is.
    #[arg(
        long,
        global = true,
        env = "AGENT_MANAGER_URL",
        value_name = "URL",
        default_value = "http://localhost:3000"
    )]
    pub(crate) url: String,
    /// A file that holds an API token and that only you can read [default: agent-manager/token in your configuration folder].
    #[arg(long, global = true, env = "AGENT_MANAGER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The environment; needed where there are several.
    #[arg(long, global = true, env = "AGENT_MANAGER_ENVIRONMENT", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// How to show the answer.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs: what the server answered.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pools, instances, templates and whole declarations.
    Vm {
        #[command(subcommand)]
        verb: Vm,
    },
    /// Changes: everything that was ever proposed.
    Change {
        #[command(subcommand)]
        verb: Change,
    },
}

/// How a change is proposed.
#[derive(Debug, Args)]
pub(crate) struct Proposal {
    /// Why, for those who decide.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    /// Show what it would do, and propose nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// Wait until the change has ended, and tell how far it is.
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, requires = "wait")]
    pub(crate) timeout: u64,
}

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
    #[arg(long, value_name = "SECONDS", default_value_t = 330, requires = "wait")]
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

#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Changes, newest first.
    List {
        /// Only in this state.
        #[arg(long, value_name = "STATE", value_parser = state)]
        state: Option<domain::ChangeState>,
        /// At most so many.
        #[arg(long, value_name = "CHANGES", default_value_t = 50)]
        limit: usize,
    },
    /// One change: its plan, what the policy said, how far it came.
    Show {
        /// As chg-12.
        #[arg(value_name = "CHANGE", value_parser = change_id)]
        id: domain::ChangeId,
        #[command(flatten)]
        waiting: Waiting,
    },
}

fn agent_type(text: &str) -> Result<AgentType, String> {
    text.parse().map_err(|error: domain::agent_type::UnknownAgentType| error.to_string())
}

fn change_id(text: &str) -> Result<domain::ChangeId, String> {
    text.parse().map_err(|error: domain::change::InvalidChangeId| error.to_string())
}

fn state(text: &str) -> Result<domain::ChangeState, String> {
    text.parse().map_err(|_| {
        let known: Vec<&str> = domain::ChangeState::ALL.iter().map(|state| state.as_str()).collect();
        format!("use one of {}", known.join(", "))
    })
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
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// Every verb's help, as docs/cli.md has it.
    fn manual() -> String {
        fn describe(command: &mut clap::Command, path: &str, depth: usize, text: &mut String) {
            let heading = "#".repeat(depth);
            let help = command.render_long_help().to_string();
            let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
            text.push_str(&format!(
                "\n{heading} `{path}`\n\n```text\n{}\n```\n",
                lines.join("\n").trim_end()
            ));
            for verb in command.get_subcommands_mut().filter(|verb| verb.get_name() != "help") {
                let path = format!("{path} {}", verb.get_name());
                describe(verb, &path, 2, text);
            }
        }
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut text = "# The command line\n\n`g` speaks to `/api/v1` with an API token (Settings, API tokens), saved in a file that only \
                        you can read. Every write to the fleet is a change: policy and people decide on it as on any other. This page is \
                        written by `cargo xtask generate`.\n"
            .to_owned();
        describe(&mut command, "g", 2, &mut text);
        text
    }

    #[test]
    fn the_manual_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
        let manual = manual();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &manual).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == manual, "docs/cli.md is out of date: `cargo xtask generate` renews it");
    }

    #[test]
    fn the_seed_s_own_lines_are_taken() {
        for line in [
            "g vm create-pool --type backend-developer --size 3",
            "g vm scale-pool backend-pool --min 2 --max 10",
            "g vm update-pool backend-pool --template new-template",
            "g vm health-check --pool backend-pool",
            "g vm agent-start --instance agent-backend-001",
            "g vm agent-stop --instance agent-backend-001",
            "g vm agent-restart --instance agent-backend-001",
        ] {
            Cli::try_parse_from(line.split(' ')).unwrap();
        }
    }

    #[test]
    fn a_reference_has_a_name_and_a_value() {
        assert_eq!(reference("a.b=c=d").unwrap(), ("a.b".to_owned(), "c=d".to_owned()));
        assert!(reference("a.b").is_err() && reference("=x").is_err());
    }
}
