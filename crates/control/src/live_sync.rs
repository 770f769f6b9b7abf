//! Keeps the live fleet in step with the store: notices in, heartbeats out, and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{ChangeId, agent::Thresholds};
use store::{Heard, Listener, Notification, StoredHeartbeat};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout_at};

use crate::{
    Control, Error, alerts, health,
    live::{KnownHealth, PendingHeartbeat},
    standing,
};

/// A restart loses at most one batch of heartbeats, which is never more than a second's.
const BATCH: Duration = Duration::from_millis(900);
const _: () = assert!(BATCH.as_millis() <= 1000);
/// Batches between two reports of this process's own figures.
const FIGURES_EVERY: u32 = 6;
/// Silence is seen and told within this; so is a heartbeat that changes its agent's state, with the others of that time.
const TICK: Duration = Duration::from_millis(250);
const RETRY: Duration = Duration::from_secs(1);
/// What a lost notice costs at most.
const NET: Duration = Duration::from_secs(30);
/// Notices come in bursts, one for each pool and step: a burst is one look at the store. Well below what a person sees.
const BURST: Duration = Duration::from_millis(150);

pub fn start(control: &Control) {
    for task in [Task::Follow, Task::Write, Task::Tell, Task::Tick, Task::Stand] {
        let control = control.clone();
        control.tasks.clone().spawn(async move {
            let stop = control.stop.clone();
            let work = async {
                match task {
                    Task::Follow => follow(&control).await,
                    Task::Write => write(&control).await,
                    Task::Tell => tell(&control).await,
                    Task::Tick => tick(&control).await,
                    Task::Stand => standing::watch(&control).await,
                }
            };
            tokio::select! { () = stop.cancelled() => {}, () = work => {} }
            match task {
                Task::Write => flush_heartbeats(&control).await,
                Task::Tell => health::flush(&control, true).await,
                Task::Follow | Task::Tick | Task::Stand => {}
            }
        });
    }
}

#[derive(Clone, Copy, Debug)]
enum Task {
    Follow,
    Write,
    Tell,
    Tick,
    Stand,
}

async fn tick(control: &Control) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        control.live.tick(control.clock.now());
    }
}

/// Heartbeats and nothing else: what is slower to store must not make a batch of them longer.
async fn write(control: &Control) {
    let mut ticks = interval(BATCH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        flush_heartbeats(control).await;
    }
}

/// Passings of agents, minutes, answers to commands, and this process's own figures.
async fn tell(control: &Control) {
    let mut ticks = interval(BATCH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        for _ in 0..FIGURES_EVERY {
            ticks.tick().await;
            health::flush(control, false).await;
        }
        alerts::report_figures(control).await;
    }
}

async fn flush_heartbeats(control: &Control) {
    let pending = control.live.take_pending();
    if pending.is_empty() {
        return;
    }
    let batch: Vec<StoredHeartbeat> = pending.iter().map(stored).collect();
    if let Err(error) = control.store.upsert_heartbeats(&batch).await {
        tracing::warn!(%error, heartbeats = batch.len(), "heartbeats wait for the database");
        control.live.put_back(pending);
    }
}

fn stored(pending: &PendingHeartbeat) -> StoredHeartbeat {
    StoredHeartbeat {
        environment: pending.environment.clone(),
        name: pending.name.clone(),
        instance_id: pending.instance_id.clone(),
        last: pending.last.clone(),
        ended_boots: pending.ended_boots.clone(),
    }
}

/// Reads everything once, then what notices name; after an outage everything again.
async fn follow(control: &Control) {
    let mut restored = false;
    loop {
        match follow_once(control, &mut restored).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(error = ?error, "the live fleet cannot be read"),
        }
        sleep(RETRY).await;
    }
}

async fn follow_once(control: &Control, restored: &mut bool) -> Result<(), Error> {
    let mut listener = control.store.listen().await?;
    if !*restored {
        control.live.listen_from(control.clock.now());
        restore(control).await?;
        *restored = true;
    }
    load_all(control).await?;
    control.live.mark_read();
    let mut look_everywhere = Instant::now() + NET;
    loop {
        let mut news = News::default();
        tokio::select! {
            heard = listener.next() => match heard {
                Some(heard) => news.take(heard),
                None => return Ok(()),
            },
            () = sleep_until(look_everywhere) => news.everything = true,
        }
        if news.is_empty() {
            continue;
        }
        news.gather(&mut listener).await;
        if news.everything {
            load_all(control).await?;
            look_everywhere = Instant::now() + NET;
        }
        news.tell(control).await?;
    }
}

