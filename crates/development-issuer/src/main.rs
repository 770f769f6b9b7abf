//! `development-issuer`: flags and signals only; the issuer is the library's.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use development_issuer::{Config, Issuer, demo_personas};
use tracing_subscriber::EnvFilter;

/// Signs people in to a development Agent Manager, without passwords. Listens on loopback only.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    /// A loopback address and port
    #[arg(long, default_value = "127.0.0.1:3080")]
    listen: SocketAddr,
    /// The issuer's URL, where it is not http://localhost:PORT
    #[arg(long)]
    issuer: Option<String>,
    #[arg(long, default_value = "agent-manager")]
    client_id: String,
    /// An address the application may be returned to, compared letter by letter; may be given several times
    #[arg(long = "redirect-uri", required = true)]
    redirect_uris: Vec<String>,
    /// A file with the client's secret; without it the client needs none, and PKCE alone binds the code
    #[arg(long)]
    client_secret_file: Option<PathBuf>,
    /// Keeps the signing key, so that a restart changes nothing for anybody
    #[arg(long)]
    state: Option<PathBuf>,
    /// What to log, in tracing's filter syntax
    #[arg(long, env = "DEVELOPMENT_ISSUER_LOG", default_value = "info")]
    log: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let filter = EnvFilter::try_new(&flags.log).context("--log is not a filter; try `info`")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let client_secret = match &flags.client_secret_file {
        Some(file) => {
            let text = fs::read_to_string(file)
                .with_context(|| format!("cannot read the client secret from {}", file.display()))?;
            Some(text.trim_end().to_owned())
        }
        None => None,
    };
    let issuer = Issuer::start(Config {
        listen: flags.listen,
        issuer: flags.issuer,
        client_id: flags.client_id,
        client_secret,
        redirect_uris: flags.redirect_uris,
        personas: demo_personas(),
        state: flags.state,
    })
    .await?;
    tracing::info!(url = issuer.url(), address = %issuer.address(), "serving");
    asked_to_stop().await.context("cannot listen for signals")?;
    tracing::info!("stopping");
    issuer.shutdown().await;
    Ok(())
}

async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
