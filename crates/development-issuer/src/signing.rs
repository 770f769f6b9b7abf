//! The signing key, and JSON web tokens made and read with it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Tells an ID token from an access token: neither is accepted in the other's place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Id,
    Access,
}

impl Kind {
    fn as_type(self) -> &'static str {
        match self {
            Kind::Id => "JWT",
            Kind::Access => "at+jwt",
        }
    }
}

#[derive(Debug)]
pub(crate) struct SigningKey {
    pair: KeyPair,
    /// RFC 7638 thumbprint, so that the same key always has the same name.
    id: String,
    modulus: String,
    exponent: String,
}

/// What the state file holds.
#[derive(Deserialize, Serialize)]
struct Kept {
    signing_key_pkcs8: String,
}

impl SigningKey {
    pub(crate) fn generate() -> anyhow::Result<SigningKey> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no signing key could be made"))?;
        Ok(SigningKey::new(pair))
    }

    fn new(pair: KeyPair) -> SigningKey {
        let public = pair.public_key();
        let modulus = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let exponent = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        let canonical = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
        SigningKey { pair, id, modulus, exponent }
    }

    /// The key in `file`; made and written there on first use, readable by its owner alone.
    pub(crate) fn kept_in(file: &Path) -> anyhow::Result<SigningKey> {
        match fs::read_to_string(file) {
            Ok(text) => SigningKey::from_text(&text).with_context(|| {
                format!(
                    "{} holds no signing key; remove it to start with a new one (everybody signs in again)",
                    file.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = SigningKey::generate()?;
                key.write(file)
                    .with_context(|| format!("cannot keep the signing key in {}", file.display()))?;
                Ok(key)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    fn from_text(text: &str) -> anyhow::Result<SigningKey> {
        let kept: Kept = serde_json::from_str(text)?;
        let pkcs8 = STANDARD.decode(kept.signing_key_pkcs8)?;
        let pair = KeyPair::from_pkcs8(&pkcs8).map_err(|rejected| anyhow!("{rejected}"))?;
        Ok(SigningKey::new(pair))
    }

    /// By a file beside it and a rename: a start that is killed leaves no half key behind.
    fn write(&self, file: &Path) -> anyhow::Result<()> {
        let pkcs8 = self.pair.as_der().map_err(|_| anyhow!("the key cannot be exported"))?;
        let kept = Kept { signing_key_pkcs8: STANDARD.encode(pkcs8.as_ref()) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut beside = file.as_os_str().to_owned();
        beside.push(".new");
        let beside = Path::new(&beside);
        // One left by a killed start may have any mode; a new one has ours from its first byte.
        if beside.exists() {
            fs::remove_file(beside)?;
        }
        let mut writing = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(beside)?;
        writing.write_all(serde_json::to_string(&kept)?.as_bytes())?;
        writing.sync_all()?;
        fs::rename(beside, file)?;
        Ok(())
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({"keys": [
            {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": self.modulus, "e": self.exponent},
        ]})
    }

    pub(crate) fn sign(&self, kind: Kind, claims: &Value) -> anyhow::Result<String> {
        let header = json!({"alg": "RS256", "typ": kind.as_type(), "kid": self.id});
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| anyhow!("a token could not be signed"))?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }

    /// The claims of a token of this kind that this key signed; expiry and audience are the caller's to judge.
    pub(crate) fn read(&self, kind: Kind, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &decode(signature)?)
            .ok()?;
        let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
        let ours = header["alg"] == "RS256" && header["typ"] == kind.as_type();
        ours.then(|| serde_json::from_slice(&decode(claims)?).ok())?
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_read_back_only_as_its_kind_and_only_whole() {
        let key = SigningKey::generate().expect("a key");
        let claims = json!({"sub": "mara"});
        let token = key.sign(Kind::Id, &claims).expect("a token");
        assert_eq!(key.read(Kind::Id, &token), Some(claims));
        assert_eq!(key.read(Kind::Access, &token), None);
        assert_eq!(SigningKey::generate().expect("a key").read(Kind::Id, &token), None);
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let (header, _) = signed.split_once('.').expect("three parts");
        let other = URL_SAFE_NO_PAD.encode(json!({"sub": "ada"}).to_string());
        assert_eq!(key.read(Kind::Id, &format!("{header}.{other}.{signature}")), None);
        for broken in ["", ".", "..", "a.b", "a.b.c"] {
            assert_eq!(key.read(Kind::Id, broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_kept_key_is_the_same_after_a_restart_and_private() {
        let folder = std::env::temp_dir().join(format!("development-issuer-key-{}", std::process::id()));
        let file = folder.join("deeper").join("issuer.json");
        let first = SigningKey::kept_in(&file).expect("made");
        let second = SigningKey::kept_in(&file).expect("read");
        assert_eq!(first.jwks(), second.jwks());
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        fs::write(&file, "{}").expect("written");
        let error = SigningKey::kept_in(&file).expect_err("refused").to_string();
        assert!(error.contains("remove it to start with a new one"), "{error}");
        fs::remove_dir_all(folder).expect("removed");
    }
}
