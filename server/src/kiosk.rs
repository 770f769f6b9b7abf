//! `?kiosk=1` stays over the links of a page, which need not know of it: whoever comes from a kiosk's page gets one. With
//! scripts pages keep it by themselves.

use app::KIOSK;
use axum::{
    extract::Request,
    http::{HeaderMap, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};

/// What browsers say of where a request comes from; another site's pages decide nothing here.
const SITE: &str = "sec-fetch-site";

pub async fn keep(request: Request, next: Next) -> Response {
    match kept(request.method(), request.uri(), request.headers()) {
        Some(address) => Redirect::temporary(&address).into_response(),
        None => next.run(request).await,
    }
}

/// The same address as a kiosk's, from its query on; None where it says itself what it is, or where no kiosk leads to it.
fn kept(method: &Method, asked: &Uri, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let name = |pair: &str| pair.split('=').next() == Some(KIOSK);
    let query = asked.query().unwrap_or_default();
    if method != Method::GET || query.split('&').any(name) || text(SITE) != Some("same-origin") {
        return None;
    }
    let from: Uri = text(header::REFERER.as_str())?.parse().ok()?;
    let on = format!("{KIOSK}=1");
    from.query()?
        .split('&')
        .any(|pair| pair == on)
        .then(|| if query.is_empty() { format!("?{on}") } else { format!("?{query}&{on}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(method: Method, asked: &str, from: &str, site: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::REFERER, from.parse().unwrap());
        headers.insert(SITE, site.parse().unwrap());
        kept(&method, &asked.parse().unwrap(), &headers)
    }

    #[test]
    fn a_link_of_a_kiosk_leads_to_one() {
        let from =
            |asked| led(Method::GET, asked, "https://manager.test/?environment=dev&kiosk=1", "same-origin");
        assert_eq!(from("/pools").as_deref(), Some("?kiosk=1"));
        assert_eq!(from("/pools?environment=dev").as_deref(), Some("?environment=dev&kiosk=1"));
        assert_eq!(from("/pools?kiosk=1"), None, "it is one");
        assert_eq!(from("/pools?kiosk=0"), None, "it shall be none");
    }

    #[test]
    fn nothing_else_does() {
        assert_eq!(led(Method::GET, "/", "https://manager.test/pools", "same-origin"), None);
        assert_eq!(led(Method::GET, "/", "https://manager.test/?kiosk=10", "same-origin"), None);
        assert_eq!(led(Method::GET, "/", "https://evil.test/?kiosk=1", "cross-site"), None);
        assert_eq!(led(Method::POST, "/pools/new", "https://manager.test/?kiosk=1", "same-origin"), None);
        assert_eq!(kept(&Method::GET, &"/".parse().unwrap(), &HeaderMap::new()), None);
    }
}
