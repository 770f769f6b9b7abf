//! Use-cases and reconcilers against a real Postgres and the Compute Engine emulator, driven by hand: a test decides when a
//! round begins and where a process dies.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as expected"
)]

mod agents;
mod alerting;
mod applying;
mod approver;
mod approving;
mod auditing;
mod autoscaling;
mod cloud_errors;
mod costs;
mod editing;
mod end_to_end;
mod firewall;
mod fixture;
mod following;
mod forgetting;
mod growing;
mod history;
mod identity;
mod invariants;
mod killing;
mod killing_edits;
mod leading;
mod listing;
mod outage;
mod policies;
mod proposing;
mod proxy;
mod queueing;
mod reading;
mod refusals;
mod rolling;
mod standing;
mod template_versions;
mod templates;
mod tokens;
mod waiting;
mod watching;
