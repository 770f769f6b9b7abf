//! What crash loops are counted from: when VMs began to run, and what changes ordered meanwhile.

use domain::{Timestamp, crash_loop::History};

use crate::Control;

/// Since that moment. `pool` None is all of the environment.
pub(crate) async fn history(
    control: &Control,
    environment: &str,
    pool: Option<&str>,
    after: Timestamp,
) -> Result<History, store::Error> {
    let lives = control.store.list_lives(environment, pool, after).await?;
    // Names of which there was one alone go in no circle, whatever was ordered.
    let orders =
        if lives.is_empty() { Vec::new() } else { control.store.list_orders(environment, after).await? };
    Ok(History::of(lives, orders))
}
