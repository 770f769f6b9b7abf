//! What can go wrong with a call, by what the caller can do about it.
//! Compute Engine's error bodies mostly carry no canonical status, so the HTTP code and the reason decide (trap 2).

use domain::resource::ResourceKind;
use google_cloud_compute_v1::{errors::OperationError, model::Operation};
use google_cloud_gax::error::rpc::StatusDetails;

/// Enough for each of Google's own messages; a proxy's page is longer.
const MESSAGE_CHARS: usize = 500;

/// `message` is what Google said, at most 500 characters of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not found: {message}")]
    NotFound { message: String },
    #[error("already exists: {message}")]
    AlreadyExists { message: String },
    /// Another resource has the name: what differs is named, and nothing was touched.
    #[error("another {kind} named {name} already exists, different in {differences}", kind = kind.noun(), differences = differences.join(", "))]
    Conflict {
        kind: ResourceKind,
        name: String,
        /// Attributes.
        differences: Vec<String>,
    },
    /// Somebody changed the resource since it was read (HTTP 412). Nothing was done: observe again.
    #[error("changed by somebody else meanwhile: {message}")]
    Stale { message: String },
    #[error("refused as invalid: {message}")]
    Invalid { message: String },
    /// It cannot go while another resource uses it.
    #[error("still in use: {message}")]
    InUse { message: String },
    #[error("{}: {message}", if *quota { "quota exceeded" } else { "not permitted" })]
    Forbidden {
        message: String,
        /// Not the caller's rights but the project's quota is short.
        quota: bool,
    },
    #[error("asked too often: {message}")]
    RateLimited { message: String },
    /// No answer, or one that says to come back.
    #[error("Compute Engine is unavailable: {message}")]
    Unavailable { message: String },
    /// The operation was taken and then failed. The same request id would only show the same failure again.
    #[error("the operation failed with {code}: {message}")]
    Refused {
        /// `QUOTA_EXCEEDED`, `ZONE_RESOURCE_POOL_EXHAUSTED`, …; or `HTTP_412` where there is none.
        code: String,
        message: String,
        /// The finer reason, where Google gives one.
        reason: Option<String>,
    },
    /// An answer that this client cannot read.
    #[error("an answer that makes no sense: {message}")]
    Protocol { message: String },
    /// The client cannot be built like this.
    #[error("{message}")]
    Configuration { message: String },
}

impl Error {
    /// Trying again later, unchanged, may succeed. After [`Error::Refused`] that needs another request id.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } => true,
            Self::Refused { .. } => !self.is_permanent(),
            _ => false,
        }
    }

    /// Trying again, unchanged, fails again until a person changes something: the declaration, the quota, the rights.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Refused { code, .. } => !is_passing(code),
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Stale { .. } | Self::InUse { .. } => {
                false
            }
            _ => true,
        }
    }

    /// An operation that is done, as a result: the client itself counts a failed one as success (trap 1).
    pub(crate) fn check(operation: Operation) -> Result<Operation, Self> {
        operation.to_result().map_err(|failure| match failure {
            OperationError::Generic(failure) => {
                let first = failure.details.and_then(|details| details.errors.into_iter().next());
                let reason = first.as_ref().and_then(|error| {
                    error.error_details.iter().find_map(|detail| detail.error_info.as_ref()?.reason.clone())
                });
                let (code, message) = first.map(|error| (error.code, error.message)).unwrap_or_default();
                Self::Refused {
                    code: code.unwrap_or_else(|| match failure.status_code {
                        Some(status) => format!("HTTP_{status}"),
                        None => "UNKNOWN".to_owned(),
                    }),
                    message: trimmed(&message.or(failure.message).unwrap_or_default()),
                    reason,
                }
            }
            other => Self::Refused {
                code: "UNKNOWN".to_owned(),
                message: trimmed(&format!("{other:?}")),
                reason: None,
            },
        })
    }
}

/// Failures of operations that end by themselves: capacity returns, a backend recovers, another change finishes.
fn is_passing(code: &str) -> bool {
    code.contains("RESOURCE_POOL_EXHAUSTED")
        || matches!(
            code,
            "STOCKOUT"
                | "INTERNAL_ERROR"
                | "BACKEND_ERROR"
                | "SERVICE_UNAVAILABLE"
                | "RATE_LIMIT_EXCEEDED"
                | "RESOURCE_NOT_READY"
                | "RESOURCE_OPERATION_RATE_EXCEEDED"
                | "HTTP_408"
                | "HTTP_429"
                | "HTTP_500"
                | "HTTP_502"
                | "HTTP_503"
                | "HTTP_504"
        )
}

