//! `bench`: what the release does on this machine, measured. What is measured and how is in `crates/bench`, and for the
//! browser in `end2end/bench-lcp.mjs`; here it is built, started, added up and written down. No figure is ever asserted.

mod document;
mod figures;
mod machine;
mod series;
mod sizes;
mod table;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use self::machine::Machine;
use self::series::Series;
use crate::postgres::Durability;
use crate::service::{Rooms, Service};
use crate::stack::{self, Options, Stack};
use crate::{build, interrupt, port, probe, process, setup, terminal, test, workspace};

const HELP: &str = "\
cargo xtask bench [NAME] [--quick] [--write] [--no-build]

NAME is one measure alone: sizes, plan, pages, lcp, votes, heartbeats, silence.
Prints a table and writes target/bench/results.json, samples included.

  --quick      fewer repetitions
  --write      renew the table in docs/benchmarks.md; takes a whole run
  --no-build   measure what is built already";

/// What pages and agents are measured with. `docs/benchmarks.md` says the same.
const VMS: u32 = 10_000;
const EVENTS: u32 = 100_000;

/// Every agent has spoken by then.
const ALL_SPOKE: Duration = Duration::from_secs(12);

/// In the order in which they run: what leaves changes or load behind comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Sizes,
    Plan,
    Pages,
    Lcp,
    Votes,
    Heartbeats,
    Silence,
}

impl Measure {
    const ALL: [Self; 7] =
        [Self::Sizes, Self::Plan, Self::Pages, Self::Lcp, Self::Votes, Self::Heartbeats, Self::Silence];

    fn name(self) -> &'static str {
        match self {
            Self::Sizes => "sizes",
            Self::Plan => "plan",
            Self::Pages => "pages",
            Self::Lcp => "lcp",
            Self::Votes => "votes",
            Self::Heartbeats => "heartbeats",
            Self::Silence => "silence",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|measure| measure.name() == name) {
            Some(measure) => Ok(measure),
            None => bail!("`{name}` is no measure: {}", Self::ALL.map(Self::name).join(", ")),
        }
    }

    fn needs_stack(self) -> bool {
        !matches!(self, Self::Sizes | Self::Plan)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    /// None: all of them.
    only: Option<Measure>,
    quick: bool,
    write: bool,
    no_build: bool,
    help: bool,
}

pub(crate) fn run(arguments: lexopt::Parser) -> Result<()> {
    let wishes = parse(arguments)?;
    if wishes.help {
        terminal::say(HELP);
        return Ok(());
    }
    let measures: Vec<Measure> = wishes.only.map_or(Measure::ALL.to_vec(), |only| vec![only]);
    setup::for_demo()?;
    if measures.contains(&Measure::Lcp) {
        setup::for_browser_tests()?;
    }
    if !wishes.no_build {
        build::release()?;
    }
    let (mut machine, mut all) = (Machine::look()?, Vec::new());
    if measures.contains(&Measure::Sizes) {
        all.extend(sizes::measure()?);
    }
    let rest: Vec<Measure> = measures.into_iter().filter(|measure| *measure != Measure::Sizes).collect();
    if !rest.is_empty() {
        let program = build::measures()?;
        let bench = Bench { program: &program, quick: wishes.quick };
        if rest.contains(&Measure::Plan) {
            all.extend(bench.measure("plan", &[])?);
        }
        let with_stack: Vec<Measure> = rest.into_iter().filter(|measure| measure.needs_stack()).collect();
        if !with_stack.is_empty() {
            all.extend(bench.with_stack(&with_stack, &mut machine)?);
        }
    }
    let rows = figures::of(all)?;
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let results = serde_json::json!({
        "machine": machine.to_json(),
        "quick": wishes.quick,
        "series": rows.iter().map(figures::Row::to_json).collect::<Vec<_>>(),
    });
    let file = folder.join("results.json");
    fs::write(&file, format!("{results:#}\n"))
        .with_context(|| format!("could not write {}", file.display()))?;
    terminal::say(format_args!("\n{machine}\n\n{}", table::plain(&rows)));
    terminal::warn(format_args!("\nEvery sample is in {}", file.display()));
    if wishes.write {
        document::renew(&workspace::root().join("docs/benchmarks.md"), &machine, &rows)?;
    }
    Ok(())
}

/// Everything that a run leaves, its database included.
fn folder() -> std::path::PathBuf {
    workspace::target().join("bench")
}

/// The measuring program, and how long it may take.
#[derive(Debug, Clone, Copy)]
struct Bench<'a> {
    program: &'a Path,
    quick: bool,
}

