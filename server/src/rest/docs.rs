//! The documentation that pages link to, as it is in the repository.

use axum::{Router, http::header};

use crate::{AppState, own::Routes};

pub fn router() -> Router<AppState> {
    Routes::default().on("/docs/errors.md", errors).router()
}

async fn errors() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    // Plain, so that browsers show it instead of saving it.
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], include_str!("../../../docs/errors.md"))
}