/// What a burst of notices says, each thing once.
#[derive(Debug, Default, PartialEq, Eq)]
struct News {
    everything: bool,
    instances: BTreeSet<String>,
    pools: BTreeSet<String>,
    changes: BTreeMap<ChangeId, String>,
    /// None: of the control plane itself.
    health: BTreeSet<Option<String>>,
}

impl News {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Reconnected => self.everything = true,
            Heard::Notice(Notification::Instances { environment }) => {
                self.instances.insert(environment);
            }
            Heard::Notice(
                Notification::Environment { environment } | Notification::Pool { environment, .. },
            ) => {
                self.pools.insert(environment);
            }
            Heard::Notice(Notification::Change { environment, change }) => {
                self.changes.insert(change, environment);
            }
            Heard::Notice(Notification::Health { environment }) => {
                self.health.insert(environment);
            }
            Heard::Notice(
                Notification::Observed { .. } | Notification::Heartbeats { .. } | Notification::Audit { .. },
            ) => {}
        }
    }

    async fn gather(&mut self, listener: &mut Listener) {
        let until = Instant::now() + BURST;
        // The end of the notices is met again by whoever asks next.
        while let Ok(Some(heard)) = timeout_at(until, listener.next()).await {
            self.take(heard);
        }
    }

    async fn tell(mut self, control: &Control) -> Result<(), Error> {
        // Before anybody is told: pages ask at once.
        if self.everything || !(self.health.is_empty() && self.pools.is_empty() && self.instances.is_empty())
        {
            control.standing.forget();
        }
        if !self.everything {
            for environment in &self.instances {
                load(control, environment).await?;
            }
            self.pools.append(&mut self.instances);
            for environment in &self.pools {
                if let Some(declared) = control.store.get_environment(environment).await? {
                    set_thresholds(control, &declared);
                }
                control.live.pools_changed(environment);
            }
        }
        if self.everything || !self.health.is_empty() {
            control.live.set_commands(control.store.list_pending_commands().await?);
        }
        for environment in &self.health {
            control.live.health_moved(environment.as_deref());
        }
        for (change, environment) in &self.changes {
            control.live.change_moved(environment, *change);
        }
        Ok(())
    }
}

async fn restore(control: &Control) -> Result<(), Error> {
    let heartbeats = control.store.load_heartbeats().await?;
    let restored = heartbeats.into_iter().map(|row| PendingHeartbeat {
        environment: row.environment,
        name: row.name,
        instance_id: row.instance_id,
        last: row.last,
        ended_boots: row.ended_boots,
    });
    control.live.restore(restored.collect());
    let known = control.store.list_health().await?.into_iter().map(|row| KnownHealth {
        environment: row.environment,
        name: row.name,
        instance_id: row.instance_id,
        state: row.state,
    });
    control.live.restore_health(known.collect());
    control.live.set_commands(control.store.list_pending_commands().await?);
    Ok(())
}

async fn load_all(control: &Control) -> Result<(), Error> {
    for environment in control.store.list_environments().await? {
        set_thresholds(control, &environment);
        load(control, &environment.name).await?;
        control.live.pools_changed(&environment.name);
    }
    Ok(())
}

fn set_thresholds(control: &Control, environment: &store::Environment) {
    let pools = environment.spec.agent_pools.iter();
    let own = pools.map(|pool| (pool.name.clone(), Thresholds::of(pool))).collect();
    control.live.set_thresholds(&environment.name, own);
}

async fn load(control: &Control, environment: &str) -> Result<(), Error> {
    let instances = control.store.list_instances(environment, None).await?;
    let placed = instances.into_iter().map(|row| (row.pool, row.instance)).collect();
    control.live.sync(environment, placed, control.clock.now());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_notices_says_each_thing_once_and_heartbeats_say_nothing() {
        let mut news = News::default();
        for notice in [
            Notification::Observed { environment: "dev".into() },
            Notification::Heartbeats { environment: "dev".into() },
            Notification::Audit { seq: 1 },
        ] {
            news.take(Heard::Notice(notice));
        }
        assert!(news.is_empty());
        for pool in 0..50 {
            let pool = format!("pool-{pool}");
            news.take(Heard::Notice(Notification::Pool { environment: "dev".into(), pool }));
            news.take(Heard::Notice(Notification::Instances { environment: "dev".into() }));
            news.take(Heard::Notice(Notification::Change { environment: "dev".into(), change: ChangeId(1) }));
        }
        assert_eq!((news.instances.len(), news.pools.len(), news.changes.len()), (1, 1, 1));
        assert!(!news.everything);
        news.take(Heard::Reconnected);
        assert!(news.everything);
    }
}
