//! The planner as a whole: snapshots of plans that people read, properties over arbitrary fleets, every rule broken
//! once, and the two columns of a pool's page.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod change_by_change;
mod dependencies;
mod encryption;
mod examples;
mod properties;
mod quotas;
mod settings;
mod snapshots;
mod strategy;
mod violations;
