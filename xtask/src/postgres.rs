//! A private Postgres: the cluster of a demo or of one test run, reached through a socket that only we may enter.
//! Which Postgres it is, and how it gets here, is in `programs`; under whose name it runs, in `account`.

mod account;
mod leftover;
mod programs;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use self::account::Account;
pub(crate) use self::programs::Programs;
use crate::process;
use crate::service::{Rooms, Service};

/// The product's own role and database.
pub(crate) const NAME: &str = "agent_manager";

/// What Postgres copies for a `create database` that names no other.
const TEMPLATE: &str = "template1";

/// `sockaddr_un` holds 108 bytes on Linux and 104 elsewhere, a closing zero included; Postgres appends
/// `/.s.PGSQL.5432` and, for its lock, `.lock`.
const LONGEST_SOCKET_FOLDER: usize = 103 - "/.s.PGSQL.5432.lock".len();

/// How a folder's name begins in which a cluster is being made.
const ATTEMPT: &str = "cluster.";

/// How a file begins whose statement cannot be in a transaction, to sqlx and so to us.
const NO_TRANSACTION: &str = "-- no-transaction";

/// What a power cut may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing: Postgres' own settings.
    Safe,
    /// Everything: no fsync, and the data goes with its owner.
    Throwaway,
}

/// A running cluster. Dropped, it is stopped, and removed if it is a throwaway.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: Programs,
    places: Places,
    durability: Durability,
    rooms: Rooms,
    service: Option<Service>,
}

#[derive(Debug)]
struct Places {
    /// Ours alone (0700), owned by `account` if there is one.
    home: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    account: Option<Account>,
}

impl Cluster {
    /// Starts the cluster that lives in `folder/postgres`, after making it if there is none and after ending what
    /// a killed run left behind.
    pub(crate) fn start(folder: &Path, rooms: &Rooms, durability: Durability) -> Result<Self> {
        let account = Account::needed()?;
        let places = Places::choose(folder, account)?;
        let programs = Programs::find_or_install(places.major()?)?;
        let mut cluster = Self { programs, places, durability, rooms: rooms.clone(), service: None };
        cluster.places.prepare()?;
        leftover::end(&cluster.places.data, &cluster.places.socket)?;
        if !cluster.places.data.join("PG_VERSION").exists() {
            cluster.initialise()?;
        }
        cluster.resume()?;
        Ok(cluster)
    }

    /// Starts the server again after [`Cluster::stop`] or [`Cluster::kill`].
    pub(crate) fn resume(&mut self) -> Result<()> {
        self.service = None;
        leftover::end(&self.places.data, &self.places.socket)?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.places.data).arg("-k").arg(&self.places.socket);
        let mut settings = vec!["listen_addresses=", "unix_socket_permissions=0700", "max_connections=200"];
        if self.durability == Durability::Throwaway {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        // SIGINT is Postgres' fast shutdown: sessions are ended, data is written.
        let mut service = Service::start("postgres", &mut command, &self.rooms, Signal::INT)?;
        service.wait_until(Duration::from_secs(60), || {
            let mut question = self.client("pg_isready");
            process::capture(question.arg("--quiet")).is_ok()
        })?;
        self.service = Some(service);
        Ok(())
    }

    /// Makes the product's role and its database, unless they are there. The role may create databases and roles when
    /// `creator` is set (each database test makes its own, and one a role without rights); it is never a superuser.
    pub(crate) fn prepare_database(&self, creator: bool) -> Result<()> {
        let has = |catalogue: &str, column: &str| {
            self.sql("postgres", &format!("select 1 from {catalogue} where {column} = '{NAME}'"))
        };
        if has("pg_roles", "rolname")?.is_empty() {
            let right = if creator { "createdb createrole" } else { "nocreatedb nocreaterole" };
            self.sql("postgres", &format!("create role {NAME} login {right}"))?;
        }
        if has("pg_database", "datname")?.is_empty() {
            self.sql("postgres", &format!("create database {NAME} owner {NAME}"))?;
        }
        Ok(())
    }

    /// Runs SQL as the superuser; the answer is unaligned, without a heading.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> Result<String> {
        let mut psql = self.client("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement]);
        Ok(process::capture(&mut psql)?.trim().to_owned())
    }

