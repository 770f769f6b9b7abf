//! `demo`: build everything, start everything, say where it is, and end it in order.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::personas::PERSONAS;
use crate::postgres::Durability;
use crate::stack::{self, Options, Stack};
use crate::{build, interrupt, port, setup, terminal, workspace};

const HELP: &str = "\
cargo xtask demo

Builds Agent Manager and starts it with all it needs: a private Postgres, a Compute Engine emulator and a
development sign-in. The fleet is kept in the data directory and is there again the next time.

  --port 3000        where people reach it
  --data-dir .data   where everything is kept, logs included
  --clock 20x        how fast the emulated cloud's time runs
  --fresh            forget the old fleet first
  --no-build         start what is built already";

#[derive(Debug, PartialEq, Eq)]
struct Wishes {
    port: u16,
    folder: PathBuf,
    clock: String,
    fresh: bool,
    build: bool,
    help: bool,
}

pub(crate) fn run(arguments: lexopt::Parser) -> Result<()> {
    let wishes = parse(arguments)?;
    if wishes.help {
        terminal::say(HELP);
        return Ok(());
    }
    let began = Instant::now();
    terminal::warn("Agent Manager, a demo on this machine\n");
    if wishes.fresh {
        stack::forget(&wishes.folder)?;
    }
    if wishes.build {
        if !port::is_free(wishes.port) {
            // No error: it may be what a killed demo of this folder left behind, and the start ends that.
            terminal::warn(format_args!("{}\n", port_taken(wishes.port)));
        }
        setup::for_demo()?;
        build::everything()?;
    }
    let mut stack = Stack::start(&Options {
        port: Some(wishes.port),
        folder: wishes.folder.clone(),
        clock: wishes.clock,
        durability: Durability::Safe,
        release: false,
        alive: true,
    })?;
    introduce(&stack, began.elapsed(), &wishes.folder);
    let outcome = watch(&mut stack);
    if interrupt::requested() {
        terminal::warn("\nStopping");
        return stack.stop();
    }
    outcome
}

/// Said before a build of minutes, which would be for nothing.
fn port_taken(port: u16) -> String {
    format!(
        "  port {port} is taken now: unless an earlier demo left that program behind, end it or choose another port with --port"
    )
}

fn introduce(stack: &Stack, took: Duration, folder: &std::path::Path) {
    terminal::say(format_args!("\nReady after {}:  {}\n", terminal::seconds(took), stack.url()));
    terminal::say("Sign in as");
    for (name, role) in PERSONAS {
        terminal::say(format_args!("  {name:<6} {role}"));
    }
    terminal::say(format_args!("\nLogs are in {}. Ctrl-C stops everything.", folder.join("logs").display()));
}

/// Until somebody interrupts us (no error) or a part ends by itself.
fn watch(stack: &mut Stack) -> Result<()> {
    while !interrupt::requested() {
        stack.all_well()?;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn parse(mut arguments: lexopt::Parser) -> Result<Wishes> {
    let mut wishes = Wishes {
        port: 3000,
        folder: workspace::root().join(".data"),
        clock: "20x".to_owned(),
        fresh: false,
        build: true,
        help: false,
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("port") => {
                let value = arguments.value()?;
                wishes.port = port::parse(&value.to_string_lossy()).context("--port")?;
            }
            lexopt::Arg::Long("data-dir") => wishes.folder = arguments.value()?.into(),
            lexopt::Arg::Long("clock") => wishes.clock = arguments.value()?.to_string_lossy().into_owned(),
            lexopt::Arg::Long("fresh") => wishes.fresh = true,
            lexopt::Arg::Long("no-build") => wishes.build = false,
            lexopt::Arg::Long("help") => wishes.help = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if wishes.folder.as_os_str().is_empty() {
        bail!("--data-dir is empty");
    }
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Wishes> {
        parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn without_a_word_it_is_the_readmes_demo() {
        let wishes = parsed(&[]).unwrap();
        assert_eq!((wishes.port, wishes.build, wishes.fresh), (3000, true, false));
        assert!(wishes.folder.ends_with(".data"));
    }

    #[test]
    fn each_wish_is_heard() {
        let words = ["--port", "4000", "--data-dir=/tmp/x", "--clock", "1x", "--fresh", "--no-build"];
        let wishes = parsed(&words).unwrap();
        let expected = Wishes {
            port: 4000,
            folder: "/tmp/x".into(),
            clock: "1x".into(),
            fresh: true,
            build: false,
            help: false,
        };
        assert_eq!(wishes, expected);
    }

    #[test]
    fn a_taken_port_is_told_of_with_the_way_out() {
        let told = port_taken(3000);
        assert!(told.contains("3000") && told.contains("--port"), "{told}");
    }

    #[test]
    fn a_bad_port_is_named() {
        for bad in ["0", "70000", "http", "-1"] {
            let error = format!("{:#}", parsed(&["--port", bad]).unwrap_err());
            assert!(error.contains("--port") && error.contains(bad), "{error}");
        }
        assert!(parsed(&["--prot", "1"]).unwrap_err().to_string().contains("--prot"));
    }
}
