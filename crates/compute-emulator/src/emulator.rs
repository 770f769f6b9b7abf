//! Starting and stopping an emulator.

use std::{
    net::{SocketAddr, TcpListener as StdTcpListener},
    time::Duration,
};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    engine, persist, rest,
    vm::{guest, identity::Issuer, meter, probe},
    world::World,
};

/// A running emulator. Dropping it stops its tasks without saving; [`Emulator::shutdown`] saves first.
#[derive(Debug)]
pub struct Emulator {
    app: App,
    address: SocketAddr,
    _stop: DropGuard,
    _addresses: Option<StdTcpListener>,
}

impl Emulator {
    /// Restores the state file, if there is one, and serves. Answers once the REST API can be called.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        anyhow::ensure!(
            config.clock_rate.is_finite() && config.clock_rate > 0.0,
            "clock rate {} is not positive: a clock that stands still boots no VM",
            config.clock_rate
        );
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr().context("the listener has no address")?;

        let saved = match &config.state {
            Some(file) => persist::load(file)?,
            None => None,
        };
        let mut world = match saved {
            Some(world) => world,
            None => {
                let key = config.identity_key.clone().map_or_else(Issuer::generate, Ok)?;
                World::new(config.seed, key)
            }
        };
        let issuer = Issuer::load(&world.identity_key).context("the state's identity key is unusable")?;
        let clock = Clock::new(world.at, config.clock_rate);
        let addresses = if config.shared_address {
            world.addresses.share();
            None
        } else {
            world.addresses.claim()
        };
        engine::power_on(&mut world, clock.now(), &config);

        let stop = CancellationToken::new();
        let app = App::new(config, clock, issuer, world, stop.clone());
        app.tasks.spawn(engine::run(app.clone()));
        app.tasks.spawn(persist::run(app.clone()));
        if app.config.agents {
            app.tasks.spawn(guest::run(app.clone()));
            app.tasks.spawn(probe::run(app.clone()));
            app.tasks.spawn(meter::run(app.clone()));
        }
        let router = rest::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
        app.tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the REST server ended");
            }
        });
        app.dirty.notify_one();
        tracing::info!(%address, rate = app.config.clock_rate, agents = app.config.agents, "the emulator listens");
        Ok(Self { app, address, _stop: stop.drop_guard(), _addresses: addresses })
    }

    /// What a client takes as its endpoint: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the keys are that verify the VMs' identity tokens.
    pub fn jwks_url(&self) -> String {
        format!("http://{}{}", self.address, rest::JWKS_PATH)
    }

    /// Stops the agents and the server, then saves the state. Fails if it cannot be saved.
    pub async fn shutdown(self) -> anyhow::Result<()> {
        self.app.stop.cancel();
        self.app.tasks.close();
        if tokio::time::timeout(Duration::from_secs(5), self.app.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        persist::save(&self.app).await
    }
}
