//! `stack`: a whole throwaway demo for one browser test file. Its description is one line of JSON on standard
//! output; then it takes orders on standard input, one a line, and answers each with one line. At the end of the
//! input everything is stopped and removed.

use std::io::{BufRead, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::postgres::Durability;
use crate::scratch::Scratch;
use crate::stack::{Options, Part, Stack};
use crate::{interrupt, terminal};

const HELP: &str = "\
cargo xtask stack [--clock 20x]

Prints {\"url\", \"emulator\", \"issuer\", \"database\", \"psql\", \"folder\"} and then takes orders, one a line:
stop PART, kill PART, start PART; PART is server, emulator, issuer or postgres.
What `cargo xtask build` made is started; nothing is built.";

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    let mut clock = "20x".to_owned();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("clock") => clock = arguments.value()?.to_string_lossy().into_owned(),
            lexopt::Arg::Long("help") => {
                terminal::say(HELP);
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let scratch = Scratch::new("stack")?;
    let folder = scratch.path().to_path_buf();
    let mut stack = Stack::start(&Options {
        port: None,
        folder,
        clock,
        durability: Durability::Throwaway,
        release: false,
        alive: true,
    })?;
    answer(&stack.description())?;
    let served = serve(&mut stack);
    // Before its folder.
    drop(stack);
    served
}

fn serve(stack: &mut Stack) -> Result<()> {
    let (sender, orders) = mpsc::channel();
    // Ends with the input; a read cannot be interrupted, so the process does not wait for this thread.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        match orders.recv_timeout(Duration::from_millis(100)) {
            Ok(order) => match obey(stack, &order) {
                Ok(()) => answer(&serde_json::json!({ "done": order }))?,
                Err(error) => answer(&serde_json::json!({ "error": format!("{order}: {error:#}") }))?,
            },
            Err(RecvTimeoutError::Timeout) => stack.all_well()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if interrupt::requested() {
            bail!("interrupted");
        }
    }
}

fn obey(stack: &mut Stack, order: &str) -> Result<()> {
    let (verb, part) = parse(order)?;
    match verb {
        Verb::Start => stack.start_part(part)?,
        Verb::Stop => stack.stop_part(part),
        Verb::Kill => stack.kill_part(part),
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Verb {
    Start,
    Stop,
    Kill,
}

fn parse(order: &str) -> Result<(Verb, Part)> {
    let (verb, part) = order.trim().split_once(' ').context("an order is a verb and a part")?;
    let verb = match verb {
        "start" => Verb::Start,
        "stop" => Verb::Stop,
        "kill" => Verb::Kill,
        other => bail!("`{other}` is no order: start, stop, kill"),
    };
    Ok((verb, Part::parse(part.trim())?))
}

/// A line of JSON, flushed: the reader waits for it.
fn answer(value: &serde_json::Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush()).context("nobody reads our answers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        assert_eq!(parse("kill server").unwrap(), (Verb::Kill, Part::Server));
        assert_eq!(parse(" start postgres\r").unwrap(), (Verb::Start, Part::Postgres));
        assert!(parse("paint server").unwrap_err().to_string().contains("paint"));
        assert!(parse("kill all").unwrap_err().to_string().contains("all"));
        assert!(parse("kill").is_err());
    }
}
