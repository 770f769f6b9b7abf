//! What the shell around each page needs.

use serde::{Deserialize, Serialize};

/// One environment in the picker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentOption {
    pub name: String,
    pub region: String,
}

/// What the frame of every page shows of the viewer's world. Their name and roles stand in the page's opening already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub environments: Vec<EnvironmentOption>,
    /// Changes of all environments in which the viewer's approval would fill a seat that is still empty, by the rules in force.
    pub waiting_for_me: u32,
}
