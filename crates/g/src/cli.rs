//! What the command line takes. The words of the help are these comments.

mod vm;

use std::path::PathBuf;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub(crate) use vm::{Asking, Texts, Vm, Window};

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

/// Seconds of a year.
const LONGEST_WAIT: u64 = 365 * 86_400;

/// Fleets of agent VMs: declare, plan, propose, observe.
#[derive(Debug, Parser)]
#[command(name = "g", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Of the line that was typed and of the environment's variables. Ends the program where they are wrong.
    pub(crate) fn read() -> Self {
        let matches = Self::command().mut_args(heeding_no_empty_variable).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// A script that was given no value hands on an empty one.
fn heeding_no_empty_variable(arg: Arg) -> Arg {
    let is_empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { arg.env(None::<&'static str>) } else { arg }
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
    /// Alerts, and the incidents that they and the brakes open.
    Alert {
        #[command(subcommand)]
        verb: Alert,
    },
    /// Costs at list prices.
    Cost {
        #[command(subcommand)]
        verb: Cost,
    },
}

/// How a change is proposed.
#[derive(Debug, Args)]
pub(crate) struct Proposal {
    /// Why, for those who decide.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    /// Show what it would do, and propose nothing; there is nothing to --wait for then.
    #[arg(long, conflicts_with = "wait")]
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
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = patience(), requires = "wait")]
    pub(crate) timeout: u64,
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
    /// One change: what it declares otherwise, its plan, what the policy said, how far it came.
    Show {
        /// As chg-12.
        #[arg(value_name = "CHANGE", value_parser = change_id)]
        id: domain::ChangeId,
        #[command(flatten)]
        waiting: Waiting,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Alert {
    /// The alerts as they were judged last, and the incidents; --environment leaves out those of others.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cost {
    /// What the environment costs in a month, by pool, agent type and day, and its budget.
    Show {
        /// Such as 2026-11 [default: the present one].
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
    },
}

/// Seconds to wait. A moment that the clock cannot hold would end `g` in a panic.
fn patience() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(..=LONGEST_WAIT)
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

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wait_without_end_is_refused_and_not_begun() {
        let taken = |seconds: u64| {
            let agent = format!("g vm agent-stop --instance web-1 --wait --timeout {seconds}");
            let change = format!("g change show chg-1 --wait --timeout {seconds}");
            [agent, change].map(|line| Cli::try_parse_from(line.split(' ')).is_ok())
        };
        assert_eq!((taken(0), taken(LONGEST_WAIT)), ([true; 2], [true; 2]));
        assert_eq!((taken(LONGEST_WAIT + 1), taken(u64::MAX)), ([false; 2], [false; 2]));
    }

    #[test]
    fn what_is_not_proposed_cannot_be_waited_for() {
        for line in [
            "g vm create-pool --type backend-developer --size 3",
            "g vm scale-pool backend-pool --size 3",
            "g vm update-pool backend-pool --template new-template",
            "g vm delete-pool backend-pool --confirm backend-pool",
            "g vm import main.tf",
        ] {
            let taken = |flags: &str| Cli::try_parse_from(format!("{line} {flags}").split(' '));
            assert!(taken("--dry-run").is_ok() && taken("--wait --timeout 60").is_ok(), "{line}");
            let refused = taken("--wait --dry-run").unwrap_err();
            assert_eq!((refused.kind(), refused.exit_code()), (ErrorKind::ArgumentConflict, 2), "{line}");
            let said = refused.to_string();
            assert!(said.contains("'--dry-run'") && said.contains("cannot be used with"), "{said}");
        }
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
                        you can read. Every write to the fleet is a change: policy and people decide on it as on any other. A \
                        variable of the environment that is empty counts as not set. This page is \
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
}
