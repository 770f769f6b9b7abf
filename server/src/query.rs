//! Which names the query of an address may have. A misspelt one would be overlooked and the answer be of everything: who asks for
//! `?enviroment=prod` must not get all environments. Pages overlook what they do not know: others append names to their links.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use url::form_urlencoded;

use crate::{headers::RequestId, problem::Problem};

/// Answers who sends a name that is not among the known ones, before the handler runs.
pub(crate) async fn known(
    State(known): State<Arc<[&'static str]>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(name) = stranger(&known, request.uri().query().unwrap_or_default()) else {
        return next.run(request).await;
    };
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let told = format!("is no parameter of this address: it takes {}", listed(&known));
    Problem::new(StatusCode::BAD_REQUEST, "unknown_parameter", format!("`{name}` {told}"), &request_id)
        .with_field(name, told)
        .into_response()
}

/// The first name that is not known.
fn stranger(known: &[&str], raw: &str) -> Option<String> {
    form_urlencoded::parse(raw.as_bytes())
        .map(|(name, _)| name)
        .find(|name| !known.contains(&name.as_ref()))
        .map(|name| name.into_owned())
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_found_however_it_is_written() {
        let known = ["environment", "state"];
        for raw in ["", "environment=dev", "state=&environment=dev", "%73tate=failed"] {
            assert_eq!(stranger(&known, raw), None, "{raw}");
        }
        for raw in ["enviroment=dev", "state=failed&enviroment=", "environment=dev&enviroment"] {
            assert_eq!(stranger(&known, raw).as_deref(), Some("enviroment"), "{raw}");
        }
        assert_eq!(listed(&known), "environment, state");
        assert_eq!(listed(&[]), "none");
    }
}
