//! The server's configuration file, as a demo and a test stack write it.

use std::path::Path;

/// What the server is told. Everything it does not say has the server's own default.
#[derive(Debug, Clone)]
pub(crate) struct Settings<'a> {
    pub(crate) port: u16,
    pub(crate) site_root: &'a Path,
    pub(crate) database_url: &'a str,
    pub(crate) issuer_port: u16,
    pub(crate) emulator_port: u16,
    pub(crate) credential_key: &'a Path,
}

/// The client id that the server and the development issuer agree on.
pub(crate) const CLIENT_ID: &str = "agent-manager";

/// Where people reach the server. A host name, not an address: passkeys and `__Host-` cookies need one.
pub(crate) fn public_url(port: u16) -> String {
    format!("http://localhost:{port}")
}

impl Settings<'_> {
    pub(crate) fn to_toml(&self) -> String {
        let Self { port, issuer_port, emulator_port, .. } = self;
        format!(
            "# Written by `cargo xtask` at each start.\n\
             [http]\n\
             listen = \"127.0.0.1:{port}\"\n\
             public_url = {url}\n\
             site_root = {site_root}\n\n\
             [database]\n\
             url = {database}\n\n\
             [sign_in]\n\
             issuer = \"http://localhost:{issuer_port}\"\n\
             client_id = \"{CLIENT_ID}\"\n\
             development = true\n\n\
             [compute]\n\
             endpoint = \"http://127.0.0.1:{emulator_port}\"\n\n\
             [agents]\n\
             jwks_url = \"http://127.0.0.1:{emulator_port}/oauth2/v3/certs\"\n\
             credential_key_file = {key}\n\n\
             # Who may clear a change of a guarded environment: 2 of sre and 1 of security.\n\
             [approvals.groups]\n\
             sre = [\"mara\", \"wen\", \"noor\", \"jonah\"]\n\
             security = [\"ines\"]\n",
            url = quoted(&public_url(*port)),
            site_root = quoted(&self.site_root.to_string_lossy()),
            database = quoted(self.database_url),
            key = quoted(&self.credential_key.to_string_lossy()),
        )
    }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_toml_wants_them() {
        assert_eq!(quoted(r#"a "b" \c"#), r#""a \"b\" \\c""#);
        assert_eq!(quoted("tab\t"), "\"tab\\u0009\"");
    }

    #[test]
    fn each_part_gets_its_own_address() {
        let settings = Settings {
            port: 3000,
            site_root: Path::new("/site"),
            database_url: "postgres://x",
            issuer_port: 4001,
            emulator_port: 4002,
            credential_key: Path::new("/key"),
        };
        let toml = settings.to_toml();
        for line in [
            "listen = \"127.0.0.1:3000\"",
            "public_url = \"http://localhost:3000\"",
            "issuer = \"http://localhost:4001\"",
            "endpoint = \"http://127.0.0.1:4002\"",
            "jwks_url = \"http://127.0.0.1:4002/oauth2/v3/certs\"",
            "credential_key_file = \"/key\"",
        ] {
            assert!(toml.lines().any(|l| l == line), "{line} is not in\n{toml}");
        }
    }
}
