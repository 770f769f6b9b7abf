//! The names of a stack's parts, as a test says them.

use anyhow::{Result, bail};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Server,
    Issuer,
    Emulator,
    Postgres,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Issuer => "issuer",
            Self::Emulator => "emulator",
            Self::Postgres => "postgres",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self> {
        let all = [Self::Server, Self::Issuer, Self::Emulator, Self::Postgres];
        match all.into_iter().find(|part| part.name() == name) {
            Some(part) => Ok(part),
            None => bail!("a stack has no part `{name}`: server, issuer, emulator, postgres"),
        }
    }
}
