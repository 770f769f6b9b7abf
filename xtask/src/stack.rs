//! Everything the product needs, running on this machine: Postgres, the Compute Engine emulator, a development
//! OIDC issuer and the server with its worker. `demo` shows it to people, `stack` hands it to browser tests.

mod parts;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

pub(crate) use self::parts::Part;
use crate::port::{self, Ports};
use crate::postgres::{self, Cluster, Durability};
use crate::service::{Rooms, Service};
use crate::settings::{self, Settings};
use crate::{probe, process, proxy, terminal, workspace};

/// How to start a stack.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The people's port; `None` takes a free one.
    pub(crate) port: Option<u16>,
    /// Where all state lives.
    pub(crate) folder: PathBuf,
    /// How much faster than the world the emulator's time runs, as it wants to be told: `20x`.
    pub(crate) clock: String,
    pub(crate) durability: Durability,
    /// The programs of a release, not those that developers build.
    pub(crate) release: bool,
    /// Whether the cloud's VMs boot agents, and whether the server carries out what was approved.
    pub(crate) alive: bool,
}

/// A running stack. Fields are in the order in which they are dropped, which is the order of an orderly end:
/// nobody loses what it still writes to.
#[derive(Debug)]
pub(crate) struct Stack {
    server: Option<Service>,
    issuer: Option<Service>,
    emulator: Option<Service>,
    postgres: Option<Cluster>,
    folder: PathBuf,
    rooms: Rooms,
    options: Options,
    port: u16,
    issuer_port: u16,
    emulator_port: u16,
    /// Held as long as we live: two stacks on one folder would tear each other's state.
    _lock: File,
}

