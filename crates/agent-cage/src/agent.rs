//! An agent from bind to stop: it owns the listener and joins the health server with the reporting loop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::load::LoadSource;
use crate::metadata::Metadata;
use crate::reporting::Reporter;
use crate::script::Script;
use crate::state::{Clock, State, system_clock};
use crate::{Config, health, wire};

/// How long open connections may finish their answer after `stop`.
const GRACE: Duration = Duration::from_secs(2);

/// A bound agent that does not work yet: no request has left, but its port is taken.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    client: Option<reqwest::Client>,
    load: LoadSource,
    clock: Clock,
    script: watch::Receiver<Script>,
    boot_id: Uuid,
}

impl Agent {
    /// Takes the port, and so tells at once whether it is free.
    pub async fn bind(config: Config) -> anyhow::Result<Agent> {
        wire::check_base_url(&config.metadata)
            .with_context(|| format!("the metadata server's address {:?} cannot be used", config.metadata))?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {} for health checks", config.listen))?;
        let address = listener.local_addr()?;
        let load = LoadSource::Modelled { seed: config.seed };
        let boot_id = State::fresh_boot();
        // Nobody writes a script unless one is given: the channel keeps its last word when its sender is gone.
        let script = watch::channel(Script::default()).1;
        Ok(Agent { config, listener, address, client: None, load, clock: system_clock, script, boot_id })
    }

    /// Shares connections and trusted roots between many agents; make it with [`crate::http_client`].
    /// Without one, the agent makes its own when it runs.
    pub fn with_client(mut self, client: reqwest::Client) -> Agent {
        self.client = Some(client);
        self
    }

    /// Replaces the modelled load of the configured seed.
    pub fn with_load(mut self, load: LoadSource) -> Agent {
        self.load = load;
        self
    }

    /// Plays what this channel says.
    pub fn with_script(mut self, script: watch::Receiver<Script>) -> Agent {
        self.script = script;
        self
    }

    /// Replaces the wall clock behind timestamps and the credential's end.
    pub fn with_clock(mut self, clock: Clock) -> Agent {
        self.clock = clock;
        self
    }

    /// The address really bound, also when the configured port was 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Fresh at each bind and at each restart of the work; heartbeats are numbered within it. This is the first one.
    pub fn boot_id(&self) -> Uuid {
        self.boot_id
    }

    /// Serves and reports until `stop` is cancelled; the port is free when it returns.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let state = Arc::new(State::new(self.boot_id, self.load, self.clock, self.script, &self.config));
        let client = match self.client {
            Some(client) => client,
            None => wire::http_client()?,
        };
        let metadata = Metadata::new(client.clone(), &self.config.metadata);
        let mut reporter =
            Reporter::new(Arc::clone(&state), metadata, client, self.config.heartbeat_interval);

        let server = axum::serve(self.listener, health::router(state))
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let served = async {
            tokio::select! {
                result = server => result,
                () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
            }
        };
        let reported = async {
            tokio::select! {
                () = reporter.run() => {}
                () = stop.cancelled() => {}
            }
        };
        let (served, ()) = tokio::join!(served, reported);
        served.context("the health server failed")
    }
}
