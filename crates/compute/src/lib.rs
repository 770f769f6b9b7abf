//! Compute Engine v1 in the domain's own types: the only crate that speaks Google's.
//! Here live the calls, the conversions both ways and the ways around the client's traps. What to call, and when, is decided
//! elsewhere: this crate keeps no state but its connections.

mod autoscalers;
mod client;
mod config;
mod difference;
mod error;
mod firewall_rules;
mod group_errors;
mod group_wire;
mod healing;
mod health_checks;
mod instance_groups;
mod instance_templates;
mod instances;
mod link;
mod location;
mod managed_instances;
mod normal;
mod number;
mod observe;
mod operations;
mod retry;
mod scope;
mod submit;

pub use client::Compute;
pub use config::{Config, Environment};
pub use error::Error;
pub use group_errors::GroupError;
pub use instances::SerialOutput;
pub use managed_instances::InstanceName;
pub use normal::{normalize, normalize_image, normalize_network, normalize_subnetwork};
pub use observe::Ownership;
pub use scope::{OperationRef, OperationScope, ParseOperationRefError, Scope, Submitted};
