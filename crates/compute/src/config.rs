//! How to reach Compute Engine, and the guard against reaching something else instead.

use std::{collections::HashMap, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;

use crate::Error;

#[derive(Clone, Debug)]
pub struct Config {
    /// None is Google, with the process's own credentials (ADC). Some is an emulator, spoken to without credentials.
    pub endpoint: Option<String>,
    /// What the HTTP client will find in the environment of this process.
    pub environment: Environment,
    /// One HTTP request, answer included.
    pub attempt_timeout: Duration,
    /// HTTP requests per call, the first included. Only calls that are safe to repeat are repeated: reads, and writes by their request id.
    pub attempts: u32,
    /// All attempts of one call.
    pub call_timeout: Duration,
    /// Between attempts, and between questions after an operation.
    pub initial_backoff: Duration,
    pub maximum_backoff: Duration,
    /// How long one `wait` waits for an operation. The operation goes on without it.
    pub operation_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: None,
            environment: Environment::default(),
            attempt_timeout: Duration::from_secs(15),
            attempts: 4,
            call_timeout: Duration::from_secs(40),
            initial_backoff: Duration::from_millis(100),
            maximum_backoff: Duration::from_secs(2),
            operation_timeout: Duration::from_secs(600),
        }
    }
}

impl Config {
    /// An emulator on the same machine: short timeouts, quick retries.
    pub fn emulator(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: Some(endpoint.into()),
            attempt_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(10),
            initial_backoff: Duration::from_millis(20),
            maximum_backoff: Duration::from_millis(200),
            ..Self::default()
        }
    }
}

/// The variables of the environment that Google's client reads by itself. It offers no switch for them, so they are checked
/// before it is built.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    http_proxy: String,
    https_proxy: String,
    all_proxy: String,
    no_proxy: String,
    is_cgi: bool,
    universe_domain: Option<String>,
}

impl Environment {
    /// From the process's variables: `std::env::vars()`, at the binary's edge.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars: HashMap<_, _> = vars.into_iter().collect();
        // The HTTP client prefers capitals, and takes an empty one for an answer.
        let first = |upper: &str, lower: &str| {
            vars.get(upper).or_else(|| vars.get(lower)).cloned().unwrap_or_default()
        };
        Self {
            http_proxy: first("HTTP_PROXY", "http_proxy"),
            https_proxy: first("HTTPS_PROXY", "https_proxy"),
            all_proxy: first("ALL_PROXY", "all_proxy"),
            no_proxy: first("NO_PROXY", "no_proxy"),
            is_cgi: vars.contains_key("REQUEST_METHOD"),
            universe_domain: vars.get("GOOGLE_CLOUD_UNIVERSE_DOMAIN").cloned(),
        }
    }

    /// A local emulator behind a proxy answers with the proxy's errors, which look like the service's.
    pub(crate) fn check(&self, endpoint: &str) -> Result<(), Error> {
        let invalid = |reason: &str| Error::Configuration {
            message: format!("the endpoint `{endpoint}` {reason}: write it as `http://127.0.0.1:8080`"),
        };
        let uri: http::Uri = endpoint.parse().map_err(|_| invalid("is no URL"))?;
        let host = uri.host().ok_or_else(|| invalid("has no host"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(invalid("is neither http nor https"));
        }
        if let Some(domain) = self.universe_domain.as_deref().filter(|&domain| domain != "googleapis.com") {
            return Err(Error::Configuration {
                message: format!(
                    "GOOGLE_CLOUD_UNIVERSE_DOMAIN is `{domain}`, which an emulator at `{endpoint}` does not serve: unset it"
                ),
            });
        }
        let is_loopback = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if is_loopback && !self.is_cgi && self.proxies().intercept(&uri).is_some() {
            return Err(Error::Configuration {
                message: format!(
                    "the environment's HTTP proxy would take the calls to the local endpoint `{endpoint}`: \
                     set NO_PROXY=127.0.0.1,localhost"
                ),
            });
        }
        Ok(())
    }

    fn proxies(&self) -> Matcher {
        Matcher::builder()
            .http(self.http_proxy.as_str())
            .https(self.https_proxy.as_str())
            .all(self.all_proxy.as_str())
            .no(self.no_proxy.as_str())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vars: &[(&str, &str)], endpoint: &str) -> Result<(), String> {
        let vars = vars.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Environment::from_vars(vars).check(endpoint).map_err(|e| e.to_string())
    }

    #[test]
    fn trap_7_a_proxy_before_a_local_endpoint_is_refused() {
        for (name, endpoint) in [
            ("HTTP_PROXY", "http://127.0.0.1:8080"),
            ("http_proxy", "http://localhost:8080"),
            ("ALL_PROXY", "http://[::1]:8080"),
            ("https_proxy", "https://127.0.0.1:8080"),
        ] {
            let message = check(&[(name, "http://proxy:3128")], endpoint).unwrap_err();
            assert!(message.contains("NO_PROXY=127.0.0.1,localhost"), "{name}: {message}");
        }
    }

    #[test]
    fn trap_7_a_proxy_with_an_exception_for_the_endpoint_is_fine() {
        let excepting =
            |no, endpoint| check(&[("HTTP_PROXY", "http://proxy:3128"), ("NO_PROXY", no)], endpoint);
        for no in ["127.0.0.1,localhost", "127.0.0.0/8"] {
            assert_eq!(excepting(no, "http://127.0.0.1:8080"), Ok(()), "{no}");
        }
        // The HTTP client means names by a star, not addresses.
        assert_eq!(excepting("*", "http://localhost:8080"), Ok(()));
        assert!(excepting("*", "http://127.0.0.1:8080").is_err());
        assert_eq!(check(&[("HTTPS_PROXY", "http://proxy:3128")], "http://127.0.0.1:8080"), Ok(()));
        assert_eq!(check(&[("HTTP_PROXY", "http://proxy:3128")], "http://emulator:8080"), Ok(()));
        assert_eq!(check(&[], "http://127.0.0.1:8080"), Ok(()));
    }

    #[test]
    fn trap_7_another_universe_is_refused() {
        let message =
            check(&[("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "example.com")], "http://127.0.0.1:1").unwrap_err();
        assert!(message.contains("unset it"), "{message}");
        assert_eq!(
            check(&[("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "googleapis.com")], "http://127.0.0.1:1"),
            Ok(())
        );
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        for endpoint in ["", "127.0.0.1:8080", "ftp://127.0.0.1", "/compute", "http://"] {
            assert!(check(&[], endpoint).is_err(), "{endpoint}");
        }
    }
}
