//! The state file: the whole world as JSON, replaced as one. Saved at most 150 ms after a change and at shutdown, so that a
//! killed emulator comes back with the same fleet.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;

use crate::{app::App, world::World};

/// Changes come in bursts: one file for each burst.
const PAUSE: Duration = Duration::from_millis(150);

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
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.dirty.notified() => {}
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = save(&app).await {
            tracing::error!(error = format!("{error:#}"), "the state was not saved");
        }
    }
}

pub(crate) async fn save(app: &App) -> anyhow::Result<()> {
    let Some(file) = app.config.state.clone() else { return Ok(()) };
    let mut world = app.world().clone();
    world.at = app.clock.now().at;
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
