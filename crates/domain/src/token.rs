//! API tokens: how a program acts as the person who made it, within the scopes that the person gave it.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Permission;

/// What every token's text begins with, so that a scanner of leaked secrets knows one.
pub const TOKEN_PREFIX: &str = "am_";
/// Days that a token may live, at most.
pub const LONGEST_LIFETIME_DAYS: u32 = 365;
/// Characters of a token's name, at most.
pub const LONGEST_TOKEN_NAME: usize = 60;
/// Tokens of one person that can be used at a time, at most.
pub const MOST_TOKENS: usize = 50;

/// What a token lets its bearer do of what its person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Read,
    Plan,
    Propose,
    Operate,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Read, Self::Plan, Self::Propose, Self::Operate];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Plan => "plan",
            Self::Propose => "propose",
            Self::Operate => "operate",
        }
    }

    /// What it allows, as a form says it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Read => "see the fleet, its changes and the audit log",
            Self::Plan => "compute what a change would do",
            Self::Propose => "propose and cancel changes",
            Self::Operate => "give commands to agents",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope `{0}`: use read, plan, propose or operate")]
pub struct UnknownScope(pub String);

/// How much of a person's rights a request carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A session in a browser, or the system: everything that the roles allow.
    #[default]
    Whole,
    /// A token: what the roles allow and one of the scopes covers.
    Scoped(BTreeSet<Scope>),
}

impl Reach {
    /// A permission that no scope covers is for sessions alone: voting, keys, people, tokens themselves.
    pub fn covers(&self, permission: Permission) -> bool {
        match self {
            Self::Whole => true,
            Self::Scoped(scopes) => permission.scope().is_some_and(|scope| scopes.contains(&scope)),
        }
    }
}

/// Shown and parsed as `tok-12`. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(pub i64);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tok-{}", self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no token id: it looks like tok-12")]
pub struct InvalidTokenId(pub String);

impl FromStr for TokenId {
    type Err = InvalidTokenId;

    fn from_str(text: &str) -> Result<Self, InvalidTokenId> {
        text.strip_prefix("tok-")
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| InvalidTokenId(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for TokenId {
    type Error = InvalidTokenId;

    fn try_from(text: String) -> Result<Self, InvalidTokenId> {
        text.parse()
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_reaches_everything_and_a_token_its_scopes() {
        let reader = Reach::Scoped(BTreeSet::from([Scope::Read]));
        assert!(reader.covers(Permission::ReadFleet) && reader.covers(Permission::ReadAudit));
        assert!(!reader.covers(Permission::PlanChange) && !reader.covers(Permission::ProposeChange));
        let every = Reach::Scoped(Scope::ALL.into());
        assert!(!every.covers(Permission::ManageOwnTokens), "a token makes no tokens");
        assert!(Permission::ALL.into_iter().all(|permission| Reach::Whole.covers(permission)));
    }

    #[test]
    fn scopes_and_ids_are_read_back_from_their_text() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("admin".parse::<Scope>().is_err());
        assert_eq!(TokenId(7).to_string().parse(), Ok(TokenId(7)));
        for wrong in ["tok-0", "tok--1", "tok-", "7", "chg-7"] {
            assert!(wrong.parse::<TokenId>().is_err(), "{wrong}");
        }
    }
}
