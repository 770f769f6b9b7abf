//! What the shell around each page needs.

use serde::{Deserialize, Serialize};

use super::diagnosis::Standing;

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

/// What the frame of every page shows of the viewer's world. Their name and roles stand in the page's opening already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub environments: Vec<EnvironmentOption>,
    /// Changes of all environments in which the viewer's approval would fill a seat that is still empty, by the rules in force.
    pub waiting_for_me: u32,
    /// Of the control plane itself, as of a few seconds ago at most; None: the viewer may not know.
    pub standing: Option<Standing>,
}
