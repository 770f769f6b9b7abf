//! Refusals, as RFC 9457 has them.

use crate::{Declaration, schema::wire};

wire! { answer
    /// Why a request was refused (RFC 9457).
    Problem {
        /// Where docs/errors.md explains the code.
        r#type: String,
        title: String,
        status: u16,
        /// A sentence that names what is wrong and what to do.
        detail: String,
        /// Stable word for programs.
        code: String,
        /// Leads to the log line that has the cause.
        request_id: String,
        /// Each refused field, where fields were refused.
        errors: Vec<FieldProblem>,
        /// With 412: what the environment declares now, as `load_declaration` answers; the answer's ETag is this one's. Null
        /// otherwise, and where the token may not read or nothing is declared yet.
        current: Option<Box<Declaration>>,
    }
}

wire! { answer
    /// One refused field.
    FieldProblem {
        /// As a path: `agent_pools[0].max_surge`.
        field: String,
        message: String,
    }
}
