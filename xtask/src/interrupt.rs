//! Ctrl-C, SIGTERM and SIGHUP ask for an orderly end: they set a flag that every wait looks at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Takes the signals over. Called once, before anything is started.
pub(crate) fn listen() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&REQUESTED)).context("could not listen for Ctrl-C")?;
    }
    Ok(())
}

/// Whether somebody asked for the end.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Sleeps, but not past an interrupt: that is an error, so that `?` unwinds through all that must be stopped.
pub(crate) fn sleep(time: Duration) -> Result<()> {
    std::thread::sleep(time);
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
