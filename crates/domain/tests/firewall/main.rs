//! What firewall rules do together, against a reading of the rules that looks at one packet at a time.
//!
//! The rules' ranges, ports and tags come from a small world of which [`world`] lists every packet that any rule could
//! treat unlike its neighbours: agreeing on all of them is agreeing everywhere.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod brute;
mod changes;
mod decisions;
mod rules;
mod warnings;
mod world;
