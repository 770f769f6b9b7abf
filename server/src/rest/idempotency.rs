//! `Idempotency-Key`: the same request again is answered as it was, and does nothing twice.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use control::{Control, tokens::Bearer};
use domain::token::TokenId;
use sha2::{Digest as _, Sha256};
use store::{Hash, KeyState};

use crate::{headers::RequestId, problem::Problem};

const HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 100;
/// As much as a request may have, and more than any answer of these routes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Runs the request at most once for its key, also where the caller goes away meanwhile.
pub(super) async fn once(State(control): State<Control>, request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let bearer = request.extensions().get::<Bearer>().map(|bearer| bearer.token);
    let key = request.headers().get(HEADER).map(|key| key.to_str().unwrap_or_default().to_owned());
    let (Some(key), Some(token)) = (key, bearer) else { return next.run(request).await };
    let refuse =
        |status, code: &str, detail: &str| Problem::new(status, code, detail, &request_id).into_response();
    if key.is_empty() || key.len() > LONGEST_KEY {
        let detail = format!("Idempotency-Key: give 1 to {LONGEST_KEY} visible characters");
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &detail);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "at most 4 MiB");
    };
    let mut digest = Sha256::new();
    digest.update(format!("{} {}\n", parts.method, parts.uri.path()));
    // The same body on another declaration is another request.
    for tag in parts.headers.get_all(header::IF_MATCH) {
        digest.update(b"if-match: ");
        digest.update(tag.as_bytes());
        digest.update(b"\n");
    }
    digest.update(b"\n");
    digest.update(&body);
    let claimed = control.store.claim_idempotency_key(token, &key, Hash(digest.finalize().into())).await;
    match claimed {
        Ok(KeyState::Claimed) => {}
        Ok(KeyState::Answered { status, body }) => return replayed(status, body),
        Ok(KeyState::Differs) => {
            let detail = "Idempotency-Key: it was given for another request; give this one a key of its own";
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail);
        }
        Ok(KeyState::InUse) => {
            let detail = "a request with this key has not been answered: ask again in a moment; if it stays so, look \
                          whether it took effect and use a new key";
            return refuse(StatusCode::CONFLICT, "idempotency_key_in_use", detail);
        }
        Err(error) => return Problem::from_error(&error.into(), &request_id).into_response(),
    }
    let carried_out = control.tasks.spawn({
        let control = control.clone();
        async move {
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            keep(&control, token, &key, response).await
        }
    });
    carried_out.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request with a key stopped half-way");
        refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong inside")
    })
}

/// A success is kept; after a refusal nothing was done and the key is free. What came of a fault is not known: the key stays in use.
async fn keep(control: &Control, token: TokenId, key: &str, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_else(|_| Bytes::new());
    let written = if parts.status.is_success() {
        control.store.answer_idempotency_key(token, key, parts.status.as_u16(), &body).await
    } else if parts.status.is_client_error() {
        control.store.release_idempotency_key(token, key).await
    } else {
        Ok(())
    };
    if let Err(error) = written {
        tracing::warn!(%error, "an answer could not be kept under its key");
    }
    Response::from_parts(parts, Body::from(body))
}

fn replayed(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let json = HeaderValue::from_static("application/json");
    let headers = [
        (header::CONTENT_TYPE, json),
        (header::HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true")),
    ];
    (status, headers, body).into_response()
}
