//! The issuer of identity tokens in the shape of Google's, and the keys that verify them. The issuer's name is Google's own,
//! because verifiers expect it: trust hangs on the address of the keys alone.

use anyhow::Context as _;
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Vm, project_number};
use crate::{clock::Stamp, fingerprint};

/// Tokens live an hour, of real time: verifiers look at a real clock.
const LIFE_SECONDS: i64 = 3600;

#[derive(Debug)]
pub(crate) struct Issuer {
    key: KeyPair,
    id: String,
}

impl Issuer {
    /// A new key, as it is kept in the state: PKCS #8 in base64.
    pub(crate) fn generate() -> anyhow::Result<String> {
        let key = KeyPair::generate(KeySize::Rsa2048).context("no RSA key could be made")?;
        let der: Pkcs8V1Der<'_> = key.as_der().context("the RSA key has no PKCS #8 form")?;
        Ok(STANDARD.encode(der.as_ref()))
    }

    pub(crate) fn load(key: &str) -> anyhow::Result<Self> {
        let der = STANDARD.decode(key).context("it is not base64")?;
        let key = KeyPair::from_pkcs8(&der).map_err(|error| anyhow::anyhow!("it is no RSA key: {error}"))?;
        let id = Sha256::digest(key.public_key().as_ref())
            .iter()
            .take(20)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self { key, id })
    }

    /// A JSON Web Key Set with the one key.
    pub(crate) fn keys(&self) -> Value {
        let (modulus, exponent) = components(self.key.public_key().as_ref()).unwrap_or_default();
        json!({"keys": [{
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.id,
            "n": URL_SAFE_NO_PAD.encode(modulus),
            "e": URL_SAFE_NO_PAD.encode(exponent),
        }]})
    }

    /// What `…/identity?audience=` answers. `full` adds the claims that name the VM.
    pub(crate) fn token(
        &self,
        vm: &Vm,
        email: &str,
        audience: &str,
        full: bool,
        now: Stamp,
    ) -> anyhow::Result<String> {
        let subject = format!("1{:020}", fingerprint::digest(email));
        let mut claims = json!({
            "iss": "https://accounts.google.com",
            "aud": audience,
            "azp": subject,
            "sub": subject,
            "email": email,
            "email_verified": true,
            "iat": now.seconds(),
            "exp": now.seconds() + LIFE_SECONDS,
        });
        if full {
            claims["google"] = json!({"compute_engine": {
                "project_id": vm.project(),
                "project_number": project_number(vm.project()),
                "zone": vm.zone(),
                "instance_id": vm.id.to_string(),
                "instance_name": vm.name(),
                "instance_creation_timestamp": vm.created.seconds(),
            }});
        }
        let header = json!({"alg": "RS256", "kid": self.id, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .context("the token could not be signed")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Modulus and exponent of a DER `RSAPublicKey`: a SEQUENCE of two INTEGERs.
fn components(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (sequence, _) = element(der, 0x30)?;
    let (modulus, rest) = element(sequence, 0x02)?;
    let (exponent, _) = element(rest, 0x02)?;
    let unsigned = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    Some((unsigned(modulus), unsigned(exponent)))
}

/// The content of a DER element with that tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else { return None };
    let (length, rest) = match length {
        short @ ..0x80 => (usize::from(*short), rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0_usize, |n, byte| (n << 8) | usize::from(*byte)), rest)
        }
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}
