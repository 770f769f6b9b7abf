//! Server functions, one file a noun: each takes the request's control and actor and calls one use-case.
//! Here is what they share: the error that crosses the wire.

pub mod alerts;
pub mod audit;
pub mod autoscaling;
pub mod changes;
mod codec;
pub mod costs;
pub mod edits;
pub mod environments;
pub mod firewall;
pub mod fleet;
pub mod health;
pub mod import;
pub mod instances;
pub mod me;
pub mod passkeys;
pub mod people;
pub mod policies;
pub mod pools;
pub mod search;
pub mod sessions;
pub mod sidebar;
pub mod single_keys;
pub mod templates;
pub mod theme;
pub mod tokens;
pub mod votes;

use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    NotFound,
    Conflict,
    Forbidden,
    Invalid,
    PreconditionFailed,
    Unavailable,
    Internal,
    /// Nobody is signed in, or the session ended.
    Unauthenticated,
    /// The browser could not reach the server.
    Unreachable,
}

impl Code {
    /// The word that docs/errors.md explains, and that crosses the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Forbidden => "forbidden",
            Self::Invalid => "invalid",
            Self::PreconditionFailed => "precondition_failed",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Unauthenticated => "unauthenticated",
            Self::Unreachable => "unreachable",
        }
    }
}

/// One refused input: which field, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// As a form names it, or as the declaration does: `agent_pools[0].max_surge`.
    pub field: String,
    pub message: String,
}

/// What a page may know of a failure. Internal text stays on the server; the request's id leads to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    pub code: Code,
    /// A sentence.
    pub message: String,
    pub request_id: Option<String>,
    /// Where single inputs were refused; the message names them too.
    #[serde(default)]
    pub fields: Vec<FieldProblem>,
}

impl ApiError {
    /// One that no request failed with.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), request_id: None, fields: Vec::new() }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (code, message) = match error {
            ServerFnErrorErr::Request(_) => {
                (Code::Unreachable, "The server did not answer. What you see may be old.")
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                (Code::Invalid, "The form was not complete. Load the page again and repeat.")
            }
            // Here it is what was sent; in the browser, what was answered.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => {
                (Code::Invalid, "What was sent cannot be read. Load the page again and repeat.")
            }
            ServerFnErrorErr::Deserialization(_) => (
                Code::Unavailable,
                "The server answered in a way this page does not know. Load the page again.",
            ),
            _ => (Code::Internal, "Something went wrong inside."),
        };
        // Otherwise every one of them would be a fault of the server. What cannot be read is 400, as under /api/v1.
        #[cfg(feature = "ssr")]
        request::set_status(if code == Code::Invalid { 400 } else { status(code).as_u16() });
        Self::new(code, message)
    }
}

#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
pub(crate) use request::{request, status};

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_is_shown_as_it_crosses_the_wire_and_is_explained() {
        let explained = include_str!("../../docs/errors.md");
        let headings: Vec<&str> = explained
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .flat_map(|heading| heading.split(", "))
            .collect();
        for code in [
            Code::NotFound,
            Code::Conflict,
            Code::Forbidden,
            Code::Invalid,
            Code::PreconditionFailed,
            Code::Unavailable,
            Code::Internal,
            Code::Unauthenticated,
            Code::Unreachable,
        ] {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
            assert!(headings.contains(&code.as_str()), "docs/errors.md has no {}", code.as_str());
        }
    }
}
