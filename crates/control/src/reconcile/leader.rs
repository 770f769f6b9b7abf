//! One effective writer: a row with an epoch says who, and each of the leader's transactions shares a lock on it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use store::{Epoch, Heard, NewEvent, Notification, Tx};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::{Control, Error};

/// Long enough to ride out a slow database, short enough that a dead leader is soon followed.
const LEASE: Duration = Duration::from_secs(6);
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// Why a reconciler stopped in the middle.
#[derive(Debug)]
pub enum Stopped {
    Failed(Error),
    /// Another process leads, or the lease ran out: nothing more may be written by this leader.
    Deposed,
    /// A test pulled the plug here.
    Killed,
}

impl<E: Into<Error>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Places at which a process may die. In production nothing happens there; a test counts down to one of them.
#[derive(Clone, Debug, Default)]
pub struct Checkpoints(Option<Arc<AtomicI64>>);

impl Checkpoints {
    /// Dies at the `n`th checkpoint, counted from 0.
    pub fn die_at(n: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(n))))
    }

    pub fn pass(&self) -> Result<(), Stopped> {
        match &self.0 {
            Some(left) if left.fetch_sub(1, Ordering::SeqCst) <= 0 => Err(Stopped::Killed),
            _ => Ok(()),
        }
    }
}

/// The right to write, as long as the row says so. Clones share it.
#[derive(Clone, Debug)]
pub struct Leader {
    epoch: Epoch,
    standing: Arc<Standing>,
    pub checkpoints: Checkpoints,
    /// Held while a declaration is put in force.
    pub(super) claiming: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct Standing {
    lost: AtomicBool,
    /// By our own steady clock, counted from before the database was asked: never later than the database's own end.
    lease_ends: Mutex<Instant>,
    changes: Notify,
    environments: Notify,
}

impl Leader {
    /// None: another one leads.
    pub async fn acquire(control: &Control, checkpoints: Checkpoints) -> Result<Option<Self>, Error> {
        let holder = Uuid::now_v7().to_string();
        let asked = Instant::now();
        let epoch = control.store.try_acquire_leadership(&holder, LEASE).await?;
        Ok(epoch.map(|epoch| Self {
            epoch,
            standing: Arc::new(Standing {
                lost: AtomicBool::new(false),
                lease_ends: Mutex::new(asked + LEASE),
                changes: Notify::new(),
                environments: Notify::new(),
            }),
            checkpoints,
            claiming: Arc::default(),
        }))
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The event with the number of the leadership under which it happened.
    pub(crate) fn signs<'a>(&self, event: NewEvent<'a>) -> NewEvent<'a> {
        NewEvent { epoch: Some(self.epoch), ..event }
    }

    /// False as soon as the lease may have ended, also while the database cannot be asked.
    pub fn still_leads(&self) -> bool {
        let ends = *self.standing.lease_ends.lock().unwrap_or_else(PoisonError::into_inner);
        !self.standing.lost.load(Ordering::SeqCst) && Instant::now() < ends
    }

    /// Before a cloud call, which no transaction guards.
    pub(super) fn must_lead(&self) -> Result<(), Stopped> {
        if self.still_leads() { Ok(()) } else { Err(Stopped::Deposed) }
    }

    /// Something happened that a change may wait for.
    pub(super) async fn changes_woken(&self) {
        self.standing.changes.notified().await;
    }

    /// Something was declared or done, so that a look may see it.
    pub(super) async fn environments_woken(&self) {
        self.standing.environments.notified().await;
    }

    /// A transaction in which nobody else begins to lead.
    pub async fn begin(&self, control: &Control) -> Result<Tx, Stopped> {
        let mut tx = control.store.begin().await?;
        match tx.assert_leader(self.epoch).await {
            Ok(()) => Ok(tx),
            Err(store::Error::LostLeadership(_)) => {
                self.standing.lost.store(true, Ordering::SeqCst);
                Err(Stopped::Deposed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Renews the lease until it is lost.
    pub async fn keep(&self, control: &Control) {
        loop {
            sleep(RENEW_EVERY).await;
            let asked = Instant::now();
            match control.store.renew_leadership(self.epoch, LEASE).await {
                Ok(()) => {
                    let mut ends = self.standing.lease_ends.lock().unwrap_or_else(PoisonError::into_inner);
                    *ends = asked + LEASE;
                }
                Err(store::Error::LostLeadership(_)) => break,
                // Away, not lost: the row decides when it can be asked again.
                Err(error) => tracing::warn!(%error, "leadership could not be renewed"),
            }
        }
        self.standing.lost.store(true, Ordering::SeqCst);
    }

    async fn listen(&self, control: &Control) {
        loop {
            match control.store.listen().await {
                Ok(mut listener) => {
                    while let Some(heard) = listener.next().await {
                        self.hear(&heard);
                    }
                    return;
                }
                Err(_) => sleep(RENEW_EVERY).await,
            }
        }
    }

    /// Heartbeats, audit events and pools' conditions come all day and move no change.
    fn hear(&self, heard: &Heard) {
        use Notification::{Change, Environment, Observed};
        match heard {
            Heard::Reconnected | Heard::Notice(Change { .. } | Environment { .. }) => {
                self.standing.changes.notify_one();
                self.standing.environments.notify_one();
            }
            Heard::Notice(Observed { .. }) => self.standing.changes.notify_one(),
            Heard::Notice(_) => {}
        }
    }

    pub async fn release(&self, control: &Control) {
        self.standing.lost.store(true, Ordering::SeqCst);
        if let Err(error) = control.store.release_leadership(self.epoch).await {
            tracing::debug!(%error, "leadership was not released; its lease ends by itself");
        }
    }
}

/// Leads whenever it may, until the stop; then the next one need not wait for the lease's end.
pub(super) async fn lead_forever<F>(control: &Control, work: fn(Control, Leader) -> F)
where
    F: Future<Output = ()>,
{
    while !control.stop.is_cancelled() {
        match Leader::acquire(control, Checkpoints::default()).await {
            Ok(Some(leader)) => {
                tracing::info!(epoch = %leader.epoch, "leads");
                tokio::select! {
                    () = work(control.clone(), leader.clone()) => {}
                    () = leader.keep(control) => {}
                    () = leader.listen(control) => {}
                    () = control.stop.cancelled() => {}
                }
                leader.release(control).await;
                tracing::info!("leads no more");
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = ?error, "leadership cannot be asked for"),
        }
        tokio::select! {
            () = control.stop.cancelled() => {}
            () = sleep(RENEW_EVERY / 2) => {}
        }
    }
}