impl Stack {
    /// Starts everything, in order, each stage with its time on standard error.
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let folder = &options.folder;
        fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
        let folder = fs::canonicalize(folder)?;
        let lock = lock(&folder)?;
        let rooms = Rooms::in_folder(&folder)?;
        end_leftovers(&rooms);
        let port = people_port(options.port)?;
        let ports_file = folder.join("ports");
        let mut ports = Ports::read(&ports_file);
        let (issuer_port, emulator_port) = (ports.keep("issuer", port)?, ports.keep("emulator", port)?);
        ports.write(&ports_file)?;
        let mut stack = Self {
            server: None,
            issuer: None,
            emulator: None,
            postgres: None,
            rooms,
            options: options.clone(),
            port,
            issuer_port,
            emulator_port,
            _lock: lock,
            folder,
        };
        stack.bring_up(options.durability)?;
        Ok(stack)
    }

    fn bring_up(&mut self, durability: Durability) -> Result<()> {
        terminal::stage("Postgres", || {
            let cluster = Cluster::start(&self.folder, &self.rooms, durability)?;
            cluster.prepare_database(false)?;
            let mut words = cluster.version().to_owned();
            if !cluster.folder().starts_with(&self.folder) {
                // Said, because a person who looks for the data would not find it.
                words = format!("{words} in {}", cluster.folder().display());
            }
            self.postgres = Some(cluster);
            Ok(((), words))
        })?;
        terminal::stage("emulator", || {
            self.start_part(Part::Emulator)?;
            Ok(((), format!("Compute Engine at http://127.0.0.1:{}", self.emulator_port)))
        })?;
        terminal::stage("issuer", || {
            self.start_part(Part::Issuer)?;
            Ok(((), format!("OpenID Connect at http://localhost:{}", self.issuer_port)))
        })?;
        terminal::stage("migrations", || {
            self.write_settings()?;
            let mut migrate = Command::new(self.program("agent-manager"));
            migrate.arg("migrate").arg("--config").arg(self.settings_file());
            process::capture(&mut migrate).context("could not bring the database up to date")?;
            Ok(((), "database up to date".to_owned()))
        })?;
        terminal::stage("server", || {
            self.start_part(Part::Server)?;
            Ok(((), settings::public_url(self.port)))
        })
    }

    /// Starts one part again, as it was.
    pub(crate) fn start_part(&mut self, part: Part) -> Result<()> {
        let (port, url) = (self.port, settings::public_url(self.port));
        match part {
            Part::Postgres => match &mut self.postgres {
                Some(cluster) => cluster.resume()?,
                None => bail!("Postgres was never started"),
            },
            Part::Emulator => {
                let at = self.emulator_port;
                let mut command = Command::new(self.program("compute-emulator"));
                command.args([
                    "--listen",
                    &format!("127.0.0.1:{at}"),
                    "--clock",
                    &self.options.clock,
                    "--agents",
                    if self.options.alive { "on" } else { "off" },
                ]);
                command.args(["--agent-manager-url", &url]);
                command.arg("--state").arg(self.folder.join("compute.json"));
                self.emulator = None;
                let service = self.emulator.insert(self.launch("emulator", &mut command)?);
                service.wait_until(Duration::from_secs(30), || probe::accepts(at))?;
            }
            Part::Issuer => {
                let at = self.issuer_port;
                let mut command = Command::new(self.program("development-issuer"));
                command.args(["--listen", &format!("127.0.0.1:{at}"), "--client-id", settings::CLIENT_ID]);
                command.args(["--redirect-uri", &format!("{url}/sign-in/callback")]);
                command.arg("--state").arg(self.folder.join("issuer.json"));
                self.issuer = None;
                let service = self.issuer.insert(self.launch("issuer", &mut command)?);
                service.wait_until(Duration::from_secs(30), || {
                    probe::status(at, "/.well-known/openid-configuration") == Some(200)
                })?;
            }
            Part::Server => {
                let mut command = Command::new(self.program("agent-manager"));
                command.arg("serve").args(self.options.alive.then_some("--work"));
                command.arg("--config").arg(self.settings_file());
                self.server = None;
                let service = self.server.insert(self.launch("server", &mut command)?);
                service.wait_until(Duration::from_secs(60), || {
                    ["/livez", "/readyz"].iter().all(|path| probe::status(port, path) == Some(200))
                })?;
            }
        }
        Ok(())
    }

    /// Stops one part in its orderly way.
    pub(crate) fn stop_part(&mut self, part: Part) {
        match part {
            Part::Server => self.server = None,
            Part::Issuer => self.issuer = None,
            Part::Emulator => self.emulator = None,
            Part::Postgres => self.postgres.iter_mut().for_each(Cluster::stop),
        }
    }

    /// Ends one part as a crash would.
    pub(crate) fn kill_part(&mut self, part: Part) {
        let service = match part {
            Part::Server => self.server.take(),
            Part::Issuer => self.issuer.take(),
            Part::Emulator => self.emulator.take(),
            Part::Postgres => return self.postgres.iter_mut().for_each(Cluster::kill),
        };
        if let Some(mut service) = service {
            service.kill();
        }
    }

    /// Stops everything, saying so.
    pub(crate) fn stop(mut self) -> Result<()> {
        for part in [Part::Server, Part::Issuer, Part::Emulator, Part::Postgres] {
            terminal::stage(part.name(), || {
                self.stop_part(part);
                Ok(((), "stopped".to_owned()))
            })?;
        }
        Ok(())
    }

    /// An error when a part has ended by itself, with its last words.
    pub(crate) fn all_well(&mut self) -> Result<()> {
        let cluster = self.postgres.as_mut().and_then(Cluster::service);
        let services = [self.server.as_mut(), self.issuer.as_mut(), self.emulator.as_mut(), cluster];
        for service in services.into_iter().flatten() {
            if let Some(status) = service.ended() {
                bail!("{} ended ({status}); its last words:\n{}", service.name(), service.last_words());
            }
        }
        Ok(())
    }

    pub(crate) fn url(&self) -> String {
        settings::public_url(self.port)
    }

    /// `Postgres 15.18`, for people.
    pub(crate) fn database_version(&self) -> &str {
        self.postgres.as_ref().map_or("", Cluster::version)
    }

    /// What a browser test wants to know.
    pub(crate) fn description(&self) -> serde_json::Value {
        serde_json::json!({
            "url": self.url(),
            "emulator": format!("http://127.0.0.1:{}", self.emulator_port),
            "issuer": format!("http://localhost:{}", self.issuer_port),
            "database": self.database_url(),
            "psql": self.postgres.as_ref().map(Cluster::psql),
            "folder": self.folder,
        })
    }

    fn launch(&self, name: &'static str, command: &mut Command) -> Result<Service> {
        if !Path::new(command.get_program()).exists() {
            bail!("{} is not built: run without --no-build", command.get_program().display());
        }
        let command = proxy::spare_loopback(command.current_dir(workspace::root()));
        Service::start(name, command, &self.rooms, Signal::TERM)
    }

    fn program(&self, name: &str) -> PathBuf {
        workspace::program(name, self.options.release)
    }

    fn settings_file(&self) -> PathBuf {
        self.folder.join("server.toml")
    }

    fn database_url(&self) -> String {
        self.postgres.as_ref().map(Cluster::url).unwrap_or_default()
    }

    fn write_settings(&self) -> Result<()> {
        let key = self.folder.join("agent-credential.key");
        if !key.exists() {
            write_secret(&key)?;
        }
        let settings = Settings {
            port: self.port,
            site_root: &workspace::site(),
            database_url: &self.database_url(),
            issuer_port: self.issuer_port,
            emulator_port: self.emulator_port,
            credential_key: &key,
        };
        fs::write(self.settings_file(), settings.to_toml())
            .context("could not write the server's configuration")
    }
}

