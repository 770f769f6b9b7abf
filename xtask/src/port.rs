//! Free ports, and the ones a data directory keeps from run to run.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Whether a server could listen on this loopback port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port that a person typed.
pub(crate) fn parse(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(port) if port != 0 => Ok(port),
        _ => bail!("`{text}` is not a port: 1 to 65535"),
    }
}

/// A port that nothing listens on.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Ports by name. Kept in a file, because a restart that moved the emulator would break every link stored in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports(BTreeMap<String, u16>);

impl Ports {
    /// Reads `name=port` lines; lines that are none are dropped, since a new port is always possible.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Self(
            pairs
                .filter_map(|(name, port)| Some((name.trim().to_owned(), port.trim().parse().ok()?)))
                .collect(),
        )
    }

    pub(crate) fn read(file: &Path) -> Self {
        Self::parse(&fs::read_to_string(file).unwrap_or_default())
    }

    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let lines: String = self.0.iter().map(|(name, port)| format!("{name}={port}\n")).collect();
        fs::write(file, lines).with_context(|| format!("could not write {}", file.display()))
    }

    /// The port of that name: the one it had, unless somebody else has taken it meanwhile. It is never `beside` nor of another name:
    /// nobody listens on those yet, so that each could be drawn again.
    pub(crate) fn keep(&mut self, name: &str, beside: u16) -> Result<u16> {
        let others: Vec<u16> =
            self.0.iter().filter(|(other, _)| *other != name).map(|(_, port)| *port).collect();
        let spoken_for = |port: u16| port == beside || others.contains(&port);
        let port = match self.0.get(name) {
            Some(&port) if port != 0 && !spoken_for(port) && is_free(port) => port,
            _ => loop {
                let port = free()?;
                if !spoken_for(port) {
                    break port;
                }
            },
        };
        self.0.insert(name.to_owned(), port);
        Ok(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_and_nonsense_is_dropped() {
        let ports = Ports::parse("emulator=41233\n\nissuer = 7\nhuge=99999\nnothing\n");
        assert_eq!(ports.0, BTreeMap::from([("emulator".to_owned(), 41233), ("issuer".to_owned(), 7)]));
    }

    #[test]
    fn a_port_is_kept_until_somebody_takes_it() {
        let mut ports = Ports::default();
        let first = ports.keep("emulator", 0).unwrap();
        assert_eq!(ports.keep("emulator", 0).unwrap(), first);
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        assert_ne!(ports.keep("emulator", 0).unwrap(), first);
    }

    #[test]
    fn no_two_names_have_one_port() {
        let port = free().unwrap();
        let mut ports = Ports::parse(&format!("issuer={port}\nemulator={port}\n"));
        assert_ne!(ports.keep("emulator", 0).unwrap(), port);
        assert_eq!(ports.keep("issuer", 0).unwrap(), port);
        assert_ne!(ports.keep("issuer", port).unwrap(), port);
    }
}
