//! Where each agent of an environment is, and how it is: all that the Fleet page draws of it. Ten thousand rows are walked for it,
//! so it is found once and kept until an agent passes, comes or leaves, however many look at the page meanwhile.

use std::{collections::BTreeMap, sync::Arc};

use domain::view::fleet::FleetAgent;

use super::rows::LiveRow;

/// By pool and zone; in each zone by name.
pub type Places = BTreeMap<String, BTreeMap<String, Arc<[FleetAgent]>>>;

/// Of rows that come by name.
pub(super) fn of<'a>(rows: impl Iterator<Item = &'a LiveRow>) -> Places {
    let mut places: BTreeMap<&str, BTreeMap<&str, Vec<FleetAgent>>> = BTreeMap::new();
    for row in rows {
        let agent = FleetAgent { name: row.instance.name.clone(), state: row.agent };
        places.entry(&row.pool).or_default().entry(&row.instance.zone).or_default().push(agent);
    }
    places
        .into_iter()
        .map(|(pool, zones)| {
            let zones = zones.into_iter().map(|(zone, agents)| (zone.to_owned(), Arc::from(agents)));
            (pool.to_owned(), zones.collect())
        })
        .collect()
}
