//! Headers that every answer carries, and the request id.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Made here for each request: an id from outside could be anybody's.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

pub async fn identify(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Pages set a policy with their nonce; everything else gets one that allows nothing.
pub async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A browser heeds a `__Host-` cookie only with `Secure`, also where the cookie is taken back, and there the session
/// layer leaves it out: without this the browser would keep the id of a session that has ended.
pub async fn secure_host_cookies(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let header::Entry::Occupied(mut cookies) = response.headers_mut().entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            if let Some(whole) = with_secure(cookie) {
                *cookie = whole;
            }
        }
    }
    response
}

/// The cookie with what its name promises; None where it has it already or promises nothing.
fn with_secure(cookie: &HeaderValue) -> Option<HeaderValue> {
    let text = cookie.to_str().ok()?;
    let lacks = text.starts_with("__Host-")
        && !text.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("secure"));
    lacks.then(|| HeaderValue::from_str(&format!("{text}; Secure")).ok()).flatten()
}

/// The policy of a page: our own files, and inline scripts that carry the page's nonce.
pub fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; manifest-src 'self'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cookie_is_taken_back_with_what_its_name_promises() {
        let with = |text| with_secure(&HeaderValue::from_static(text));
        assert_eq!(with("__Host-a=; Path=/; Max-Age=0").unwrap(), "__Host-a=; Path=/; Max-Age=0; Secure");
        assert_eq!(with("__Host-a=b; HttpOnly; Secure; Path=/"), None);
        assert_eq!(with("theme=dark; Path=/"), None);
    }
}
