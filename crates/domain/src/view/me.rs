//! Who is signed in, and what the shell around each page needs.

use serde::{Deserialize, Serialize};

use crate::{Permission, Role, Timestamp};

/// One environment in the picker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentOption {
    pub name: String,
    pub region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub id: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<Role>,
    pub permissions: Vec<Permission>,
    pub environments: Vec<EnvironmentOption>,
    /// Changes of all environments that stop at "awaiting approvals".
    pub changes_waiting: u32,
    /// Those of them in which the viewer's approval would fill a seat that is still empty, by the rules in force.
    pub waiting_for_me: u32,
    pub now: Timestamp,
}

impl Me {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}
