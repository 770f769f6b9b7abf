//! A virtual machine as state, and what makes it more than state: its address, serial port, metadata server and agent.

pub(crate) mod address;
pub(crate) mod guest;
pub(crate) mod identity;
pub(crate) mod metadata;
pub(crate) mod meter;
pub(crate) mod probe;
pub(crate) mod serial;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    clock::{Stamp, Virtual},
    reference,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vm {
    pub(crate) path: String,
    pub(crate) id: u64,
    pub(crate) created: Stamp,
    pub(crate) last_start: Option<Stamp>,
    /// Since when its present boot runs, in virtual time.
    #[serde(default)]
    pub(crate) running_since: Option<Virtual>,
    pub(crate) status: Status,
    /// When its status changes next.
    pub(crate) due: Option<Virtual>,
    /// What becomes of it when it has stopped.
    #[serde(default)]
    pub(crate) ending: Ending,
    /// Compute Engine has taken its capacity back; what the guest is told before it is stopped.
    #[serde(default)]
    pub(crate) preempted: bool,
    pub(crate) guest: Guest,
    /// How often its guest was started.
    pub(crate) boots: u64,
    /// Path of the group that made it and of the template it was made from.
    pub(crate) group: String,
    pub(crate) template: String,
    pub(crate) blueprint: u64,
    /// Where its agent listens. The address is the VM's own, or 127.0.0.1 where the system has no other loopback addresses.
    pub(crate) agent: SocketAddr,
    pub(crate) serial: serial::Serial,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Provisioning,
    Staging,
    Running,
    Stopping,
    Terminated,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    #[default]
    Deleted,
    Kept,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Staging => "STAGING",
            Self::Running => "RUNNING",
            Self::Stopping => "STOPPING",
            Self::Terminated => "TERMINATED",
        }
    }
}

/// What runs inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Guest {
    Off,
    Booting { until: Virtual },
    Up,
}

impl Vm {
    pub(crate) fn project(&self) -> &str {
        reference::project(&self.path)
    }

    pub(crate) fn zone(&self) -> &str {
        reference::location(&self.path)
    }

    pub(crate) fn name(&self) -> &str {
        reference::name(&self.path)
    }

    /// Its agent shares 127.0.0.1 with others and has a port of its own.
    pub(crate) fn shares_address(&self) -> bool {
        self.agent.port() != address::AGENT_PORT
    }

    /// The metadata items that it sees: its template's, and those that a group adds.
    pub(crate) fn attributes(&self, properties: &Value) -> Vec<(String, String)> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut items: Vec<(String, String)> = properties
            .pointer("/metadata/items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|item| (text(item.get("key")), text(item.get("value"))))
            .collect();
        let numbered = |path: &str| {
            let number = project_number(self.project());
            path.replacen(&format!("projects/{}/", self.project()), &format!("projects/{number}/"), 1)
        };
        items.push(("instance-template".to_owned(), numbered(&self.template)));
        items.push(("created-by".to_owned(), numbered(&self.group)));
        if self.shares_address() {
            items.push(("agent-port".to_owned(), self.agent.port().to_string()));
        }
        items
    }

    /// The service account that it runs as.
    pub(crate) fn service_account(&self, properties: &Value) -> String {
        match properties.pointer("/serviceAccounts/0/email").and_then(Value::as_str) {
            Some(email) if email != "default" => email.to_owned(),
            _ => default_service_account(self.project()),
        }
    }
}

/// Twelve digits that belong to a project's name.
pub(crate) fn project_number(project: &str) -> u64 {
    100_000_000_000 + crate::fingerprint::digest(project) % 900_000_000_000
}

pub(crate) fn default_service_account(project: &str) -> String {
    format!("{}-compute@developer.gserviceaccount.com", project_number(project))
}