impl Bench<'_> {
    fn command(self, verb: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.arg(verb).args(arguments).args(self.quick.then_some("--quick"));
        command
    }

    /// Runs a measure to its end.
    fn measure(self, verb: &'static str, arguments: &[&str]) -> Result<Vec<Series>> {
        measured(verb, &mut self.command(verb, arguments))
    }

    /// Makes what a measure needs and measures nothing.
    fn prepare(self, verb: &'static str, arguments: &[&str], words: &str) -> Result<()> {
        terminal::stage(verb, || {
            process::capture(&mut self.command(verb, arguments))?;
            Ok(((), words.to_owned()))
        })
    }

    /// On a stack of its own, durable like that of an installation, whose server answers but carries nothing out: the
    /// fleet's VMs are rows, and a reconciler would look for them in a cloud.
    fn with_stack(self, measures: &[Measure], machine: &mut Machine) -> Result<Vec<Series>> {
        let folder = folder().join("stack");
        stack::forget(&folder)?;
        let stack = Stack::start(&Options {
            port: None,
            folder: folder.clone(),
            clock: "20x".to_owned(),
            durability: Durability::Safe,
            release: true,
            alive: false,
        })?;
        machine.database = Some(stack.database_version().to_owned());
        let outcome = self.on(&stack, measures, &Rooms::in_folder(&folder)?);
        // Before its folder.
        drop(stack);
        if outcome.is_ok() {
            stack::forget(&folder)?;
        }
        outcome.with_context(|| format!("logs are in {}", folder.join("logs").display()))
    }

    fn on(self, stack: &Stack, measures: &[Measure], rooms: &Rooms) -> Result<Vec<Series>> {
        let described = stack.description().to_string();
        let at = ["--stack", &described];
        let (vms, events) = (VMS.to_string(), EVENTS.to_string());
        self.prepare("fleet", &with(&at, ["--vms", &vms]), &format!("{vms} VMs, as declared"))?;
        self.prepare(
            "history",
            &with(&at, ["--events", &events]),
            &format!("{events} audit events, verified"),
        )?;
        let mut all = Vec::new();
        for measure in measures {
            if interrupt::requested() {
                bail!("interrupted");
            }
            all.extend(match measure {
                Measure::Sizes | Measure::Plan => Vec::new(),
                Measure::Lcp => self.lcp(stack, &at, rooms)?,
                Measure::Heartbeats => {
                    let port = port::free()?;
                    let listen = format!("127.0.0.1:{port}");
                    let mut bare = self.command("bare", &["--listen", &listen]);
                    let mut bare = Service::start("bare-handler", &mut bare, rooms, Signal::TERM)?;
                    bare.wait_until(Duration::from_secs(10), || probe::accepts(port))?;
                    self.measure("heartbeats", &with(&at, ["--bare", &listen]))?
                }
                other => self.measure(other.name(), &at)?,
            });
        }
        Ok(all)
    }

    /// In the browser, while every agent speaks at its usual pace.
    fn lcp(self, stack: &Stack, at: &[&str], rooms: &Rooms) -> Result<Vec<Series>> {
        let mut speak = self.command("speak", at);
        let mut agents = Service::start("agents", &mut speak, rooms, Signal::TERM)?;
        interrupt::sleep(ALL_SPOKE)?;
        let loads = if self.quick { "5" } else { "25" };
        let series = measured("lcp", test::node()?.args(["bench-lcp.mjs", &stack.url(), loads]))?;
        if let Some(status) = agents.ended() {
            bail!("the agents stopped to speak ({status}):\n{}", agents.last_words());
        }
        Ok(series)
    }
}

/// Where the stack is, and one thing more.
fn with<'a>(at: &[&'a str], more: [&'a str; 2]) -> Vec<&'a str> {
    at.iter().copied().chain(more).collect()
}

/// Runs a command that prints a series a line.
fn measured(name: &'static str, command: &mut Command) -> Result<Vec<Series>> {
    terminal::stage(name, || {
        let printed = process::capture(command)?;
        let series = printed.lines().map(|line| Series::parse(name, line)).collect::<Result<Vec<_>>>()?;
        let samples: usize = series.iter().map(|one| one.samples.len()).sum();
        Ok((series, format!("{samples} samples")))
    })
}

fn parse(mut arguments: lexopt::Parser) -> Result<Wishes> {
    let mut wishes = Wishes::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("quick") => wishes.quick = true,
            lexopt::Arg::Long("write") => wishes.write = true,
            lexopt::Arg::Long("no-build") => wishes.no_build = true,
            lexopt::Arg::Long("help") => wishes.help = true,
            lexopt::Arg::Value(name) if wishes.only.is_none() => {
                wishes.only = Some(Measure::parse(&name.to_string_lossy())?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if wishes.write && (wishes.quick || wishes.only.is_some()) {
        bail!("--write takes a whole run: leave NAME and --quick out");
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
    fn one_measure_or_all() {
        assert_eq!(parsed(&[]).unwrap(), Wishes::default());
        let quick = parsed(&["votes", "--quick", "--no-build"]).unwrap();
        let expected =
            Wishes { only: Some(Measure::Votes), quick: true, no_build: true, ..Wishes::default() };
        assert_eq!(quick, expected);
        for measure in Measure::ALL {
            assert_eq!(Measure::parse(measure.name()).unwrap(), measure);
            assert!(HELP.contains(measure.name()), "{}", measure.name());
        }
        let error = parsed(&["vote"]).unwrap_err().to_string();
        assert!(error.contains("`vote`") && error.contains("votes"), "{error}");
        assert!(parsed(&["votes", "pages"]).is_err());
    }

    #[test]
    fn only_a_whole_run_is_written_down() {
        assert!(parsed(&["--write"]).unwrap().write);
        assert!(parsed(&["--write", "--quick"]).unwrap_err().to_string().contains("whole"));
        assert!(parsed(&["plan", "--write"]).is_err());
    }
}
