//! The planner as a whole: snapshots of plans that people read, properties over arbitrary fleets, every rule broken
//! once, and the two columns of a pool's page.

mod change_by_change;
mod dependencies;
mod examples;
mod properties;
mod settings;
mod snapshots;
mod strategy;
mod violations;