impl From<google_cloud_gax::error::Error> for Error {
    fn from(error: google_cloud_gax::error::Error) -> Self {
        let status = error.status();
        let reason = status
            .iter()
            .flat_map(|status| &status.details)
            .find_map(|detail| match detail {
                StatusDetails::ErrorInfo(info) => Some(info.reason.as_str()),
                _ => None,
            })
            .unwrap_or_default();
        let message = trimmed(&match (status, error.http_payload(), error.http_status_code()) {
            (Some(status), _, _) if !status.message.is_empty() => status.message.clone(),
            (_, Some(payload), Some(code)) => format!("HTTP {code}: {}", String::from_utf8_lossy(payload)),
            (_, _, Some(code)) => format!("HTTP {code}"),
            _ => with_sources(&error),
        });
        match (error.http_status_code(), reason) {
            (_, "rateLimitExceeded" | "userRateLimitExceeded" | "RATE_LIMIT_EXCEEDED") | (Some(429), _) => {
                Self::RateLimited { message }
            }
            (_, "resourceNotReady") => Self::Unavailable { message },
            (_, "resourceInUseByAnotherResource") => Self::InUse { message },
            (Some(404), _) => Self::NotFound { message },
            (Some(409), "" | "alreadyExists" | "duplicate") => Self::AlreadyExists { message },
            // What else conflicts is another change of the same resource, under way.
            (Some(409), _) => Self::Unavailable { message },
            (Some(412), _) => Self::Stale { message },
            (Some(401 | 403), reason) => Self::Forbidden { message, quota: reason == "quotaExceeded" },
            (Some(408 | 500..=599), _) => Self::Unavailable { message },
            (Some(400..=499), _) => Self::Invalid { message },
            (None, _) if error.is_authentication() && !is_transient_credentials(&error) => {
                Self::Forbidden { message, quota: false }
            }
            (None, _) if error.is_binding() || error.is_serialization() => Self::Invalid { message },
            _ if error.is_deserialization() => Self::Protocol { message },
            (None, _) => Self::Unavailable { message },
            _ => Self::Protocol { message },
        }
    }
}

fn is_transient_credentials(error: &google_cloud_gax::error::Error) -> bool {
    use std::error::Error as _;
    error
        .source()
        .and_then(|source| source.downcast_ref::<google_cloud_gax::error::CredentialsError>())
        .is_some_and(google_cloud_gax::error::CredentialsError::is_transient)
}

/// The client's own errors say little on the surface: `connection refused` is three sources deep.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn trimmed(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use domain::cause::Cause;
    use google_cloud_compute_v1::model;

    use super::*;

    fn failed(code: &str) -> Operation {
        let error = model::operation::error::Errors::new().set_code(code).set_message("because");
        Operation::new()
            .set_name("o")
            .set_status(model::operation::Status::Done)
            .set_error(model::operation::Error::new().set_errors([error]))
            .set_http_error_status_code(412)
    }

    #[test]
    fn trap_1_a_failed_operation_is_an_error() {
        let error = Error::check(failed("CONDITION_NOT_MET")).unwrap_err();
        assert_eq!(error.to_string(), "the operation failed with CONDITION_NOT_MET: because");
        assert!(error.is_permanent() && !error.is_transient());
        let error = Error::check(failed("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS")).unwrap_err();
        assert!(error.is_transient() && !error.is_permanent());
    }

    #[test]
    fn trap_1_a_failed_operation_without_details_is_an_error() {
        let operation =
            Operation::new().set_http_error_status_code(503).set_http_error_message("SERVICE UNAVAILABLE");
        let error = Error::check(operation).unwrap_err();
        assert_eq!(error.to_string(), "the operation failed with HTTP_503: SERVICE UNAVAILABLE");
        assert!(error.is_transient());
    }

    #[test]
    fn the_domain_reads_the_cause_from_the_words() {
        let message = || "because".to_owned();
        let conflict = Error::Conflict {
            kind: ResourceKind::HealthCheck,
            name: "genesis-hc-web".to_owned(),
            differences: vec!["type".to_owned()],
        };
        let refused = |code: &str| Error::check(failed(code)).unwrap_err();
        for (error, cause) in [
            (Error::NotFound { message: message() }, Cause::ResourceNotFound),
            (Error::AlreadyExists { message: message() }, Cause::AlreadyExists),
            (conflict, Cause::AlreadyExists),
            (Error::Stale { message: message() }, Cause::ConditionNotMet),
            (Error::Invalid { message: message() }, Cause::RequestInvalid),
            (Error::InUse { message: message() }, Cause::StillInUse),
            (Error::Forbidden { message: message(), quota: true }, Cause::QuotaExceeded),
            (Error::Forbidden { message: message(), quota: false }, Cause::PermissionMissing),
            (Error::RateLimited { message: message() }, Cause::ComputeUnavailable),
            (Error::Unavailable { message: message() }, Cause::ComputeUnavailable),
            (Error::Protocol { message: message() }, Cause::AnswerUnreadable),
            (Error::Configuration { message: message() }, Cause::Unexplained),
            (refused("QUOTA_EXCEEDED"), Cause::QuotaExceeded),
            (refused("ZONE_RESOURCE_POOL_EXHAUSTED"), Cause::StockOut),
            (refused("CONDITION_NOT_MET"), Cause::ConditionNotMet),
            (refused("BOOKS_ON_FIRE"), Cause::Unexplained),
        ] {
            assert_eq!(Cause::of_refusal(&error.to_string()), cause, "{error}");
        }
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let text = trimmed(&"ä".repeat(600));
        assert_eq!(text.chars().count(), MESSAGE_CHARS + 1);
        assert_eq!(trimmed("a\n  b"), "a b");
    }
}
