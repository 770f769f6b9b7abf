//! An OpenID Connect issuer for development: personas instead of passwords, everything else as the standards say.
//!
//! It listens on loopback only and says `agent_manager_development` in its metadata, so that nothing outside
//! development ever trusts it.

mod authorize;
mod discovery;
mod grants;
mod logout;
mod page;
mod persona;
mod provider;
mod signing;
mod token;
mod userinfo;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use persona::{Persona, demo_personas};
use provider::Provider;
use signing::SigningKey;

/// The claim in the metadata document by which a control plane recognises this issuer.
pub const DEVELOPMENT_MARK: &str = "agent_manager_development";

/// How long open connections may finish their answer after a shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// Where codes and tokens take their time from.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// One issuer with one client.
#[derive(Clone)]
pub struct Config {
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The issuer's own URL as the client must know it; without one, `http://localhost:PORT`.
    pub issuer: Option<String>,
    pub client_id: String,
    /// With a secret the client must prove itself by it (basic or post); without, PKCE alone binds the code.
    pub client_secret: Option<String>,
    /// Compared letter by letter. A logout may return to any address of the same origins.
    pub redirect_uris: Vec<String>,
    pub personas: Vec<Persona>,
    /// Keeps the signing key, so that tokens survive a restart; without it, each start has a new key.
    pub state: Option<PathBuf>,
}

impl Config {
    /// A public client on any free port, with the demo's personas and a key that lasts as long as the process.
    pub fn new(client_id: impl Into<String>, redirect_uris: Vec<String>) -> Config {
        Config {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            issuer: None,
            client_id: client_id.into(),
            client_secret: None,
            redirect_uris,
            personas: demo_personas(),
            state: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "…"))
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// A running issuer. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Issuer {
    /// Binds and serves by the machine's clock.
    pub async fn start(config: Config) -> anyhow::Result<Issuer> {
        Issuer::start_at(config, Arc::new(machine_time)).await
    }

    /// As [`Issuer::start`], by another clock.
    pub async fn start_at(config: Config, clock: Clock) -> anyhow::Result<Issuer> {
        ensure!(
            config.listen.ip().is_loopback(),
            "{} can be reached from other machines: a development issuer listens on loopback only, e.g. 127.0.0.1:{}",
            config.listen,
            config.listen.port(),
        );
        let key = match &config.state {
            Some(file) => SigningKey::kept_in(file)?,
            None => SigningKey::generate()?,
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {} for sign-in", config.listen))?;
        let address = listener.local_addr()?;
        let url = config.issuer.clone().unwrap_or_else(|| default_issuer(address));
        let provider = Provider::new(config, url.clone(), key, clock)?;

        let stop = CancellationToken::new();
        let server = axum::serve(listener, provider::router(Arc::new(provider)))
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let stopped = stop.clone();
        let tasks = TaskTracker::new();
        tasks.spawn(async move {
            let overdue = async {
                stopped.cancelled().await;
                tokio::time::sleep(GRACE).await;
            };
            tokio::select! {
                result = server => if let Err(error) = result {
                    tracing::error!(%error, "the issuer's server failed");
                },
                () = overdue => {}
            }
        });
        tasks.close();
        Ok(Issuer { url, address, stop, tasks })
    }

    /// The issuer as clients and tokens name it, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address really bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port is free when it returns.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Browsers treat `localhost` as secure and keep its cookies apart from an address; other loopback addresses have no name.
fn default_issuer(address: SocketAddr) -> String {
    let named = address.ip() == Ipv4Addr::LOCALHOST || address.is_ipv6();
    if named { format!("http://localhost:{}", address.port()) } else { format!("http://{address}") }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the issuer takes the time of its own machine"
)]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_refuses_to_be_reached_from_other_machines() {
        let mut config = Config::new("agent-manager", vec!["http://localhost:3000/callback".into()]);
        config.listen = "0.0.0.0:0".parse().expect("an address");
        let error = Issuer::start(config).await.expect_err("refused").to_string();
        assert!(error.contains("listens on loopback only"), "{error}");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let mut config = Config::new("agent-manager", Vec::new());
        config.client_secret = Some("do-not-print".into());
        assert!(!format!("{config:?}").contains("do-not-print"));
    }
}
