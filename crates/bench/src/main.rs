//! What `cargo xtask bench` measures with, one measure a file. Each is run against a stack that xtask started, and says
//! its samples as lines of JSON; what they come to (medians, ratios, the table) is xtask's.
//! Nothing here asserts a time: a measure fails only when what it measures did not happen.

mod agents;
mod bare;
mod fleet;
mod heartbeats;
mod history;
mod pace;
mod pages;
mod plan;
mod series;
mod silence;
mod stack;
mod votes;
mod wire;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::stack::Stack;

#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer repetitions.
    #[arg(long, global = true)]
    quick: bool,
    #[command(subcommand)]
    measure: Measure,
}

/// `stack` is the JSON by which `cargo xtask stack` describes itself.
#[derive(Debug, Subcommand)]
enum Measure {
    /// Not measured: a fleet that runs as declared.
    Fleet {
        #[arg(long)]
        stack: Stack,
        #[arg(long)]
        vms: u32,
    },
    /// Not measured: events in the audit log, up to this many.
    History {
        #[arg(long)]
        stack: Stack,
        #[arg(long)]
        events: i64,
    },
    /// Not measured: every agent speaks at its usual pace until we are told to end.
    Speak {
        #[arg(long)]
        stack: Stack,
    },
    /// Not measured by itself: the handler that the server is compared with.
    Bare {
        #[arg(long)]
        listen: SocketAddr,
    },
    Heartbeats {
        #[arg(long)]
        stack: Stack,
        /// Where the bare handler listens.
        #[arg(long)]
        bare: SocketAddr,
    },
    Silence {
        #[arg(long)]
        stack: Stack,
    },
    Pages {
        #[arg(long)]
        stack: Stack,
    },
    Votes {
        #[arg(long)]
        stack: Stack,
    },
    Plan,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { quick, measure } = Arguments::parse();
    match measure {
        Measure::Fleet { stack, vms } => fleet::make(&stack, vms).await,
        Measure::History { stack, events } => history::make(&stack, events).await,
        Measure::Speak { stack } => pace::speak(&stack).await,
        Measure::Bare { listen } => bare::serve(listen).await,
        Measure::Heartbeats { stack, bare } => heartbeats::measure(&stack, bare, quick).await,
        Measure::Silence { stack } => silence::measure(&stack, quick).await,
        Measure::Pages { stack } => pages::measure(&stack, quick).await,
        Measure::Votes { stack } => votes::measure(&stack, quick).await,
        Measure::Plan => plan::measure(quick),
    }
}
