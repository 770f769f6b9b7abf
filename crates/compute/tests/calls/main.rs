//! The calls on the wire: against the emulator, and against a server that answers what a test scripts.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper fails as the test that calls it")]

mod failures;
mod fleet;
mod harness;
mod limits;
mod round_trip;
mod script;
mod steps;
mod traps;
mod waiting;
