//! `agent-manager migrate`.

use crate::config::Config;

pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let store = super::serve::open_store(config)?;
    store.migrate().await?;
    tracing::info!("the database's schema is up to date");
    Ok(())
}
