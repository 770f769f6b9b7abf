//! Keeps the live fleet in step with the store: notices in, heartbeats out, and time.

use std::time::Duration;

use domain::Timestamp;
use store::{Heard, Notification, StoredHeartbeat};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{Control, Error, live::PendingHeartbeat};

/// A restart loses at most one batch of heartbeats.
const BATCH: Duration = Duration::from_millis(900);
/// Silence is seen within this.
const TICK: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(1);
/// What a lost notice costs at most.
const NET: Duration = Duration::from_secs(30);

pub fn start(control: &Control) {
    for task in [Task::Follow, Task::Write, Task::Tick] {
        let control = control.clone();
        control.tasks.clone().spawn(async move {
            let stop = control.stop.clone();
            let work = async {
                match task {
                    Task::Follow => follow(&control).await,
                    Task::Write => write(&control).await,
                    Task::Tick => tick(&control).await,
                }
            };
            tokio::select! { () = stop.cancelled() => {}, () = work => {} }
            if matches!(task, Task::Write) {
                flush(&control).await;
            }
        });
    }
}

#[derive(Clone, Copy, Debug)]
enum Task {
    Follow,
    Write,
    Tick,
}

async fn tick(control: &Control) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        control.live.tick(control.clock.now());
    }
}

async fn write(control: &Control) {
    let mut ticks = interval(BATCH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        flush(control).await;
    }
}

async fn flush(control: &Control) {
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
        restore(control).await?;
        *restored = true;
    }
    load_all(control).await?;
    loop {
        let heard = tokio::select! {
            heard = listener.next() => heard,
            () = sleep(NET) => Some(Heard::Reconnected),
        };
        match heard {
            None => return Ok(()),
            Some(Heard::Reconnected) => load_all(control).await?,
            Some(Heard::Notice(notice)) => hear(control, notice).await?,
        }
    }
}

async fn restore(control: &Control) -> Result<(), Error> {
    let heartbeats = control.store.load_heartbeats().await?;
    let restored = heartbeats.into_iter().map(|row| PendingHeartbeat {
        environment: row.environment,
        name: row.name,
        instance_id: row.instance_id,
        last: row.last,
    });
    control.live.restore(restored.collect());
    Ok(())
}

async fn load_all(control: &Control) -> Result<(), Error> {
    for environment in control.store.list_environments().await? {
        load(control, &environment.name, control.clock.now()).await?;
        control.live.pools_changed(&environment.name);
    }
    Ok(())
}

async fn load(control: &Control, environment: &str, now: Timestamp) -> Result<(), Error> {
    let instances = control.store.list_instances(environment, None).await?;
    let placed = instances.into_iter().map(|row| (row.pool, row.instance)).collect();
    control.live.sync(environment, placed, now);
    Ok(())
}

async fn hear(control: &Control, notice: Notification) -> Result<(), Error> {
    match notice {
        Notification::Instances { environment } => {
            load(control, &environment, control.clock.now()).await?;
            control.live.pools_changed(&environment);
        }
        Notification::Environment { environment } | Notification::Pool { environment, .. } => {
            control.live.pools_changed(&environment);
        }
        Notification::Change { environment, change } => control.live.change_moved(&environment, change),
        Notification::Observed { .. } | Notification::Heartbeats { .. } | Notification::Audit { .. } => {}
    }
    Ok(())
}
