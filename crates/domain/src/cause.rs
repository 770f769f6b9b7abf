//! Why Compute Engine refused or failed something, as one word that `docs/errors.md` explains: the same word for a condition of a
//! pool, for a call of a change and for an error of an instance.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    QuotaExceeded,
    StockOut,
    AddressesExhausted,
    PermissionMissing,
    ImageNotFound,
    ResourceNotFound,
    AlreadyExists,
    StillInUse,
    /// Somebody changed it meanwhile, or a rule of the organisation is not met: Compute Engine has one code for both.
    ConditionNotMet,
    RequestInvalid,
    ComputeUnavailable,
    AnswerUnreadable,
    /// A code that is none of these; Compute Engine's own words are all there is.
    Unexplained,
}

/// How the words of a refused call begin, and the code that says the same. They are those of `compute::Error`, whose tests hold the
/// two together.
const REFUSALS: [(&str, &str); 11] = [
    ("not found: ", "NOT_FOUND"),
    ("already exists: ", "ALREADY_EXISTS"),
    ("another ", "ALREADY_EXISTS"),
    ("changed by somebody else meanwhile: ", "CONDITION_NOT_MET"),
    ("refused as invalid: ", "INVALID"),
    ("still in use: ", "RESOURCE_IN_USE"),
    ("quota exceeded: ", "QUOTA_EXCEEDED"),
    ("not permitted: ", "FORBIDDEN"),
    ("asked too often: ", "RATE_LIMIT_EXCEEDED"),
    ("Compute Engine is unavailable: ", "SERVICE_UNAVAILABLE"),
    ("an answer that makes no sense: ", UNREADABLE),
];

/// Stands for an answer without a code.
const UNREADABLE: &str = "UNREADABLE";

impl Cause {
    pub const ALL: [Self; 13] = [
        Self::QuotaExceeded,
        Self::StockOut,
        Self::AddressesExhausted,
        Self::PermissionMissing,
        Self::ImageNotFound,
        Self::ResourceNotFound,
        Self::AlreadyExists,
        Self::StillInUse,
        Self::ConditionNotMet,
        Self::RequestInvalid,
        Self::ComputeUnavailable,
        Self::AnswerUnreadable,
        Self::Unexplained,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuotaExceeded => "QuotaExceeded",
            Self::StockOut => "StockOut",
            Self::AddressesExhausted => "AddressesExhausted",
            Self::PermissionMissing => "PermissionMissing",
            Self::ImageNotFound => "ImageNotFound",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::StillInUse => "StillInUse",
            Self::ConditionNotMet => "ConditionNotMet",
            Self::RequestInvalid => "RequestInvalid",
            Self::ComputeUnavailable => "ComputeUnavailable",
            Self::AnswerUnreadable => "AnswerUnreadable",
            Self::Unexplained => "Unexplained",
        }
    }

    /// Of an error by its code and, where the code says little, its text.
    pub fn of_error(code: &str, message: &str) -> Self {
        match code {
            _ if code.contains("QUOTA") => Self::QuotaExceeded,
            _ if code.contains("RESOURCE_POOL_EXHAUSTED") || code.contains("STOCKOUT") => Self::StockOut,
            _ if code.starts_with("IP_SPACE_EXHAUSTED") => Self::AddressesExhausted,
            "PERMISSIONS_ERROR" | "PERMISSION_DENIED" | "FORBIDDEN" => Self::PermissionMissing,
            "RESOURCE_NOT_FOUND" | "NOT_FOUND" if message.contains("/images/") => Self::ImageNotFound,
            "RESOURCE_NOT_FOUND" | "NOT_FOUND" => Self::ResourceNotFound,
            "RESOURCE_ALREADY_EXISTS" | "ALREADY_EXISTS" => Self::AlreadyExists,
            _ if code.starts_with("RESOURCE_IN_USE") => Self::StillInUse,
            "CONDITION_NOT_MET" | "HTTP_412" => Self::ConditionNotMet,
            "UNSUPPORTED_OPERATION" | "HTTP_400" => Self::RequestInvalid,
            _ if code.starts_with("INVALID") => Self::RequestInvalid,
            "INTERNAL_ERROR" | "BACKEND_ERROR" | "SERVICE_UNAVAILABLE" | "RESOURCE_NOT_READY" => {
                Self::ComputeUnavailable
            }
            "RATE_LIMIT_EXCEEDED" | "RESOURCE_OPERATION_RATE_EXCEEDED" | "HTTP_408" | "HTTP_429" => {
                Self::ComputeUnavailable
            }
            _ if code.starts_with("HTTP_5") => Self::ComputeUnavailable,
            UNREADABLE => Self::AnswerUnreadable,
            _ => Self::Unexplained,
        }
    }

    /// Of a call, by the words in which it was refused or its operation failed.
    pub fn of_refusal(said: &str) -> Self {
        if let Some(failed) = said.strip_prefix("the operation failed with ") {
            let (code, message) = failed.split_once(": ").unwrap_or((failed, ""));
            return Self::of_error(code, message);
        }
        let known = REFUSALS.iter().find_map(|(begins, code)| Some((*code, said.strip_prefix(*begins)?)));
        known.map_or(Self::Unexplained, |(code, message)| Self::of_error(code, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_why_and_the_text_where_the_code_says_little() {
        for (code, message, cause) in [
            ("QUOTA_EXCEEDED", "Quota 'CPUS' exceeded.", Cause::QuotaExceeded),
            ("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "", Cause::StockOut),
            ("STOCKOUT", "", Cause::StockOut),
            ("IP_SPACE_EXHAUSTED", "", Cause::AddressesExhausted),
            ("PERMISSIONS_ERROR", "", Cause::PermissionMissing),
            ("RESOURCE_NOT_FOUND", "'projects/p/global/images/family/x' was not found", Cause::ImageNotFound),
            (
                "RESOURCE_NOT_FOUND",
                "'projects/p/zones/z/machineTypes/x9' was not found",
                Cause::ResourceNotFound,
            ),
            ("RESOURCE_ALREADY_EXISTS", "", Cause::AlreadyExists),
            ("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "", Cause::StillInUse),
            ("CONDITION_NOT_MET", "Constraint violated", Cause::ConditionNotMet),
            ("INVALID_USAGE", "", Cause::RequestInvalid),
            ("BACKEND_ERROR", "", Cause::ComputeUnavailable),
            ("HTTP_503", "", Cause::ComputeUnavailable),
            ("SOMETHING_NEW", "no quota, no stock-out", Cause::Unexplained),
        ] {
            assert_eq!(Cause::of_error(code, message), cause, "{code} {message}");
        }
    }

    #[test]
    fn a_refused_call_is_read_from_its_words() {
        let operation = "the operation failed with QUOTA_EXCEEDED: Quota 'CPUS' exceeded. Limit: 24.0";
        assert_eq!(Cause::of_refusal(operation), Cause::QuotaExceeded);
        assert_eq!(Cause::of_refusal("the operation failed with UNKNOWN"), Cause::Unexplained);
        let image = "not found: The resource 'projects/p/global/images/x' was not found";
        assert_eq!(Cause::of_refusal(image), Cause::ImageNotFound);
        // What somebody quotes later in the sentence is not its beginning.
        assert_eq!(Cause::of_refusal("refused as invalid: still in use: no"), Cause::RequestInvalid);
        assert_eq!(Cause::of_refusal(""), Cause::Unexplained);
    }

    #[test]
    fn every_word_is_of_one_cause() {
        let words: std::collections::BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
    }
}
