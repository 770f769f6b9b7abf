//! Who is in which group of the roster. The groups in the database stay as they are where this says nothing.

use anyhow::Context as _;
use control::rosters::Groups;
use domain::approvals::Roster;
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalsConfig {
    /// Group to people, by their subject at the issuer. Where they differ from those in force, the next start makes them a new revision of
    /// the roster, and votes under the old one are void.
    pub groups: Option<Groups>,
}

impl ApprovalsConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Some(groups) = &self.groups else { return Ok(()) };
        Roster { revision: 1, groups: groups.clone() }.check().context("approvals.groups cannot be a roster")
    }
}
