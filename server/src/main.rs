//! `agent-manager`: see `commands`.

use std::process::ExitCode;

use clap::Parser as _;
use server::{commands::Arguments, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::init();
    match arguments.run().await {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
