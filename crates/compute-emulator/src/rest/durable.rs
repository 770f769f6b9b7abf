//! A change is answered once it is in the state file: what a client was told is still so after a kill.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{app::App, error::Error, persist};

/// Asked by POST, they change nothing.
const READS: [&str; 2] = ["/listManagedInstances", "/wait"];

pub(crate) async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = request.method().is_safe() || READS.iter().any(|read| path.ends_with(read));
    let answer = next.run(request).await;
    // A refusal changed nothing.
    if reads || !answer.status().is_success() || persist::saved(&app).await {
        return answer;
    }
    Error::unsaved().into_response()
}
