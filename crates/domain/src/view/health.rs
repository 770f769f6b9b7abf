//! What pages show of health: an agent's day and story, its VM's own words and Compute Engine's about it, incidents and alerts.

use serde::{Deserialize, Serialize};

use crate::{
    ChangeId, Timestamp,
    alert::Alert,
    cause::Cause,
    command::Command,
    heartbeat_history::{Day, Hour},
    incident::Incident,
};

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Change,
    Agent,
    /// The control plane, or a person by it.
    Control,
}

impl Source {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Change => "Change",
            Self::Agent => "Agent",
            Self::Control => "Control plane",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    pub at: Timestamp,
    pub source: Source,
    pub sentence: String,
    pub detail: String,
    pub change: Option<ChangeId>,
}

/// One agent's last day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceHistory {
    /// The last 24 hours.
    pub day: Day,
    pub hour: Hour,
    /// While it fails: since when.
    pub fails_since: Option<Timestamp>,
    /// Oldest first: the newest few, or as many as are told at all.
    pub before: Vec<Happening>,
    /// How many of that half hour come before them.
    pub earlier: u64,
    /// Whether still more happened in it than is told at all, or may have: not all of a very busy one is read.
    pub before_more: bool,
    pub before_since: Timestamp,
    pub before_until: Timestamp,
    /// While it fails: what came of it since it began to, oldest first; the newest few, or as many as are told at all.
    pub since: Vec<Happening>,
    /// How many of these come before them.
    pub since_earlier: u64,
    /// Whether still more came of it than is told at all, or may have.
    pub since_more: bool,
    /// The newest few, or as many as are told at all.
    pub commands: Vec<Command>,
    /// Whether there are older ones.
    pub more_commands: bool,
    /// Open ones of its environment.
    pub incidents: Vec<Incident>,
    pub now: Timestamp,
}

/// A part of what the VM wrote to its first serial port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SerialPage {
    pub contents: String,
    /// Bytes since the VM's start at which `contents` begins; the service keeps the last MiB.
    pub start: u64,
    /// Where to read on.
    pub next: u64,
    /// Where the page before begins; None: the service keeps nothing that is older.
    pub earlier: Option<u64>,
    pub read_at: Timestamp,
}

/// What Compute Engine failed to do to a VM, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudError {
    /// `CREATING`, `RECREATING`, …
    pub action: String,
    pub code: String,
    pub message: String,
    /// How often it said just that, with nothing else about the VM between.
    pub times: u32,
    /// Of the first and the last time; None where the service gave none.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl CloudError {
    pub fn cause(&self) -> Cause {
        Cause::of_error(&self.code, &self.message)
    }
}

/// Of one VM, what is in the list of errors that Compute Engine keeps of each group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudErrors {
    pub group: String,
    /// Newest first; an error says why the list was not read.
    pub told: Result<Vec<CloudError>, String>,
    /// Older ones of the VM, which are left out.
    pub older: u64,
    /// How many the list has of the group's other VMs.
    pub of_others: u64,
    pub read_at: Timestamp,
}

/// What the agent answers on `/status`, asked by the control plane itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// As indented JSON; an error says why there is none.
    pub answer: Result<String, String>,
    pub asked: String,
    pub read_at: Timestamp,
}

/// A webhook's delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    pub id: i64,
    pub incident: String,
    pub event: String,
    /// `pending`, `delivered` or `given_up`.
    pub state: String,
    pub attempts: u32,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
}

/// As many incidents that ended are listed; the audit log has them all.
pub const CLOSED_INCIDENTS: u32 = 20;

/// The alerts page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsView {
    /// Newest first.
    pub open: Vec<Incident>,
    /// The last [`CLOSED_INCIDENTS`], and behind them the one that was asked for by its name.
    pub closed: Vec<Incident>,
    /// Those that were judged; empty before the first judgement.
    pub alerts: Vec<Alert>,
    /// The receiver's host; None: no webhook is configured.
    pub webhook: Option<String>,
    pub deliveries: Vec<DeliveryRow>,
    pub now: Timestamp,
}
