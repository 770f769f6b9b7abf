//! `agent-manager audit verify`: the log, or an export of it, is read whole and its chain computed anew. Answers by its exit code:
//! 0, all is as it was written; 1, it could not be verified; 3, an event is wrong. (2 is a wrong command line.)

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use store::{Checkpoint, Export, Store};

use crate::config::Config;

/// An event is not the one that was written.
const WRONG: u8 = 3;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Compute the log's chain anew and name the first event that is wrong.
    ///
    /// Exit codes: 0 all is as it was written, 1 it could not be verified, 2 wrong usage, 3 an event is wrong.
    Verify {
        #[arg(long, value_name = "FILE", required_unless_present = "file")]
        config: Option<PathBuf>,
        /// An export of the log, read instead of the database: each event has its hash and follows the one before it.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "write_checkpoint"])]
        file: Option<PathBuf>,
        /// What an earlier run wrote down: the log must still hold it.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// Write down how far the log is right, to be kept where its owner cannot reach.
        #[arg(long, value_name = "FILE")]
        write_checkpoint: Option<PathBuf>,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Verify { config, file, checkpoint, write_checkpoint } = command;
    let witnessed = checkpoint.as_deref().map(read).transpose()?;
    if let Some(path) = file {
        let export =
            File::open(&path).with_context(|| format!("cannot read the export {}", path.display()))?;
        let right = verify_export(BufReader::new(export), witnessed.as_ref(), &mut std::io::stdout().lock())?;
        return Ok(if right { ExitCode::SUCCESS } else { ExitCode::from(WRONG) });
    }
    let config = config.context("name the configuration by --config, or an export by --file")?;
    let store = super::serve::open_store(&Config::read(&config)?)?;
    let right = verify(&store, witnessed.as_ref(), &mut std::io::stdout().lock()).await?;
    match (right, write_checkpoint) {
        (None, _) => return Ok(ExitCode::from(WRONG)),
        (Some(right), Some(path)) => fs::write(&path, right.to_string())
            .with_context(|| format!("cannot write the checkpoint to {}", path.display()))?,
        (Some(_), None) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<Checkpoint> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is no checkpoint", path.display()))
}

/// Says what was found, and gives how far a log reaches of which all is right.
async fn verify(
    store: &Store,
    witnessed: Option<&Checkpoint>,
    out: &mut impl Write,
) -> anyhow::Result<Option<Checkpoint>> {
    let found = store.verify_audit(witnessed).await.context("the log could not be read")?;
    if let Some(wrong) = found.first_wrong {
        writeln!(out, "WRONG: {wrong}")?;
        writeln!(out, "Events before it that are right: {}", found.count)?;
        return Ok(None);
    }
    writeln!(
        out,
        "{} events are right: each has its hash, follows the one before it, and its columns repeat it.",
        found.count
    )?;
    match witnessed {
        Some(checkpoint) => {
            writeln!(out, "Event {} is the one that the checkpoint witnessed.", checkpoint.seq)?
        }
        None => writeln!(
            out,
            "No checkpoint was given: a log that was cut off, restored or written anew as a whole would look the same."
        )?,
    }
    write!(out, "\n{}", found.checkpoint())?;
    Ok(Some(found.checkpoint()))
}

/// Says what was found in an export, and whether all of it is right.
fn verify_export(
    lines: impl BufRead,
    witnessed: Option<&Checkpoint>,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut export = Export::new(witnessed);
    for line in lines.lines() {
        let line = line.context("the export could not be read to its end")?;
        if let Err(wrong) = export.follow(&line) {
            // A file of somebody else's says nothing to the terminal.
            writeln!(out, "WRONG: {}", wrong.to_string().replace(char::is_control, " "))?;
            writeln!(out, "Events before it that are right: {}", export.count())?;
            return Ok(false);
        }
    }
    let Some((first, last)) = export.range() else {
        // A script takes 0 for a proof, and there is none.
        bail!("the export holds no event, so nothing was verified");
    };
    writeln!(out, "{} events are right, from {first} to {last}: each has its hash.", export.count())?;
    match export.stretches() {
        1 => writeln!(out, "None is missing between them: each follows the one before it.")?,
        stretches => writeln!(
            out,
            "They are {stretches} stretches with others left out between them, by a filter or by somebody: export without a filter to see that none is missing."
        )?,
    }
    match witnessed {
        Some(checkpoint) if export.reached_checkpoint() => {
            writeln!(out, "Event {} is the one that the checkpoint witnessed.", checkpoint.seq)?
        }
        Some(checkpoint) => bail!(
            "event {} is not in the export, so the checkpoint proves nothing of it: export from there on, or verify without it",
            checkpoint.seq
        ),
        None => writeln!(
            out,
            "No checkpoint was given: what was written anew as a whole would look the same. Compare the last hash with one that was kept elsewhere."
        )?,
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use domain::{Actor, audit::AuditAction};
    use sqlx::PgPool;
    use store::NewEvent;

    use super::*;

    async fn said(store: &Store, witnessed: Option<&Checkpoint>) -> (Option<Checkpoint>, String) {
        let mut out = Vec::new();
        let right = verify(store, witnessed, &mut out).await.unwrap();
        (right, String::from_utf8(out).unwrap())
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn what_is_right_gives_a_checkpoint_and_what_is_wrong_is_named(pool: PgPool) {
        let store = Store::from(pool.clone());
        let actor = Actor::system("reconciler", "tick");
        for name in ["a", "b", "c"] {
            let mut tx = store.begin().await.unwrap();
            let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
            tx.append_audit(&NewEvent::new(&actor, AuditAction::EnrollAgent, name, now)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let (right, text) = said(&store, None).await;
        let right = right.unwrap();
        assert!(text.starts_with("3 events are right") && text.contains("No checkpoint was given"), "{text}");
        assert!(text.ends_with(&right.to_string()), "{text}");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        fs::write(&path, right.to_string()).unwrap();
        let (again, text) = said(&store, Some(&read(&path).unwrap())).await;
        assert_eq!(again, Some(right));
        assert!(text.contains("Event 3 is the one that the checkpoint witnessed."), "{text}");
        fs::write(&path, "3").unwrap();
        assert!(format!("{:#}", read(&path).unwrap_err()).contains("three lines"));

        sqlx::raw_sql(
            "ALTER TABLE audit_events DISABLE TRIGGER USER; UPDATE audit_events SET object = 'x' WHERE seq = 2",
        )
        .execute(&pool)
        .await
        .unwrap();
        let (right, text) = said(&store, None).await;
        assert_eq!(right, None);
        assert_eq!(
            text,
            "WRONG: event 2: its column object does not repeat the event\nEvents before it that are right: 1\n"
        );
    }
}
