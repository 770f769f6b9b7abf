//! How the control plane stands, for the frame around every page: looked at rarely, told whenever it became another.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use domain::view::diagnosis::Standing;
use tokio::{
    sync::Mutex,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{Control, diagnosis};

/// A page that is opened does not ask the database how it is if another one has just done so.
const KEPT: Duration = Duration::from_secs(5);

/// What was seen last, shared by all pages of this process.
#[derive(Debug, Default)]
pub struct Seen {
    last: Mutex<Option<Look>>,
    /// Grows with all that it may follow from.
    moves: AtomicU64,
}

#[derive(Debug)]
struct Look {
    standing: Standing,
    at: Instant,
    moves: u64,
}

impl Seen {
    /// Something moved that the standing may follow from: whoever asks next looks again.
    pub fn forget(&self) {
        self.moves.fetch_add(1, Ordering::SeqCst);
    }
}

/// As of five seconds ago at most. Of those who ask at once one looks, and the others wait for it.
pub async fn of(control: &Control) -> Standing {
    let mut last = control.standing.last.lock().await;
    let moves = control.standing.moves.load(Ordering::SeqCst);
    if let Some(look) = last.as_ref().filter(|look| look.moves == moves && look.at.elapsed() < KEPT) {
        return look.standing.clone();
    }
    let standing = Standing::of(&diagnosis::look(control).await);
    let before = last.replace(Look { standing: standing.clone(), at: Instant::now(), moves });
    // Who asked sooner shows the other one.
    if before.is_some_and(|before| before.standing != standing) {
        control.live.health_moved(None);
    }
    standing
}

/// Looks for open pages: that a leader died, or that the database is away, no notice tells.
pub(crate) async fn watch(control: &Control) {
    let mut ticks = interval(KEPT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if control.live.listeners() > 0 {
            of(control).await;
        }
    }
}
