//! Where incidents are told outside of the app: a POST that its receiver can check, tried until it is taken or given up. What a
//! receiver may rely on stands in docs/webhook.md.

use std::{fmt, time::Duration};

use aws_lc_rs::hmac;
use domain::Timestamp;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// About a day of attempts.
const ATTEMPTS: u32 = 32;

pub const TIMESTAMP_HEADER: &str = "x-agent-manager-timestamp";
pub const SIGNATURE_HEADER: &str = "x-agent-manager-signature";
pub const DELIVERY_HEADER: &str = "x-agent-manager-delivery";

/// A receiver. Debug shows neither its address, which may hold a token, nor the key.
pub struct Target {
    url: reqwest::Url,
    key: hmac::Key,
    http: reqwest::Client,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target")
    }
}

/// Why a delivery was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    pub status: Option<u16>,
    pub error: String,
}

impl Target {
    /// `secret`: at least 32 bytes that the receiver has too.
    pub fn new(url: &str, secret: &[u8]) -> Result<Self, String> {
        let url = reqwest::Url::parse(url).map_err(|error| format!("it is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err("it must begin with https:// or http:// and hold no user or password".to_owned());
        }
        let secret = secret.trim_ascii();
        if secret.len() < 32 {
            return Err("its secret has less than 32 bytes".to_owned());
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { url, key: hmac::Key::new(hmac::HMAC_SHA256, secret), http })
    }

    /// The host alone: what a page may show.
    pub fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }

    /// Over the timestamp, a dot, and the body: an old delivery cannot be sent as a new one.
    fn signature(&self, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("{timestamp}.").as_bytes());
        context.update(body);
        let tag = context.sign();
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("v1={hex}")
    }

    /// The status with which it was taken.
    pub async fn deliver(&self, id: i64, body: &[u8], now: Timestamp) -> Result<u16, NotTaken> {
        let timestamp = now.timestamp();
        let sent = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header(TIMESTAMP_HEADER, timestamp.to_string())
            .header(SIGNATURE_HEADER, self.signature(timestamp, body))
            .header(DELIVERY_HEADER, id.to_string())
            .body(body.to_vec())
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => Ok(answer.status().as_u16()),
            Ok(answer) => Err(NotTaken {
                status: Some(answer.status().as_u16()),
                error: format!("the receiver answered {}", answer.status()),
            }),
            Err(error) if error.is_timeout() => {
                Err(NotTaken { status: None, error: format!("no answer within {} s", TIMEOUT.as_secs()) })
            }
            // Without its address, which may be a secret of its own.
            Err(error) => Err(NotTaken { status: None, error: error.without_url().to_string() }),
        }
    }
}

/// How long to wait after so many attempts; None: it is given up.
pub(crate) fn pause(attempts: u32) -> Option<Duration> {
    (attempts < ATTEMPTS).then(|| FIRST_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const SIGNED: &str = "v1=417adf36b901772f658597a76d329694e335e65fc0849d7715c3ca33406309b5";

    #[test]
    fn the_signature_is_one_that_others_compute_alike() {
        let target = Target::new("https://alerts.test/hook", SECRET).unwrap();
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        assert_eq!(target.signature(1_700_000_000, b"{}"), SIGNED);
        assert_ne!(target.signature(1_700_000_001, b"{}"), SIGNED);
        // A file's last line break is not part of the secret.
        let same = Target::new("https://alerts.test/hook", b"0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!(same.signature(1_700_000_000, b"{}"), SIGNED);
    }

    #[test]
    fn receivers_are_told_the_figures_that_hold() {
        const DOCUMENT: &str = include_str!("../../../docs/webhook.md");
        let failures = 1 + (0..).take_while(|attempts| pause(*attempts).is_some()).count();
        let hourly = 1 + (0..).take_while(|attempts| pause(*attempts).unwrap() < LONGEST_PAUSE).count();
        assert_eq!((failures, hourly), (33, 11));
        for told in [
            SIGNED.to_owned(),
            format!("within {} seconds", TIMEOUT.as_secs()),
            format!("{} seconds, then after twice as long", FIRST_PAUSE.as_secs()),
            "from the eleventh failure on once an hour".to_owned(),
            format!("with the {failures}rd failure"),
        ] {
            assert!(DOCUMENT.contains(&told), "docs/webhook.md does not say `{told}`");
        }
    }

    #[test]
    fn an_address_that_hides_something_and_a_short_secret_are_refused() {
        for url in ["", "ftp://a/", "https://user:pw@a/"] {
            assert!(Target::new(url, SECRET).is_err(), "{url}");
        }
        assert!(Target::new("https://a/", b"short").is_err());
        let shown = format!("{:?}", Target::new("https://a/T0KEN", SECRET).unwrap());
        assert!(!shown.contains("T0KEN"));
    }

    #[test]
    fn pauses_grow_and_end() {
        let seconds: Vec<u64> = [0, 1, 2, 9, 20].map(|attempts| pause(attempts).unwrap().as_secs()).into();
        assert_eq!(seconds, [5, 10, 20, 2560, 3600]);
        assert_eq!(pause(ATTEMPTS), None);
    }
}
