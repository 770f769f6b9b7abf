//! Which Postgres: the one `PG_BIN_DIR` names, else the newest of those found, else one that is installed now.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{process, setup};

/// The oldest major version the product is tested with.
const OLDEST: u32 = 15;

/// A folder with `postgres`, `initdb`, `psql` and `pg_isready` of one version.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    folder: PathBuf,
    version: String,
    major: u32,
}

impl Programs {
    /// The programs for data of that major version, or for new data.
    pub(crate) fn find_or_install(data: Option<u32>) -> Result<Self> {
        if let Some(found) = Self::find(data)? {
            return Ok(found);
        }
        setup::install_packages(&["postgresql"], "the database that the product keeps everything in")?;
        match Self::find(data)? {
            Some(found) => Ok(found),
            None => match data {
                Some(major) => bail!(
                    "the data was made by Postgres {major}, which is not here: install it, name it by PG_BIN_DIR, \
                     or start anew with --fresh"
                ),
                None => bail!("installed, but no Postgres ≥ {OLDEST} found: name its folder by PG_BIN_DIR"),
            },
        }
    }

    /// Looks in `PG_BIN_DIR` alone if that is set, else in `PATH` and the usual folders.
    pub(crate) fn find(data: Option<u32>) -> Result<Option<Self>> {
        if let Some(folder) = std::env::var_os("PG_BIN_DIR").filter(|folder| !folder.is_empty()) {
            let folder = PathBuf::from(folder);
            return match Self::in_folder(&folder) {
                Some(found) if found.major < OLDEST => {
                    bail!("PG_BIN_DIR={} holds {}; ≥ {OLDEST} is needed", folder.display(), found.version)
                }
                Some(found) if data.is_none_or(|major| major == found.major) => Ok(Some(found)),
                Some(found) => bail!(
                    "PG_BIN_DIR={} holds {}, but the data was made by Postgres {}: try --fresh",
                    folder.display(),
                    found.version,
                    data.unwrap_or_default()
                ),
                None => {
                    bail!("PG_BIN_DIR={} holds no postgres, initdb, psql and pg_isready", folder.display())
                }
            };
        }
        let found = folders().iter().filter_map(|folder| Self::in_folder(folder)).collect();
        Ok(newest(found, data))
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        // initdb looks for its siblings beside its real place, so links are followed first.
        let folder = std::fs::canonicalize(folder.join("initdb")).ok()?.parent()?.to_path_buf();
        if !["postgres", "psql", "pg_isready"].iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let words = process::capture(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        let (major, version) = parse_version(&words)?;
        Some(Self { folder, version: format!("Postgres {version}"), major })
    }

    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// `Postgres 15.18`
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

fn newest(found: Vec<Programs>, data: Option<u32>) -> Option<Programs> {
    let fits =
        |programs: &Programs| programs.major >= OLDEST && data.is_none_or(|major| major == programs.major);
    found.into_iter().filter(fits).max_by_key(|programs| programs.major)
}

fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (parent, within) in [
        ("/usr/lib/postgresql", "bin"),
        ("/usr/local/opt", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr", "bin"),
    ] {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if parent == "/usr/lib/postgresql"
                || name.starts_with("postgresql@")
                || name.starts_with("pgsql-")
            {
                folders.push(entry.path().join(within));
            }
        }
    }
    folders
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → 15 and `15.18`; a beta is `17beta1`.
fn parse_version(words: &str) -> Option<(u32, &str)> {
    let version = words.split_whitespace().nth(2)?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    Some((version.get(..digits)?.parse().ok()?, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_distributions_print_them() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, "15.18")));
        assert_eq!(parse_version("postgres (PostgreSQL) 17beta1"), Some((17, "17beta1")));
        assert_eq!(parse_version("postgres"), None);
    }

    #[test]
    fn the_newest_counts_unless_the_data_says_otherwise() {
        let programs = |major| Programs { folder: PathBuf::new(), version: String::new(), major };
        let found = || vec![programs(14), programs(16), programs(15)];
        assert_eq!(newest(found(), None).map(|p| p.major), Some(16));
        assert_eq!(newest(found(), Some(15)).map(|p| p.major), Some(15));
        assert_eq!(newest(found(), Some(14)).map(|p| p.major), None, "too old, whoever made the data");
        assert_eq!(newest(found(), Some(17)).map(|p| p.major), None);
    }
}