    /// Runs a file of SQL as the product's role, in one transaction unless it asks for none.
    pub(crate) fn run_file(&self, file: &Path) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("no {}", file.display()))?;
        let mut psql = self.client("psql");
        if !text.starts_with(NO_TRANSACTION) {
            psql.arg("-1");
        }
        psql.args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", NAME, "-f"]).arg(file);
        // After -U postgres: the last one counts.
        psql.args(["-U", NAME]);
        process::capture(&mut psql)?;
        Ok(())
    }

    /// How sqlx reaches the product's database as the product's role.
    pub(crate) fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// Lets the product's role fill what each new database is a copy of; how sqlx reaches that.
    pub(crate) fn template(&self) -> Result<String> {
        self.sql("postgres", &format!("alter database {TEMPLATE} owner to {NAME}"))?;
        Ok(self.url_of(TEMPLATE))
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{NAME}@localhost/{database}?host={}", percent_encoded(&self.places.socket))
    }

    /// The client that came with this Postgres, wherever that is.
    pub(crate) fn psql(&self) -> PathBuf {
        self.programs.path("psql")
    }

    /// `Postgres 15.18`, for people.
    pub(crate) fn version(&self) -> &str {
        self.programs.version()
    }

    /// The folder the data is in; another one than asked for when an unprivileged user could not reach that.
    pub(crate) fn folder(&self) -> &Path {
        &self.places.home
    }

    pub(crate) fn service(&mut self) -> Option<&mut Service> {
        self.service.as_mut()
    }

    /// Stops the server; the data stays.
    pub(crate) fn stop(&mut self) {
        self.service = None;
    }

    /// Kills the server as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            service.kill();
        }
    }

    /// Makes the cluster beside its place and moves it there whole. Killed half-way, initdb leaves a folder that says
    /// its version and holds no database.
    fn initialise(&self) -> Result<()> {
        self.places.clear_attempts()?;
        // With our number: an initdb whose run was killed may still be about to remove its own.
        let attempt = self.places.home.join(format!("{ATTEMPT}{}", std::process::id()));
        let mut initdb = self.command("initdb");
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-instructions",
        ]);
        if self.durability == Durability::Throwaway {
            initdb.arg("--no-sync");
        }
        process::capture(initdb.arg("-D").arg(&attempt)).context("could not make a Postgres cluster")?;
        // What is there has no version: it never was a cluster.
        if self.places.data.exists() {
            fs::remove_dir_all(&self.places.data)?;
        }
        fs::rename(&attempt, &self.places.data)
            .with_context(|| format!("could not move {} to its place", attempt.display()))
    }

    /// A server program, under the account's name, in a folder that the account can enter.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.path(program));
        command.current_dir("/").env_remove("LC_ALL").env("LANG", "C");
        if let Some(account) = &self.places.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// A client program, under our own name.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.path(program));
        command.args(["-U", "postgres", "-h"]).arg(&self.places.socket).current_dir("/").env_remove("PGPORT");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
        if self.durability == Durability::Throwaway {
            self.places.remove();
        }
    }
}

/// Removes a cluster that is not running (its leftovers are ended first).
pub(crate) fn forget(folder: &Path) -> Result<()> {
    let places = Places::choose(folder, Account::needed()?)?;
    leftover::end(&places.data, &places.socket)?;
    places.remove();
    Ok(())
}

impl Places {
    fn choose(folder: &Path, account: Option<Account>) -> Result<Self> {
        let mut home = folder.join("postgres");
        if let Some(account) = &account {
            fs::create_dir_all(folder)?;
            if !account.may_enter(folder) {
                home = Path::new("/var/tmp").join(short_name(folder));
            }
        }
        let mut socket = home.join("socket");
        if socket.as_os_str().len() > LONGEST_SOCKET_FOLDER {
            socket = std::env::temp_dir().join(short_name(folder)).join("socket");
        }
        if socket.as_os_str().len() > LONGEST_SOCKET_FOLDER {
            socket = Path::new("/tmp").join(short_name(folder)).join("socket");
        }
        Ok(Self { data: home.join("cluster"), home, socket, account })
    }

    /// The major version that made the data; `None` when there is none yet.
    fn major(&self) -> Result<Option<u32>> {
        let file = self.data.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => match text.trim().parse() {
                Ok(major) => Ok(Some(major)),
                Err(_) => bail!("{} holds {text:?}, not a Postgres version: try --fresh", file.display()),
            },
            Err(_) => Ok(None),
        }
    }

    fn prepare(&self) -> Result<()> {
        let socket_home = self.socket.parent().unwrap_or(&self.socket);
        for path in [self.home.as_path(), socket_home, self.socket.as_path()] {
            fs::create_dir_all(path).with_context(|| format!("could not create {}", path.display()))?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))
                .with_context(|| format!("{} is not ours", path.display()))?;
            if let Some(account) = &self.account {
                chown(path, Some(account.uid), Some(account.gid))?;
            }
        }
        Ok(())
    }

    /// Removes what first starts left that were killed half-way.
    fn clear_attempts(&self) -> Result<()> {
        for entry in fs::read_dir(&self.home)? {
            let attempt = entry?.path();
            let name = attempt.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(ATTEMPT) {
                leftover::clear(&attempt, &self.socket)?;
            }
        }
        Ok(())
    }

    fn remove(&self) {
        let _ = fs::remove_dir_all(&self.home);
        if let Some(socket_home) = self.socket.parent() {
            let _ = fs::remove_dir_all(socket_home);
        }
    }
}

/// A short name for a long path, the same at each run.
fn short_name(folder: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("agent-manager-{:016x}", hasher.finish())
}

fn percent_encoded(path: &Path) -> String {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|&byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests;
