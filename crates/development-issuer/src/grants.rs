//! Authorization codes between the browser's way out and the client's call: short-lived and good for one try.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

const LIFE: TimeDelta = TimeDelta::seconds(60);

/// What a person agreed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Grant {
    pub(crate) subject: String,
    pub(crate) redirect_uri: String,
    /// SHA-256 of the verifier that the client keeps, base64url.
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
}

#[derive(Debug, Default)]
pub(crate) struct Grants {
    by_code: Mutex<HashMap<String, (Grant, DateTime<Utc>)>>,
}

impl Grants {
    /// A fresh code for this grant, of 256 random bits.
    pub(crate) fn issue(&self, grant: Grant, now: DateTime<Utc>) -> anyhow::Result<String> {
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| anyhow!("no randomness for a code"))?;
        let code = URL_SAFE_NO_PAD.encode(random);
        let mut by_code = self.by_code.lock().unwrap_or_else(PoisonError::into_inner);
        by_code.retain(|_, (_, end)| *end > now);
        by_code.insert(code.clone(), (grant, now + LIFE));
        Ok(code)
    }

    /// The grant, once: whatever becomes of this try, the code is spent.
    pub(crate) fn redeem(&self, code: &str, now: DateTime<Utc>) -> Option<Grant> {
        let mut by_code = self.by_code.lock().unwrap_or_else(PoisonError::into_inner);
        let (grant, end) = by_code.remove(code)?;
        (now < end).then_some(grant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            subject: "mara".into(),
            redirect_uri: "http://localhost:3000/callback".into(),
            challenge: "c".into(),
            nonce: None,
            scope: "openid".into(),
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute() {
        let grants = Grants::default();
        let now = DateTime::UNIX_EPOCH;
        let code = grants.issue(grant(), now).expect("a code");
        assert_eq!(grants.redeem(&code, now + TimeDelta::seconds(59)), Some(grant()));
        assert_eq!(grants.redeem(&code, now), None);

        let late = grants.issue(grant(), now).expect("a code");
        assert_ne!(late, code);
        assert_eq!(grants.redeem(&late, now + LIFE), None);
    }

    #[test]
    fn codes_that_nobody_redeems_are_forgotten() {
        let grants = Grants::default();
        for minutes in 0..5 {
            let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
            grants.issue(grant(), now).expect("a code");
        }
        assert_eq!(grants.by_code.lock().expect("unpoisoned").len(), 1);
    }
}
