//! What is not a page: agents' endpoints, the live stream, probes, metrics and the documentation that pages link to.

pub mod agents;
pub mod docs;
pub mod live;
pub mod metrics;
pub mod probes;
