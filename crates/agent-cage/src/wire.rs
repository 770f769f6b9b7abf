//! HTTP as both the metadata server and the control plane are spoken to: timeouts, no proxy, bounded answers.

use std::time::Duration;

use reqwest::{Client, Response, redirect};

const TIMEOUT: Duration = Duration::from_secs(5);

/// The protocol's answers are a few hundred bytes and an identity token two thousand; what is larger is not ours.
pub(crate) const LARGEST_ANSWER: usize = 16 * 1024;

/// What went wrong on the way, in words for `/status` and the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("no answer: {}", root_cause(.0))]
    NoAnswer(#[from] reqwest::Error),
    #[error("the answer is larger than {LARGEST_ANSWER} bytes and was dropped")]
    TooLarge,
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
    #[error("{status} {code}{}{detail}", if .detail.is_empty() { "" } else { ": " })]
    Refused { status: u16, code: String, detail: String },
}

/// reqwest's own message stops at "error sending request"; the reason sits at the end of the chain.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() { format!("none within {} s", TIMEOUT.as_secs()) } else { cause.to_string() }
}

/// The client an agent speaks with. A clone shares its connections.
///
/// No proxy, because metadata is link-local; no redirects, because a credential is meant for one host alone.
pub fn http_client() -> reqwest::Result<Client> {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(8)
        .user_agent(concat!("agent-cage/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Reads at most [`LARGEST_ANSWER`] bytes, whatever the length header promises.
pub(crate) async fn body(mut response: Response) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > LARGEST_ANSWER {
            return Err(WireError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Says what is wrong with an address before anything is sent to it.
pub(crate) fn check_base_url(text: &str) -> Result<(), WireError> {
    let url = reqwest::Url::parse(text)
        .map_err(|error| WireError::Malformed(format!("{text:?} is not a URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(WireError::Malformed(format!(
            "{text:?} must begin with http:// or https:// and have no query"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_http_without_a_query() {
        for good in ["http://127.0.0.1:5555", "https://control.example/base/"] {
            assert!(check_base_url(good).is_ok(), "{good}");
        }
        for bad in ["", "control.example", "file:///etc/passwd", "http://a/?b=c"] {
            assert!(check_base_url(bad).is_err(), "{bad}");
        }
    }
}
