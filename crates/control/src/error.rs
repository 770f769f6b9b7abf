//! What a use-case can answer besides its result. Edges turn it into a status and a public message;
//! the source stays inside and is logged once, at the edge.

use std::error::Error as StdError;

use domain::{Permission, actor::Actor};

type Source = Box<dyn StdError + Send + Sync>;

/// One refused input: which field, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} does not exist")]
    NotFound(String),
    #[error("{0}")]
    Conflict(String),
    /// What was asked for needs one of the permission's roles.
    #[error("you may not {}: it takes the role {}", .0.verb(), roles(*.0))]
    Forbidden(Permission),
    /// One of the person's roles is enough, but they ask by a token that does not carry it.
    #[error("{}", beyond_token(*.0))]
    BeyondToken(Permission),
    #[error("{}", fields(.0))]
    Invalid(Vec<FieldError>),
    /// The caller acted on an older state; the text says what is newer.
    #[error("{0}")]
    Precondition(String),
    /// The same, where what is newer is an environment's declaration: an edge can show that.
    #[error("{why}")]
    Moved { environment: String, why: String },
    #[error("{what} does not answer")]
    Unavailable { what: &'static str, source: Source },
    #[error("something went wrong inside")]
    Internal(#[source] Source),
}

fn roles(permission: Permission) -> String {
    permission.roles().iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or ")
}

fn beyond_token(permission: Permission) -> String {
    let verb = permission.verb();
    match permission.scope() {
        Some(scope) => format!("you may not {verb} with this token: it lacks the scope {scope}"),
        None => format!("you may not {verb} with a token: no scope covers that, a person does it signed in"),
    }
}

fn fields(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
}

impl Error {
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// Stable, explained in docs/errors.md.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Forbidden(_) | Self::BeyondToken(_) => "forbidden",
            Self::Invalid(_) => "invalid",
            Self::Precondition(_) | Self::Moved { .. } => "precondition_failed",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status that says the same.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Forbidden(_) | Self::BeyondToken(_) => 403,
            Self::Invalid(_) => 422,
            Self::Precondition(_) | Self::Moved { .. } => 412,
            Self::Unavailable { .. } => 503,
            Self::Internal(_) => 500,
        }
    }

    /// Only faults of ours are worth a line in the log; refusals are answers.
    pub const fn is_fault(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Internal(_))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound(what) => Self::NotFound(what),
            store::Error::Conflict(why) => Self::Conflict(why),
            unavailable @ store::Error::Unavailable(_) => {
                Self::Unavailable { what: "the database", source: Box::new(unavailable) }
            }
            other => Self::internal(other),
        }
    }
}

impl From<compute::Error> for Error {
    fn from(error: compute::Error) -> Self {
        Self::Unavailable { what: "Compute Engine", source: Box::new(error) }
    }
}

/// The first line of each use-case.
pub fn authorize(actor: &Actor, permission: Permission) -> Result<(), Error> {
    if actor.may(permission) {
        Ok(())
    } else if actor.holds_role_for(permission) {
        Err(Error::BeyondToken(permission))
    } else {
        Err(Error::Forbidden(permission))
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Role,
        actor::ActorKind,
        token::{Reach, Scope},
    };

    use super::*;

    #[test]
    fn a_token_is_refused_by_the_scope_that_it_lacks_and_a_person_by_the_role() {
        let by_token = |role: Role| Actor {
            kind: ActorKind::Person,
            roles: [role].into(),
            reach: Reach::Scoped([Scope::Read].into()),
            ..Actor::system("test", "request-1")
        };
        let refused =
            |actor: &Actor, permission| authorize(actor, permission).map_err(|error| error.to_string());
        let operator = by_token(Role::Operator);
        assert_eq!(refused(&operator, Permission::ReadFleet), Ok(()));
        assert_eq!(
            refused(&operator, Permission::PlanChange),
            Err("you may not plan a change with this token: it lacks the scope plan".to_owned())
        );
        assert_eq!(
            refused(&operator, Permission::CancelChange),
            Err("you may not cancel a change with this token: it lacks the scope propose".to_owned())
        );
        assert_eq!(
            refused(&operator, Permission::ReadPeople),
            Err("you may not see the people with a token: no scope covers that, a person does it signed in"
                .to_owned())
        );
        // The scope alone would not do.
        assert_eq!(
            refused(&by_token(Role::Viewer), Permission::CancelChange),
            Err("you may not cancel a change: it takes the role operator or admin".to_owned())
        );
        let error = Error::BeyondToken(Permission::PlanChange);
        assert_eq!((error.code(), error.status(), error.is_fault()), ("forbidden", 403, false));
    }

    #[test]
    fn a_refusal_names_the_roles() {
        assert_eq!(
            Error::Forbidden(Permission::ProposeChange).to_string(),
            "you may not propose a change: it takes the role operator or admin"
        );
    }

    #[test]
    fn internal_text_does_not_show() {
        let error = Error::internal(std::io::Error::other("password=hunter2"));
        assert!(!error.to_string().contains("hunter2"));
    }
}
