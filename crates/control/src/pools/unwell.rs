//! A pool's agents, who of them is not healthy, and why: from its VMs as they are this second, and from those that were there before
//! them where they are made anew again and again.

use domain::{
    Timestamp,
    crash_loop::{self, History},
    view::{
        pool::PoolRow,
        unwell::{Agents, agents},
    },
};

use crate::{Control, Error, crash_loops};

/// `initial_delay` is the pool's `health_check_initial_delay`.
pub(super) async fn look(
    control: &Control,
    row: &PoolRow,
    initial_delay: u32,
    now: Timestamp,
) -> Result<Agents, Error> {
    // Most pools are well: of these nobody asks what ran before.
    let history = if row.goes_round() {
        let after = now - crash_loop::looks_back(initial_delay);
        crash_loops::history(control, &row.environment, Some(&row.name), after).await?
    } else {
        History::default()
    };
    let checks_fail = crash_loop::checks_fail(&row.conditions);
    Ok(control.live.look(&row.environment, |rows| {
        let own: Vec<_> = rows
            .iter()
            .filter(|live| live.pool == row.name)
            .map(|live| (&live.instance, live.agent))
            .collect();
        let instances = own.iter().map(|(instance, _)| *instance);
        let loops = crash_loop::find(&history, instances, initial_delay, checks_fail, now);
        agents(&own, &loops)
    }))
}
