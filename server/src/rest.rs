//! What is not a page: agents' endpoints, the live stream, probes and metrics.

pub mod agents;
pub mod costs;
pub mod live;
pub mod metrics;
pub mod probes;
