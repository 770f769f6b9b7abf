//! Postgres: one file per noun, every statement checked against the schema when it compiles. The only crate with SQL.
//!
//! [`Store`] reads and keeps what needs no evidence (heartbeats, sessions, leadership). What changes the state of the fleet is a method
//! of [`Tx`], so that `control` puts it and its audit event into one transaction. No rules and no clock of its own here:
//! moments are arguments, except where the database's time must decide (leadership, sessions, identity tokens).

mod agent_commands;
mod alerts;
mod audit;
mod autoscaling_samples;
mod budgets;
mod challenges;
mod changes;
mod column;
mod connection;
mod deliveries;
mod environments;
mod error;
mod health;
mod heartbeat_hours;
mod heartbeats;
mod idempotency_keys;
mod identity_tokens;
mod incidents;
mod instances;
mod leadership;
#[cfg(test)]
mod migrations;
mod notifications;
mod observed;
mod operations;
mod passkeys;
mod people;
mod policies;
mod pools;
mod revisions;
mod rosters;
mod run_intervals;
#[cfg(test)]
mod samples;
mod sessions;
mod template_deletions;
mod template_versions;
mod templates;
mod tokens;
mod tx;
mod votes;

pub use agent_commands::NewCommand;
pub use alerts::{AuditVerified, ProcessFigures};
pub use audit::{AuditFilter, AuditVerification, DeclaredAround, NewEvent, StoredAuditEvent};
pub use audit_log::{Checkpoint, Export, Exported, Hash};
pub use budgets::{Budget, BudgetNotice, Crossing};
pub use challenges::Challenge;
pub use changes::{ApprovedChanges, BrokenChange, ChangeFilter, ChangeSummary, NewChange, OpenChanges};
pub use connection::{Config, MIGRATOR, Store};
pub use deliveries::Delivery;
pub use environments::{Environment, EnvironmentPlace, OpenOf};
pub use error::Error;
pub use health::{HealthCount, HealthTransition, InstanceHealth};
pub use heartbeat_hours::{HeartbeatDay, HeartbeatMinute};
pub use heartbeats::StoredHeartbeat;
pub use idempotency_keys::KeyState;
pub use incidents::{NewIncident, PendingHold};
pub use instances::{InstanceChanges, InstanceKey, PlacedInstance, StoredInstance};
pub use leadership::{Epoch, Leadership};
pub use notifications::{Heard, Listener, Notification};
pub use operations::{NewOperation, StoredOperation};
pub use passkeys::{NewPasskey, Passkey};
pub use people::{Person, SignIn, Voter};
pub use pools::{DeclaredPools, Pool, PoolStatus};
pub use revisions::NewRevision;
pub use run_intervals::RunningNow;
pub use sessions::{NewSession, Session, SessionSummary};
pub use template_deletions::TemplateDeletion;
pub use templates::{Template, TemplateHeading, TemplateName};
pub use tokens::{ApiToken, NewApiToken, TokenBearer};
pub use tx::Tx;
pub use votes::{Cast, NewVote, Poll, Vote};

pub type Result<T> = std::result::Result<T, Error>;
