//! Who asks for signatures: the name that passkeys are bound to, and the one origin from which they are asked.

use sha2::{Digest as _, Sha256};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host's name; passkeys of another name do not sign for it.
    pub id: String,
    /// Scheme, host and port, as browsers spell it.
    pub origin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passkeys need https, or http on localhost, with a host name and no path; this is `{0}`")]
pub struct InvalidOrigin(pub String);

impl RelyingParty {
    /// From the address at which browsers reach us, for example `https://fleet.example.com`.
    pub fn from_url(url: &str) -> Result<Self, InvalidOrigin> {
        let refused = || InvalidOrigin(url.chars().take(200).collect());
        let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| refused())?)),
            None => (rest, None),
        };
        let host = host.to_ascii_lowercase();
        let named = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
            && !host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let usual = match scheme {
            "https" => 443,
            "http" if host == "localhost" || host.ends_with(".localhost") => 80,
            _ => return Err(refused()),
        };
        if !named {
            return Err(refused());
        }
        let origin = match port.filter(|port| *port != usual) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Ok(Self { id: host, origin })
    }

    pub(crate) fn id_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.id.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_names_it() {
        let party = |url| RelyingParty::from_url(url).map(|party| (party.id, party.origin));
        let is = |id: &str, origin: &str| Ok((id.to_owned(), origin.to_owned()));
        assert_eq!(party("http://localhost:3000"), is("localhost", "http://localhost:3000"));
        assert_eq!(party("https://Fleet.example.com/"), is("fleet.example.com", "https://fleet.example.com"));
        assert_eq!(
            party("https://fleet.example.com:443"),
            is("fleet.example.com", "https://fleet.example.com")
        );
        for wrong in [
            "http://fleet.example.com",
            "https://10.0.0.1",
            "https://",
            "https://a/b",
            "fleet",
            "https://a:x",
            "ftp://a",
        ] {
            assert!(party(wrong).is_err(), "{wrong}");
        }
    }
}
