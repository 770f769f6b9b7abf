//! Making Compute Engine match what was approved. Each reconciler takes no input, reads intent rows, acts, writes results,
//! and returns a status; killed at any point, the next run finishes what it began, with no second effect.
//!
//! Intent committed, then the cloud call with a request id that a repeat shares, then the result committed:
//! never a transaction open over a cloud call. Only the leader writes, and each of its transactions says so to the database.

mod applied;
pub mod approvals;
pub mod brake;
pub mod changes;
pub mod costs;
mod ending;
pub mod environments;
pub mod expired;
mod leader;
pub mod operations;
pub mod pools;
pub mod progress;
mod proof;
pub mod template_versions;
pub mod watch;

use std::time::Duration;

use tokio::time::sleep;

pub use leader::{Checkpoints, Leader, Stopped};

use crate::{Control, Error};

/// Without a notice, how long until the next look at what was approved.
const CHANGES_PERIOD: Duration = Duration::from_secs(1);
/// Notices come in bursts; looks at Compute Engine do not.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// Thresholds are crossed once a month.
const COSTS_PERIOD: Duration = Duration::from_secs(15);
/// How soon a drift of the target, or the end of a vote's time, is written down. Neither can run meanwhile: whoever claims looks again.
const APPROVALS_PERIOD: Duration = Duration::from_secs(15);
/// The brake must be quicker than healing, which waits for several failed probes.
const BRAKE_PERIOD: Duration = Duration::from_secs(1);
const WATCH_PERIOD: Duration = Duration::from_secs(2);
const EXPIRED_PERIOD: Duration = Duration::from_secs(600);
const TEMPLATE_VERSIONS_PERIOD: Duration = Duration::from_secs(60);

/// Starts the reconcilers; they lead or wait until they may.
pub fn start(control: &Control) {
    let control = control.clone();
    control.tasks.clone().spawn(async move { leader::lead_forever(&control, run).await });
}

/// What a leader does until it no longer is one.
async fn run(control: Control, leader: Leader) {
    tokio::select! {
        () = run_changes(&control, &leader) => {}
        () = run_environments(&control, &leader) => {}
        () = run_costs(&control, &leader) => {}
        () = run_approvals(&control, &leader) => {}
        () = run_brake(&control, &leader) => {}
        () = run_watch(&control, &leader) => {}
        () = run_deliveries(&control, &leader) => {}
        () = run_expired(&control) => {}
        () = run_template_versions(&control, &leader) => {}
    }
}

async fn run_changes(control: &Control, leader: &Leader) {
    while leader.still_leads() {
        match changes::reconcile(control, leader).await {
            Ok(status) if status.progressed() => continue,
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => {
                report("changes", &error);
                // Whatever failed is not hurried by notices.
                sleep(CHANGES_PERIOD).await;
                continue;
            }
        }
        tokio::select! {
            () = leader.changes_woken() => {}
            () = sleep(CHANGES_PERIOD) => {}
        }
    }
}

async fn run_environments(control: &Control, leader: &Leader) {
    let mut pace = environments::Pace::default();
    while leader.still_leads() {
        let wait = match environments::reconcile(control, leader, &mut pace).await {
            Ok(status) => status.next_in,
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => {
                report("environments", &error);
                CHANGES_PERIOD
            }
        };
        sleep(wait.min(BETWEEN_LOOKS)).await;
        tokio::select! {
            () = leader.environments_woken() => {}
            () = sleep(wait.saturating_sub(BETWEEN_LOOKS)) => {}
        }
    }
}

async fn run_costs(control: &Control, leader: &Leader) {
    while leader.still_leads() {
        match costs::reconcile(control, leader).await {
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => report("costs", &error),
        }
        sleep(COSTS_PERIOD).await;
    }
}

async fn run_approvals(control: &Control, leader: &Leader) {
    while leader.still_leads() {
        match approvals::reconcile(control, leader).await {
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => report("approvals", &error),
        }
        sleep(APPROVALS_PERIOD).await;
    }
}

async fn run_brake(control: &Control, leader: &Leader) {
    while leader.still_leads() {
        match brake::reconcile(control, leader).await {
            Ok(status) if status != brake::Status::default() => tracing::debug!(?status, "brake"),
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => report("brake", &error),
        }
        sleep(BRAKE_PERIOD).await;
    }
}

async fn run_watch(control: &Control, leader: &Leader) {
    let mut pace = watch::Pace::default();
    while leader.still_leads() {
        match watch::reconcile(control, leader, &mut pace).await {
            Ok(status) if status != watch::Status::default() => tracing::debug!(?status, "watch"),
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => report("watch", &error),
        }
        sleep(WATCH_PERIOD).await;
    }
}

/// Apart from the rest: a receiver that is slow must hold up nothing else.
async fn run_deliveries(control: &Control, leader: &Leader) {
    while leader.still_leads() {
        match watch::deliver(control, leader).await {
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => report("deliveries", &error),
        }
        sleep(WATCH_PERIOD).await;
    }
}

async fn run_expired(control: &Control) {
    loop {
        match expired::reconcile(control).await {
            Ok(status) if status != expired::Status::default() => tracing::debug!(?status, "deleted"),
            Ok(_) => {}
            Err(error) => report("expired", &error),
        }
        sleep(EXPIRED_PERIOD).await;
    }
}

async fn run_template_versions(control: &Control, leader: &Leader) {
    while leader.still_leads() {
        match template_versions::reconcile(control, leader).await {
            Ok(status) if status != template_versions::Status::default() => {
                tracing::debug!(?status, "old template versions");
            }
            Ok(_) => {}
            Err(Stopped::Killed | Stopped::Deposed) => return,
            Err(Stopped::Failed(error)) => report("template_versions", &error),
        }
        sleep(TEMPLATE_VERSIONS_PERIOD).await;
    }
}

/// Faults are logged; the next round tries again.
fn report(reconciler: &str, error: &Error) {
    tracing::warn!(reconciler, error = ?error, "a reconciler could not finish its round");
}
