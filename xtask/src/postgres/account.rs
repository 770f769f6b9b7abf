//! Postgres refuses to run as root. As root, its server runs under an unprivileged user's name.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// An unprivileged user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// The user to become; `None` when we are not root and need not become anyone.
    pub(super) fn needed() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").context("could not read /etc/passwd")?;
        match ["postgres", "nobody"].iter().find_map(|name| Self::parse(&users, name)) {
            Some(account) => Ok(Some(account)),
            None => bail!(
                "Postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as"
            ),
        }
    }

    fn parse(users: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> = users
            .lines()
            .map(|line| line.split(':').collect())
            .find(|f: &Vec<&str>| f.first() == Some(&name))?;
        let account = Self { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? };
        (account.uid != 0).then_some(account)
    }

    /// Whether this user can pass through the folder and all above it. Asked of the system itself: the answer
    /// depends on access lists and mounts too.
    pub(super) fn may_enter(&self, folder: &Path) -> bool {
        let mut test = Command::new("test");
        test.arg("-x").arg(folder).current_dir("/").uid(self.uid).gid(self.gid);
        test.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\npostgresql:x:7:7::/:/bin/sh\n\
        postgres:x:104:111:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\nbroken:x\n";

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        assert_eq!(Account::parse(USERS, "postgres"), Some(Account { uid: 104, gid: 111 }));
        assert_eq!(Account::parse(USERS, "nobody"), None);
        assert_eq!(Account::parse(USERS, "broken"), None);
        assert_eq!(Account::parse(USERS, "root"), None, "root is nobody to become");
    }
}
