//! Who is asking, and what they may do. Every use-case takes an [`Actor`] first.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::token::{Reach, Scope};

/// What a person's claims make of them. Roles add up; none contains another except that all may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything but secrets.
    Viewer,
    /// Proposes, edits and cancels changes.
    Operator,
    /// Votes on changes of others.
    Approver,
    /// Sets budgets, ends sessions and tokens of others, and may do what an operator does.
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Approver, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role `{0}`: use viewer, operator, approver or admin")]
pub struct UnknownRole(pub String);

/// What a use-case asks for. The verdict is [`Actor::may`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    ReadFleet,
    ReadAudit,
    PlanChange,
    ProposeChange,
    CancelChange,
    SetBudget,
    VoteOnChange,
    ManageOwnPasskeys,
    /// Restart, stop or start an agent on its VM.
    CommandAgent,
    /// Let the mass-failure brake go by hand.
    OverruleBrake,
    /// Close an incident that nothing measured ends.
    CloseIncident,
    ReadPeople,
    /// Their own sessions and API tokens.
    ManageOwnTokens,
    /// Sessions and API tokens of others.
    ManagePeople,
}

impl Permission {
    pub const ALL: [Self; 14] = [
        Self::ReadFleet,
        Self::ReadAudit,
        Self::PlanChange,
        Self::ProposeChange,
        Self::CancelChange,
        Self::SetBudget,
        Self::VoteOnChange,
        Self::ManageOwnPasskeys,
        Self::CommandAgent,
        Self::OverruleBrake,
        Self::CloseIncident,
        Self::ReadPeople,
        Self::ManageOwnTokens,
        Self::ManagePeople,
    ];

    /// The roles of which one is enough, in the order in which a refusal names them.
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::ReadFleet
            | Self::ReadAudit
            | Self::PlanChange
            | Self::ReadPeople
            | Self::ManageOwnPasskeys
            | Self::ManageOwnTokens => &Role::ALL,
            Self::VoteOnChange => &[Role::Approver],
            // Not who proposes: what was forged let somebody's change through.
            Self::CloseIncident => &[Role::Approver, Role::Admin],
            Self::ProposeChange | Self::CancelChange | Self::CommandAgent | Self::OverruleBrake => {
                &[Role::Operator, Role::Admin]
            }
            Self::SetBudget | Self::ManagePeople => &[Role::Admin],
        }
    }

    /// The scope by which an API token may do it; None: only a person in a session may.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::ReadFleet | Self::ReadAudit => Some(Scope::Read),
            Self::PlanChange => Some(Scope::Plan),
            Self::ProposeChange | Self::CancelChange => Some(Scope::Propose),
            Self::CommandAgent => Some(Scope::Operate),
            Self::SetBudget
            | Self::VoteOnChange
            | Self::ManageOwnPasskeys
            | Self::OverruleBrake
            | Self::CloseIncident
            | Self::ReadPeople
            | Self::ManageOwnTokens
            | Self::ManagePeople => None,
        }
    }

    /// The verb as a sentence goes on after "may not".
    pub const fn verb(self) -> &'static str {
        match self {
            Self::ReadFleet => "read the fleet",
            Self::ReadAudit => "read the audit log",
            Self::PlanChange => "plan a change",
            Self::ProposeChange => "propose a change",
            Self::CancelChange => "cancel a change",
            Self::SetBudget => "set a budget",
            Self::VoteOnChange => "vote on a change",
            Self::ManageOwnPasskeys => "manage your passkeys",
            Self::CommandAgent => "command an agent",
            Self::OverruleBrake => "let the brake go",
            Self::CloseIncident => "close an incident",
            Self::ReadPeople => "see the people",
            Self::ManageOwnTokens => "manage sessions and API tokens",
            Self::ManagePeople => "manage sessions and API tokens of others",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    Person,
    /// The control plane itself: a reconciler, a policy.
    System,
    /// An agent on a VM.
    Agent,
}

/// Who is asking, and by which request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// The issuer's subject for a person, the component's name for the system, the instance's name for an agent.
    pub id: String,
    pub name: String,
    pub roles: BTreeSet<Role>,
    /// How much of that this request carries.
    pub reach: Reach,
    /// How they proved who they are: `oidc`, `token:tok-12`, `process`, `identity_token`.
    pub authn: String,
    /// The id that the response and the logs carry too.
    pub request_id: String,
}

impl Actor {
    /// The control plane acting by itself, for example the reconciler of pools.
    pub fn system(component: &str, request_id: &str) -> Self {
        Self {
            kind: ActorKind::System,
            id: component.to_owned(),
            name: component.to_owned(),
            roles: BTreeSet::new(),
            reach: Reach::Whole,
            authn: "process".to_owned(),
            request_id: request_id.to_owned(),
        }
    }

    /// Whether one of a person's roles is enough for it, however much of them the request carries.
    pub fn holds_role_for(&self, permission: Permission) -> bool {
        self.kind == ActorKind::Person && permission.roles().iter().any(|role| self.roles.contains(role))
    }

    /// The system may do what its code does; a person needs one of the permission's roles, and with a token also
    /// the permission's scope; an agent may do none of it.
    pub fn may(&self, permission: Permission) -> bool {
        match self.kind {
            ActorKind::System => true,
            ActorKind::Agent => false,
            ActorKind::Person => self.reach.covers(permission) && self.holds_role_for(permission),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(roles: &[Role]) -> Actor {
        Actor {
            kind: ActorKind::Person,
            id: "p".into(),
            name: "P".into(),
            roles: roles.iter().copied().collect(),
            reach: Reach::Whole,
            authn: "oidc".into(),
            request_id: "r".into(),
        }
    }

    #[test]
    fn a_person_without_roles_may_do_nothing() {
        assert!(Permission::ALL.into_iter().all(|permission| !person(&[]).may(permission)));
    }

    #[test]
    fn a_viewer_reads_and_plans_but_does_not_propose() {
        let viewer = person(&[Role::Viewer]);
        assert!(viewer.may(Permission::ReadFleet) && viewer.may(Permission::PlanChange));
        assert!(!viewer.may(Permission::ProposeChange) && !viewer.may(Permission::CancelChange));
    }

    #[test]
    fn an_approver_does_not_propose() {
        assert!(!person(&[Role::Approver]).may(Permission::ProposeChange));
        assert!(person(&[Role::Approver, Role::Operator]).may(Permission::ProposeChange));
    }

    #[test]
    fn a_token_gives_no_right_that_its_person_lacks_and_none_beyond_its_scopes() {
        let token = |roles: &[Role], scopes: &[Scope]| Actor {
            reach: Reach::Scoped(scopes.iter().copied().collect()),
            ..person(roles)
        };
        assert!(!token(&[Role::Viewer], &Scope::ALL).may(Permission::ProposeChange));
        assert!(!token(&[Role::Admin], &[Scope::Read]).may(Permission::ProposeChange));
        assert!(token(&[Role::Operator], &[Scope::Propose]).may(Permission::ProposeChange));
        assert!(!token(&[Role::Admin], &Scope::ALL).may(Permission::ManagePeople));
    }

    #[test]
    fn every_role_is_read_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownRole("root".into())));
    }
}
