//! The emulator over HTTP, as its clients meet it. One program for all of these tests: each links much.
#![expect(
    clippy::expect_used,
    reason = "the harness stops a test at the first thing that is not as expected"
)]

mod agents;
mod discovery;
mod harness;
mod lifecycle;
mod requests;
mod state;
