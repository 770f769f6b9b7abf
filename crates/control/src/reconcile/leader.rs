//! One effective writer: a row with an epoch says who, and each of the leader's transactions shares a lock on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use store::{Epoch, Tx};
use tokio::{sync::Notify, time::sleep};
use uuid::Uuid;

use crate::{Control, Error};

/// Long enough to ride out a slow database, short enough that a dead leader is soon followed.
const LEASE: Duration = Duration::from_secs(6);
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// Why a reconciler stopped in the middle.
#[derive(Debug)]
pub enum Stopped {
    Failed(Error),
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

/// The right to write, as long as the row says so.
#[derive(Clone, Debug)]
pub struct Leader {
    epoch: Epoch,
    leads: Arc<AtomicBool>,
    wake: Arc<Notify>,
    pub checkpoints: Checkpoints,
}

impl Leader {
    /// None: another one leads.
    pub async fn acquire(control: &Control, checkpoints: Checkpoints) -> Result<Option<Self>, Error> {
        let holder = Uuid::now_v7().to_string();
        let epoch = control.store.try_acquire_leadership(&holder, LEASE).await?;
        Ok(epoch.map(|epoch| Self {
            epoch,
            leads: Arc::new(AtomicBool::new(true)),
            wake: Arc::new(Notify::new()),
            checkpoints,
        }))
    }

    pub fn still_leads(&self) -> bool {
        self.leads.load(Ordering::SeqCst)
    }

    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// A transaction that fails at its commit or before it when somebody else leads.
    pub async fn begin(&self, control: &Control) -> Result<Tx, Error> {
        let mut tx = control.store.begin().await?;
        if let Err(error) = tx.assert_leader(self.epoch).await {
            if matches!(error, store::Error::LostLeadership(_)) {
                self.leads.store(false, Ordering::SeqCst);
            }
            return Err(error.into());
        }
        Ok(tx)
    }

    async fn keep(&self, control: &Control) {
        loop {
            sleep(RENEW_EVERY).await;
            match control.store.renew_leadership(self.epoch, LEASE).await {
                Ok(()) => {}
                Err(store::Error::LostLeadership(_)) => break,
                // Away, not lost: the row decides when it can be asked again.
                Err(error) => tracing::warn!(%error, "leadership could not be renewed"),
            }
        }
        self.leads.store(false, Ordering::SeqCst);
    }

    async fn listen(&self, control: &Control) {
        loop {
            match control.store.listen().await {
                Ok(mut listener) => {
                    while listener.next().await.is_some() {
                        self.wake.notify_one();
                    }
                    return;
                }
                Err(_) => sleep(RENEW_EVERY).await,
            }
        }
    }

    pub async fn release(&self, control: &Control) {
        self.leads.store(false, Ordering::SeqCst);
        if let Err(error) = control.store.release_leadership(self.epoch).await {
            tracing::debug!(%error, "leadership was not released; its lease ends by itself");
        }
    }
}

/// Leads whenever it may. Dropped at shutdown, it leaves the lease to the next one by time.
pub(super) async fn lead_forever<F>(control: &Control, work: fn(Control, Leader) -> F)
where
    F: Future<Output = ()>,
{
    loop {
        match Leader::acquire(control, Checkpoints::default()).await {
            Ok(Some(leader)) => {
                tracing::info!(epoch = ?leader.epoch, "leads");
                let stop = control.stop.clone();
                tokio::select! {
                    () = work(control.clone(), leader.clone()) => {}
                    () = leader.keep(control) => {}
                    () = leader.listen(control) => {}
                    () = stop.cancelled() => {}
                }
                leader.release(control).await;
                if stop.is_cancelled() {
                    return;
                }
                tracing::info!("leads no more");
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = ?error, "leadership cannot be asked for"),
        }
        sleep(RENEW_EVERY / 2).await;
    }
}
