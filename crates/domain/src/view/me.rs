//! Who is signed in, and what the shell around each page needs.

use serde::{Deserialize, Serialize};

use super::diagnosis::Standing;
use crate::{Permission, Role, Timestamp};

/// One environment in the picker, and what the rooms at the side count of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentOption {
    pub name: String,
    pub region: String,
    /// Those of the control plane itself are among them: they concern every environment.
    pub open_incidents: u32,
    /// Changes that wait for votes or are under way.
    pub open_changes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub id: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<Role>,
    pub permissions: Vec<Permission>,
    pub environments: Vec<EnvironmentOption>,
    /// Changes of all environments that the viewer may vote on and has not.
    pub waiting_for_me: u32,
    /// Of the control plane itself, as of a few seconds ago at most; None: the viewer may not know.
    pub standing: Option<Standing>,
    pub now: Timestamp,
}

impl Me {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}
