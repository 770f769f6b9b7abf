//! An instance as Compute Engine lists it in its group.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($variant,)*
            /// A word that the API added since; kept as it came.
            Other(String),
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)* Self::Other(text) => text }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() { $($text => Self::$variant,)* _ => Self::Other(text) }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_enum! {
    /// `instanceStatus`; empty until the VM exists.
    InstanceStatus {
        NotYet "",
        Provisioning "PROVISIONING",
        Staging "STAGING",
        Running "RUNNING",
        Stopping "STOPPING",
        Stopped "STOPPED",
        Terminated "TERMINATED",
        Repairing "REPAIRING",
        Suspending "SUSPENDING",
        Suspended "SUSPENDED",
    }
}

open_enum! {
    /// `currentAction` of the group on the instance.
    CurrentAction {
        None "NONE",
        Creating "CREATING",
        CreatingWithoutRetries "CREATING_WITHOUT_RETRIES",
        Verifying "VERIFYING",
        Recreating "RECREATING",
        Deleting "DELETING",
        Abandoning "ABANDONING",
        Restarting "RESTARTING",
        Refreshing "REFRESHING",
    }
}

open_enum! {
    /// `detailedHealthState` of the group's health check.
    ProbeHealth {
        Healthy "HEALTHY",
        Unhealthy "UNHEALTHY",
        Draining "DRAINING",
        Timeout "TIMEOUT",
        Unknown "UNKNOWN",
    }
}

/// Why the group's last attempt on the instance failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptError {
    pub code: String,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub name: String,
    /// Compute Engine's own number; None until the VM exists. A name may come back with another id.
    pub id: Option<String>,
    pub zone: String,
    /// The instance group's name.
    pub group: String,
    pub status: InstanceStatus,
    pub current_action: CurrentAction,
    /// The template that the group intends for it; None while it is being deleted.
    pub template: Option<String>,
    pub address: Option<String>,
    pub created_at: Option<Timestamp>,
    /// None where the group has no health check.
    pub probe: Option<ProbeHealth>,
    /// As Compute Engine tells it; what still stands is [`Instance::failure`].
    pub last_error: Option<AttemptError>,
}

impl Instance {
    /// It runs, and the group is done with it.
    pub fn is_settled(&self) -> bool {
        self.status == InstanceStatus::Running && self.current_action == CurrentAction::None
    }

    /// It exists and is not about to be made again: the group verifies it, has it boot or changes it where it runs, or does nothing
    /// with it, whether it runs or stands still.
    fn is_made(&self) -> bool {
        let exists = self.status != InstanceStatus::NotYet;
        match &self.current_action {
            CurrentAction::Verifying | CurrentAction::Refreshing => true,
            CurrentAction::None | CurrentAction::Restarting => exists,
            CurrentAction::Other(word) => exists && matches!(word.as_str(), "STARTING" | "RESUMING"),
            CurrentAction::Creating
            | CurrentAction::CreatingWithoutRetries
            | CurrentAction::Recreating
            | CurrentAction::Deleting
            | CurrentAction::Abandoning => false,
        }
    }

    /// It is on its way out of its group.
    pub fn leaves(&self) -> bool {
        matches!(self.current_action, CurrentAction::Deleting | CurrentAction::Abandoning)
    }

    /// Why what the group does with it fails. Of one that is made an error is history: it is of the last attempt to create or delete
    /// the instance, and the service promises nowhere to forget it once an attempt succeeds. So it is of one that leaves: whose
    /// deletion fails keeps nobody from being made.
    pub fn failure(&self) -> Option<&AttemptError> {
        self.last_error.as_ref().filter(|_| !self.is_made() && !self.leaves())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(status: InstanceStatus, current_action: CurrentAction) -> Instance {
        Instance {
            name: "agent-web-x1y2".to_owned(),
            id: None,
            zone: "us-central1-a".to_owned(),
            group: "genesis-pool-web".to_owned(),
            status,
            current_action,
            template: None,
            address: None,
            created_at: None,
            probe: None,
            last_error: Some(AttemptError { code: "STOCKOUT".to_owned(), message: "none".to_owned() }),
        }
    }

    #[test]
    fn what_fails_is_of_those_alone_that_are_to_be_made() {
        use CurrentAction::{
            Abandoning, Creating, CreatingWithoutRetries, Deleting, None, Recreating, Refreshing, Restarting,
            Verifying,
        };
        let fails = |status: &InstanceStatus, action| failed(status.clone(), action).failure().is_some();
        for status in [InstanceStatus::NotYet, InstanceStatus::Running, InstanceStatus::Terminated] {
            for action in [Creating, CreatingWithoutRetries, Recreating] {
                assert!(fails(&status, action.clone()), "{status:?} {action}");
            }
            for action in [Deleting, Abandoning, Verifying, Refreshing] {
                assert!(!fails(&status, action.clone()), "{status:?} {action}");
            }
            let boots = [None, Restarting, CurrentAction::from("STARTING"), CurrentAction::from("RESUMING")];
            for action in boots {
                let said = format!("{status:?} {action}");
                assert_eq!(fails(&status, action), status == InstanceStatus::NotYet, "{said}");
            }
            assert!(fails(&status, CurrentAction::from("WAKING")), "{status:?}");
        }
    }
}
