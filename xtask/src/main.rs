//! `cargo xtask VERB`: everything that is done to this repository, one file per verb.
//! What the product itself does is not here: xtask builds, starts and checks it, and depends on none of its crates.

mod bench;
mod build;
mod check;
mod compress;
mod demo;
mod generate;
mod interrupt;
mod personas;
mod pid;
mod port;
mod postgres;
mod probe;
mod process;
mod proxy;
mod scratch;
mod service;
mod settings;
mod setup;
mod shots;
mod split;
mod stack;
mod stack_verb;
mod style;
mod tally;
mod terminal;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask VERB

  demo      build and start everything on this machine, then print the URL
            --port 3000  --data-dir .data  --clock 20x  --fresh (forget the old fleet)  --no-build
  test      every test, browser tests included, against services of their own
            [FILTER]  --rust-only  --browser-only  --no-build
  check     formatting, clippy (server and browser), rustdoc, generated files up to date
  build     the browser's files into target/site and the programs; --release
  generate  renew everything generated: .sqlx, docs/cli.md, docs/openapi.json; --check only compares
  shots     a picture of each page in both themes and two widths; --out shots  --no-build  [NAME...]
  bench     measure the release: heartbeats, silence, pages, votes, plan, sizes, lcp
            [NAME]  --quick  --write (into docs/benchmarks.md)  --no-build
  setup     install what the other verbs need; each step says what it does and why
  stack     for browser tests: a whole throwaway demo, described as JSON, until stdin closes

`cargo xtask VERB --help` says more.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if interrupt::requested() => {
            terminal::warn("stopped");
            // 128 + SIGINT, what a shell expects of an interrupted command.
            ExitCode::from(130)
        }
        Err(error) => {
            terminal::warn(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    interrupt::listen()?;
    let mut arguments = lexopt::Parser::from_env();
    let verb = match arguments.next()? {
        Some(lexopt::Arg::Value(verb)) => verb.to_string_lossy().into_owned(),
        None | Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
    };
    match verb.as_str() {
        "bench" => bench::run(arguments),
        "build" => build::run(arguments),
        "check" => check::run(arguments),
        "demo" => demo::run(arguments),
        "generate" => generate::run(arguments),
        "setup" => setup::run(arguments),
        "shots" => shots::run(arguments),
        "stack" => stack_verb::run(arguments),
        "test" => test::run(arguments),
        "help" => {
            terminal::say(HELP);
            Ok(())
        }
        other => bail!("there is no verb `{other}`\n\n{HELP}"),
    }
}
