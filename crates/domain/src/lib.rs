//! The nouns of the product, their ids and rules, and the pure planner.
//! No async, no I/O, no clock, no randomness: everything here also runs in the browser.

pub mod actor;
pub mod agent;
pub mod agent_type;
pub mod alert;
pub mod amount;
pub mod approvals;
pub mod audit;
pub mod autoscaling;
pub mod brake;
pub mod cause;
pub mod change;
pub mod command;
pub mod condition;
pub mod cost;
pub mod crash_loop;
pub mod derive;
pub mod edit;
pub mod environment;
pub mod firewall;
pub mod fleet;
pub mod heartbeat;
pub mod heartbeat_history;
pub mod hindrance;
pub mod incident;
pub mod instance;
pub mod list_order;
pub mod list_query;
pub mod machine_type;
pub mod model;
pub mod name;
pub mod observed;
pub mod operation;
pub mod outputs;
pub mod plan;
pub mod pool;
pub mod queue;
pub mod region;
pub mod resource;
pub mod rules;
pub mod template;
pub mod token;
pub mod view;

pub use actor::{Actor, Permission, Role};
pub use agent_type::AgentType;
pub use amount::Amount;
pub use change::{ChangeId, ChangeState};
pub use fleet::FleetSpec;
pub use observed::ObservedFleet;

/// A moment in UTC. The domain never asks for the present: `now` is an argument everywhere.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
