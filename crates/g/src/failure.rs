//! Why a command did not do what it was asked: a message for people and an exit code for scripts.

use std::{error::Error, fmt, io, process::ExitCode};

use domain::cost::InvalidMoney;
use rest_api::{Declaration, Problem};

use crate::output;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Inside,
    Usage,
    Absent,
    Forbidden,
    Refused,
    Unreachable,
    InVain,
}

#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    /// What is declared now, where the request followed an older declaration.
    current: Option<Box<Declaration>>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), current: None }
    }

    pub(crate) fn of(problem: &Problem) -> Self {
        let kind = match problem.status {
            401 | 403 => Kind::Forbidden,
            404 => Kind::Absent,
            502..=504 => Kind::Unreachable,
            400..=499 => Kind::Refused,
            _ => Kind::Inside,
        };
        let mut message = if problem.errors.is_empty() {
            problem.detail.clone()
        } else {
            let fields = problem.errors.iter().map(|error| format!("{}: {}", error.field, error.message));
            fields.collect::<Vec<_>>().join("\n  ")
        };
        message.push_str(&format!("\n  code {}, request {}", problem.code, problem.request_id));
        Self { kind, message, current: problem.current.clone() }
    }

    pub(crate) fn current(&self) -> Option<&Declaration> {
        self.current.as_deref()
    }

    /// The server may answer the next time.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.kind == Kind::Unreachable
    }

    /// The token does not let it, or is none.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.kind == Kind::Forbidden
    }

    /// With what else there is to say of it.
    pub(crate) fn with(mut self, more: &str) -> Self {
        self.message.push_str(&format!("\n  {more}"));
        self
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Inside => 1,
            Kind::Usage => 2,
            Kind::Absent => 3,
            Kind::Forbidden => 4,
            Kind::Refused => 5,
            Kind::Unreachable => 6,
            Kind::InVain => 7,
        })
    }

    /// To standard error.
    pub(crate) fn tell(&self) {
        if !self.message.is_empty() {
            output::tell(&format!("error: {self}"));
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Of what the server answered.
fn not_understood(error: &dyn Error) -> Failure {
    Failure::new(
        Kind::Inside,
        format!("the server's answer was not understood ({error}): is g as new as the server?"),
    )
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        not_understood(&error)
    }
}

impl From<InvalidMoney> for Failure {
    fn from(error: InvalidMoney) -> Self {
        not_understood(&error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Kind::Inside, error.to_string())
    }
}
