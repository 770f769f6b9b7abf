//! The emulator over HTTP, as its clients meet it. One program for all of these tests: each links much.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as expected"
)]

mod agents;
mod autoscaling;
mod discovery;
mod faults;
mod harness;
mod lifecycle;
mod misbehaviour;
mod repairs;
mod requests;
mod rollouts;
mod state;
