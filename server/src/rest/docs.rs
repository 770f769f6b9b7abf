//! The documentation that pages and refusals link to, as it is in the repository. It is open to everybody: a program that was refused
//! has no session to read with why, and nothing here is of one fleet.

use axum::{Router, http::header};

use crate::{AppState, own::Routes};

type Document = ([(header::HeaderName, &'static str); 1], &'static str);

pub fn router() -> Router<AppState> {
    Routes::default().on("/docs/errors.md", errors).on("/docs/webhook.md", webhook).router()
}

async fn errors() -> Document {
    plain(include_str!("../../../docs/errors.md"))
}

async fn webhook() -> Document {
    plain(include_str!("../../../docs/webhook.md"))
}

/// So that browsers show it instead of saving it.
fn plain(text: &'static str) -> Document {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}
