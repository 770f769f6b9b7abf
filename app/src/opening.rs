//! What the server knew when it began the page. Sent along, so that both sides draw the same.

use std::collections::BTreeSet;

use domain::{Permission, Role, Timestamp};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api;
use crate::theme::Theme;

/// Who looks at the page. What they may do is decided by the server again, whatever is drawn here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// As the audit log names them.
    pub id: String,
    pub name: String,
    pub roles: BTreeSet<Role>,
}

impl Viewer {
    pub fn may(&self, permission: Permission) -> bool {
        permission.roles().iter().any(|role| self.roles.contains(role))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub now: Timestamp,
    pub theme: Theme,
    /// Whether keys without Ctrl or Alt do anything.
    pub single_keys: bool,
    /// Whether the rooms at the side are icons alone.
    pub sidebar_collapsed: bool,
    /// None: nobody is signed in.
    pub viewer: Option<Viewer>,
    /// Of the instance or the change that the address names: where it is. None: the address says it itself, or nobody knows.
    pub environment: Option<String>,
    /// The newest event of the live stream before the page was read: the stream begins after it. Empty: nobody knows.
    pub told: String,
}

impl Opening {
    /// On the server from the request, in the browser from what the server sent.
    pub fn provide() -> Self {
        let opening = SharedValue::new(Self::read).into_inner();
        provide_context(opening.clone());
        opening
    }

    pub fn here() -> Self {
        expect_context()
    }

    #[cfg(feature = "ssr")]
    fn read() -> Self {
        let viewer = use_context::<domain::Actor>().map(|actor| Viewer {
            id: actor.id.clone(),
            name: actor.name.clone(),
            roles: actor.roles.clone(),
        });
        let control = use_context::<control::Control>();
        Self {
            now: control.as_ref().map(|control| control.clock.now()).unwrap_or_default(),
            theme: Theme::of_request(),
            single_keys: api::single_keys::of_request(),
            sidebar_collapsed: api::sidebar::of_request(),
            viewer,
            environment: use_context::<crate::OfEnvironment>().map(|crate::OfEnvironment(name)| name),
            told: control.map(|control| control.live.head().to_string()).unwrap_or_default(),
        }
    }

    /// Never reached: the browser only ever hydrates.
    #[cfg(not(feature = "ssr"))]
    fn read() -> Self {
        Self {
            now: Timestamp::default(),
            theme: Theme::default(),
            single_keys: true,
            sidebar_collapsed: false,
            viewer: None,
            environment: None,
            told: String::new(),
        }
    }
}

/// Why the viewer cannot use a verb, or None when they can. The words end the sentence "… takes …".
pub fn refusal(permission: Permission) -> Option<String> {
    let viewer = Opening::here().viewer;
    if viewer.is_some_and(|viewer| viewer.may(permission)) {
        return None;
    }
    let roles: Vec<String> = permission.roles().iter().map(|role| role.to_string()).collect();
    Some(format!("To {} takes the role {}.", permission.verb(), roles.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_may_what_one_of_the_roles_may() {
        let roles = BTreeSet::from([Role::Viewer, Role::Approver]);
        let viewer = Viewer { id: "v".into(), name: "V".into(), roles };
        assert!(viewer.may(Permission::PlanChange));
        assert!(!viewer.may(Permission::ProposeChange));
    }
}
