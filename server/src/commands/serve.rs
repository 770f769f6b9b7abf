//! `agent-manager serve` and `work`: start, answer until told to stop, finish what is under way.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use compute::Compute;
use control::{
    Clock, Control, Signing, alerts::Pressure, audit::Proofs, credential::Sealer, health::Watch,
    identity::Verifier, live::Live,
};
use leptos::config::LeptosOptions;
use store::Store;
use tokio::{net::TcpListener, signal, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    AppState,
    auth::SignIn,
    config::{Config, read_secret},
    rest::{self, live::Streams},
    router::router,
};

/// Without the database we answer after this long, and say what is the matter.
const FIRST_READING: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug)]
pub struct Roles {
    pub people: bool,
    pub work: bool,
}

/// A server under way, as tests hold it.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    pub control: Control,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.serving.await??;
        self.control.tasks.close();
        self.control.tasks.wait().await;
        Ok(())
    }
}

pub(super) fn open_store(config: &Config) -> anyhow::Result<Store> {
    let settings = store::Config {
        max_connections: config.database.max_connections,
        ..store::Config::new(config.database.url.clone())
    };
    Store::connect(&settings).context("database.url is not a Postgres URL")
}

/// Starts on a listener that the caller bound, so that tests choose the port and the clock.
pub async fn start(
    config: Config,
    roles: Roles,
    listener: TcpListener,
    clock: Clock,
) -> anyhow::Result<Running> {
    let store = open_store(&config)?;
    let settings = match &config.compute.endpoint {
        Some(endpoint) => compute::Config::emulator(endpoint),
        None => compute::Config::default(),
    };
    let environment = compute::Environment::from_vars(std::env::vars());
    let compute = Compute::connect(compute::Config { environment, ..settings })
        .await
        .context("the Compute Engine client cannot be made")?;
    let key = read_secret(&config.agents.credential_key_file)?;
    anyhow::ensure!(
        key.len() >= 32,
        "{} holds less than 32 bytes",
        config.agents.credential_key_file.display()
    );
    let audience = format!("{}/agent/v1/enroll", config.http.public_url);
    let verifier = Verifier::new(&config.agents.jwks_url, &audience)?;
    // Passkeys are bound to the name under which browsers reach us.
    let signing = Signing::at(&config.http.public_url).context("http.public_url")?;
    let groups = config.approvals.groups.clone();
    let stop = CancellationToken::new();
    let epoch = u64::try_from(clock.now().timestamp_micros()).unwrap_or_default();
    let control = Control {
        store,
        compute,
        clock,
        live: Live::new(epoch, domain::agent::Thresholds::default()),
        verifier: Arc::new(verifier),
        sealer: Arc::new(Sealer::new(&key)),
        signing: Arc::new(signing),
        watch: Arc::new(Watch {
            brake: config.alerts.brake,
            webhook: config.alerts.target()?,
            process: format!("{epoch}-{}", std::process::id()),
            pressure: Pressure::default(),
            proofs: Proofs::default(),
        }),
        group_errors: Arc::default(),
        standing: Arc::default(),
        sums: Arc::default(),
        tasks: TaskTracker::new(),
        stop: stop.clone(),
    };

    let address = listener.local_addr()?;
    let app = if roles.people {
        let state = AppState {
            leptos: leptos_options(&config),
            control: control.clone(),
            sign_in: Arc::new(SignIn::new(&config)?),
            config: Arc::new(config),
            streams: Streams::default(),
        };
        control::live_sync::start(&control);
        router(state)
    } else {
        probes_only(&config, &control)?
    };
    if roles.work {
        control::reconcile::start(&control);
    }
    if let Some(groups) = groups {
        control::rosters::start(&control, groups);
    }
    let until = stop.clone().cancelled_owned();
    let live = roles.people.then(|| control.live.clone());
    let serving = control.tasks.spawn(async move {
        // Open pages come back at once after a restart, and must not be told that their instances do not exist.
        if let Some(live) = live {
            let _ = timeout(FIRST_READING, live.first_reading()).await;
        }
        axum::serve(listener, app).with_graceful_shutdown(until).await
    });
    tracing::info!(%address, people = roles.people, work = roles.work, "serving");
    Ok(Running { address, control, stop, serving })
}

fn probes_only(config: &Config, control: &Control) -> anyhow::Result<Router> {
    let state = AppState {
        leptos: leptos_options(config),
        control: control.clone(),
        sign_in: Arc::new(SignIn::new(config)?),
        config: Arc::new(config.clone()),
        streams: Streams::default(),
    };
    Ok(rest::probes::router().with_state(state))
}

fn leptos_options(config: &Config) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("agent-manager")
        .site_root(config.http.site_root.to_string_lossy())
        .site_pkg_dir("pkg")
        .site_addr(config.http.listen)
        .build()
}

#[expect(clippy::disallowed_methods, reason = "the binary's edge: the signal task ends with the process")]
pub(super) async fn run(config: Config, roles: Roles) -> anyhow::Result<()> {
    let listen = config.http.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} is taken: set http.listen to a free port"))?;
    let running = start(config, roles, listener, Clock::System).await?;
    let stop = running.stop.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping");
        stop.cancel();
    });
    running.stop.cancelled().await;
    running.stop().await
}

async fn wait_for_signal() {
    let interrupt = signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) else {
            let _ = interrupt.await;
            return;
        };
        tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
