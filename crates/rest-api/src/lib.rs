//! What crosses the wire below `/api/v1`: its operations, requests and answers, and the OpenAPI document of them.
//! The server mounts its routes from [`OPERATIONS`] and `g` calls by it, so that neither can say what the other does not know.
//! Answers are made from the domain's read models; a page may change without changing what programs read.

mod alert;
mod approvals;
mod audit_event;
mod autoscaling;
mod change;
mod command;
mod condition;
mod costs;
mod differences;
mod environment;
mod firewall_rule;
mod impact;
mod incident;
mod instance;
mod me;
mod openapi;
mod operations;
mod outputs;
mod plan;
mod pool;
mod problem;
mod rollout;
mod schema;
mod template;

pub use alert::{Alert, AlertList};
pub use approvals::{Approvals, Seats, Vote};
pub use audit_event::{AuditEvent, AuditEventList};
pub use autoscaling::{
    Autoscaling, AutoscalingDetail, AutoscalingPolicy, AutoscalingSample, CustomMetric, NextSchedule,
    ScalingSchedule, ScheduleInForce,
};
pub use change::{Call, Change, ChangeList, ChangeSummary, ProposeChange, ProposeEdit, Proposed, Verdict};
pub use command::{Command, CommandList, Commanded};
pub use condition::Condition;
pub use costs::{Budget, CostRow, Costs, DayCost, MonthlyCost, Spend};
pub use differences::{Differences, FieldDifference};
pub use environment::{Declaration, Environment, EnvironmentList};
pub use firewall_rule::{FirewallRule, FirewallRuleList, Traffic};
pub use impact::{Capacity, Impact, TrafficGain, ZoneImpact};
pub use incident::{Incident, IncidentHold};
pub use instance::{Heartbeat, Instance, InstanceFailure, InstanceList};
pub use me::Me;
pub use openapi::openapi;
pub use operations::{IfMatch, Method, OPERATIONS, Operation, Parameter, operation};
pub use outputs::OutputList;
pub use plan::{
    Action, MakePlan, Plan, PlanAnswer, PlanEdit, PlanStatus, Reference, SourceError, SourceFile, Violation,
};
pub use pool::{AgentCount, Pool, PoolList};
pub use problem::{FieldProblem, Problem};
pub use rollout::{PoolRollout, PromotionHold, Rollout, RolloutInstance, RolloutVersion};
pub use schema::{Definitions, Schema};
pub use template::{Template, TemplateList};