/// Removes a fleet and everything about it. Logs go too.
pub(crate) fn forget(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let folder = fs::canonicalize(folder)?;
    let _lock = lock(&folder)?;
    end_leftovers(&Rooms::in_folder(&folder)?);
    postgres::forget(&folder)?;
    // By name: a person may have pointed --data-dir at a folder with other things in it.
    for file in ["compute.json", "issuer.json", "server.toml", "ports", "agent-credential.key"] {
        let _ = fs::remove_file(folder.join(file));
    }
    for subfolder in ["logs", "run"] {
        let _ = fs::remove_dir_all(folder.join(subfolder));
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File> {
    let file = File::create(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => {
            bail!("{} is in use by another demo: stop it, or name another --data-dir", folder.display())
        }
    }
}

/// Ends what a killed run left running. Postgres sees to its own.
fn end_leftovers(rooms: &Rooms) {
    for name in ["server", "issuer", "emulator"] {
        if rooms.end_leftover(name, Signal::TERM) {
            terminal::warn(format_args!("  ended the {name} that an earlier run left behind"));
        }
    }
}

fn people_port(wanted: Option<u16>) -> Result<u16> {
    match wanted {
        None | Some(0) => port::free(),
        Some(port) if port::is_free(port) => Ok(port),
        Some(port) => bail!("port {port} is taken by another program: choose one with --port"),
    }
}

/// 32 random bytes that only we can read.
fn write_secret(file: &Path) -> Result<()> {
    let mut secret = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut secret))
        .context("no randomness")?;
    let mut options = File::options();
    let created = options.write(true).create_new(true).mode(0o600).open(file);
    let mut created = created.with_context(|| format!("could not write {}", file.display()))?;
    std::io::Write::write_all(&mut created, &secret)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_taken_port_names_the_way_out() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = people_port(Some(port)).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }

    #[test]
    fn a_folder_serves_one_stack_at_a_time() {
        let scratch = Scratch::new("stack").unwrap();
        let first = lock(scratch.path()).unwrap();
        assert!(lock(scratch.path()).unwrap_err().to_string().contains("--data-dir"));
        drop(first);
        lock(scratch.path()).unwrap();
    }

    #[test]
    fn a_secret_is_random_and_private() {
        let scratch = Scratch::new("stack").unwrap();
        let (one, two) = (scratch.path().join("one"), scratch.path().join("two"));
        write_secret(&one).unwrap();
        write_secret(&two).unwrap();
        assert_eq!(fs::read(&one).unwrap().len(), 32);
        assert_ne!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
        assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_secret(&one).is_err(), "a key in use is never replaced");
    }

    #[test]
    fn forgetting_leaves_what_is_not_ours() {
        let scratch = Scratch::new("stack").unwrap();
        for file in ["compute.json", "notes.txt"] {
            fs::write(scratch.path().join(file), "x").unwrap();
        }
        forget(scratch.path()).unwrap();
        assert!(!scratch.path().join("compute.json").exists());
        assert!(scratch.path().join("notes.txt").exists());
        forget(&scratch.path().join("never")).unwrap();
    }
}
