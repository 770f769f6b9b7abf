//! `g`: the fleet from a terminal, over `/api/v1` with an API token. `cli` says what it takes; each verb has a function
//! that calls the server and shows the answer. Nothing is decided here that the server does not decide again.

mod alert;
mod change;
mod cli;
mod client;
mod cost;
mod edit;
mod failure;
mod files;
mod output;
mod settings;
mod vm;
mod wait;

use std::process::ExitCode;

use crate::{cli::Cli, failure::Failure};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::read();
    match cli.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            failure.code()
        }
    }
}

impl Cli {
    async fn run(self) -> Result<(), Failure> {
        match self.command {
            cli::Command::Vm { verb } => vm::run(verb, &self.common).await,
            cli::Command::Change { verb } => change::run(verb, &self.common).await,
            cli::Command::Alert { verb } => alert::run(verb, &self.common).await,
            cli::Command::Cost { verb } => cost::run(verb, &self.common).await,
        }
    }
}
