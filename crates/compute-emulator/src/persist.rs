//! The state file: the whole world as JSON, replaced as one. Saved before a change is answered, one save for all who wait for
//! it; at most 150 ms after what happens by itself; and at shutdown. So a killed emulator comes back with the same fleet.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use tokio::sync::{Notify, watch};

use crate::{app::App, world::World};

/// What happens by itself comes in bursts: one file for each burst. Whoever waits for a save ends the pause.
const PAUSE: Duration = Duration::from_millis(150);

/// The saves of this process, counted from 1.
#[derive(Debug, Default)]
pub(crate) struct Saves {
    begun: AtomicU64,
    ended: watch::Sender<Ended>,
    /// Somebody waits for one that has not begun.
    asked: Notify,
}

/// The last save that came to its end.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    number: u64,
    written: bool,
}

/// None if the file does not exist. A file that cannot be read is an error: starting afresh would lose a fleet.
pub(crate) fn load(file: &Path) -> anyhow::Result<Option<World>> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read the state file {}", file.display()));
        }
    };
    let world = serde_json::from_slice(&text).with_context(|| {
        format!("{} is not a state file of this emulator; move it away to start afresh", file.display())
    })?;
    Ok(Some(world))
}

pub(crate) async fn run(app: App) {
    if app.config.state.is_none() {
        return;
    }
    loop {
        let awaited = tokio::select! {
            // A call makes the state dirty, then asks: taken in that order, both are one save.
            biased;
            () = app.stop.cancelled() => return,
            () = app.dirty.notified() => false,
            () = app.saves.asked.notified() => true,
        };
        if !awaited {
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = app.saves.asked.notified() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        if let Err(error) = save(&app).await {
            tracing::error!(error = format!("{error:#}"), "the state was not saved");
        }
    }
}

pub(crate) async fn save(app: &App) -> anyhow::Result<()> {
    let Some(file) = app.config.state.clone() else { return Ok(()) };
    // Counted before the world is copied: what was changed before somebody read the count is in the next one.
    let number = app.saves.begun.fetch_add(1, Ordering::SeqCst) + 1;
    let mut world = app.world().clone();
    world.at = app.clock.now().at;
    let outcome = replace(file, world).await;
    app.saves.ended.send_replace(Ended { number, written: outcome.is_ok() });
    outcome
}

/// Returns once all that was changed before is in the file. False: it could not be written, or the emulator ends.
pub(crate) async fn saved(app: &App) -> bool {
    if app.config.state.is_none() {
        return true;
    }
    let mut ended = app.saves.ended.subscribe();
    // One that has begun may have copied the world before the change.
    let next = app.saves.begun.load(Ordering::SeqCst) + 1;
    app.saves.asked.notify_one();
    let save = async { ended.wait_for(|last| last.number >= next).await.is_ok_and(|last| last.written) };
    tokio::select! {
        () = app.stop.cancelled() => false,
        written = save => written,
    }
}

async fn replace(file: PathBuf, world: World) -> anyhow::Result<()> {
    tokio::task::spawn_blocking(move || write(&file, &world)).await.context("saving panicked")?
}

fn write(file: &Path, world: &World) -> anyhow::Result<()> {
    let text = serde_json::to_vec(world).context("the state does not fit JSON")?;
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(".tmp");
    let write = || -> io::Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut open = fs::OpenOptions::new();
        open.write(true).create(true).truncate(true);
        // It holds the key that signs identity tokens.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let mut handle = open.open(&temporary)?;
        handle.write_all(&text)?;
        handle.sync_all()?;
        fs::rename(&temporary, file)
    };
    write().with_context(|| format!("cannot write the state file {}", file.display()))
}
