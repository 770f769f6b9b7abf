//! VMs as such: what a group's own listing does not tell, and their serial console.

use chrono::DateTime;
use domain::Timestamp;
use google_cloud_compute_v1::model::Instance as Wire;
use tracing::Instrument;

use crate::{
    Compute, Error, Scope,
    client::{Call, all},
};

/// What a VM tells of itself.
#[derive(Debug)]
pub(crate) struct Vm {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) address: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
}

/// A part of what a VM wrote to its first serial port. Positions are bytes since the VM's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialOutput {
    pub contents: String,
    /// Where `contents` begins: later than asked for when the oldest is lost (the service keeps the last MiB).
    pub start: u64,
    /// Where to ask next.
    pub next: u64,
}

impl Compute {
    pub(crate) async fn list_vms(&self, scope: &Scope, zone: &str, filter: String) -> Result<Vec<Vm>, Error> {
        let list = self
            .0
            .instances
            .list()
            .set_project(&scope.project)
            .set_zone(zone)
            .set_filter(filter)
            .set_max_results(500_u32)
            .repeatable();
        Ok(all!(list).into_iter().filter_map(from_google).collect())
    }

    pub async fn serial_port_output(
        &self,
        scope: &Scope,
        zone: &str,
        name: &str,
        start: u64,
    ) -> Result<SerialOutput, Error> {
        let span = tracing::info_span!("compute.serial_port_output", zone, name, start);
        let get = self
            .0
            .instances
            .get_serial_port_output()
            .set_project(&scope.project)
            .set_zone(zone)
            .set_instance(name)
            .set_port(1)
            .set_start(i64::try_from(start).unwrap_or(i64::MAX));
        let output = get.repeatable().send().instrument(span).await?;
        let position = |at: Option<i64>| at.and_then(|at| u64::try_from(at).ok());
        let contents = output.contents.unwrap_or_default();
        let start = position(output.start).unwrap_or(start);
        Ok(SerialOutput {
            next: position(output.next).unwrap_or(start + contents.len() as u64),
            start,
            contents,
        })
    }
}

fn from_google(wire: Wire) -> Option<Vm> {
    Some(Vm {
        name: wire.name?,
        id: wire.id?.to_string(),
        address: wire.network_interfaces.into_iter().find_map(|interface| interface.network_ip),
        created_at: wire
            .creation_timestamp
            .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
            .map(|time| time.to_utc()),
    })
}
