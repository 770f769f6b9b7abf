//! What is not a page: the REST API by noun, agents' endpoints, the live stream, probes and metrics.

pub mod agents;
mod audit;
mod changes;
mod environments;
mod firewall_rules;
mod idempotency;
mod instances;
pub mod live;
mod me;
pub mod metrics;
mod outputs;
mod plan;
mod pools;
pub mod probes;
mod templates;
pub mod v1;
