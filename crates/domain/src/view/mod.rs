//! Read models: what a page, a REST answer or the CLI shows of each noun. Built by `control`, rendered by `app`.

pub mod approval;
pub mod audit;
pub mod autoscaling;
pub mod change;
mod columns;
pub mod costs;
pub mod diagnosis;
pub mod edit;
pub mod environment;
pub mod firewall;
pub mod firewall_settings;
pub mod fleet;
pub mod health;
pub mod import;
pub mod instance;
pub mod me;
pub mod person;
pub mod policy;
pub mod pool;
pub mod rollout;
pub mod search;
pub mod session;
pub mod settings;
pub mod template;
mod template_settings;
pub mod timeline;
pub mod token;
