//! Refusals, as RFC 9457 has them.

use crate::schema::wire;

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
