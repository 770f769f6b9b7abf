//! What is not a page: the REST API by noun, agents' endpoints, the live stream, probes, metrics and the documentation that
//! pages link to.

pub mod agents;
mod alerts;
mod audit;
pub mod audit_export;
mod autoscaling;
mod changes;
mod commands;
pub mod costs;
pub mod docs;
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
