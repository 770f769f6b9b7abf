//! What a region offers.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    name::is_rfc1035,
    observed::{Location, Quota},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tracing::Instrument;

use crate::{Compute, Error, Scope, client::Call, link, observe::CONCURRENCY};

impl Compute {
    /// The region's zones, which of them have each of the asked machine types, and the region's quotas of vCPUs. A type that
    /// is nowhere has an empty set.
    pub async fn location(&self, scope: &Scope, machine_types: &[String]) -> Result<Location, Error> {
        let span = tracing::info_span!(
            "compute.location",
            region = scope.region,
            machine_types = machine_types.len()
        );
        self.read_location(scope, machine_types).instrument(span).await
    }

    async fn read_location(&self, scope: &Scope, machine_types: &[String]) -> Result<Location, Error> {
        let region = self.0.regions.get().set_project(&scope.project).set_region(&scope.region);
        let region = region.repeatable().send().await?;
        let zones: BTreeSet<_> = region.zones.iter().map(|zone| link::name(zone).to_owned()).collect();
        let quotas: BTreeMap<_, _> = region
            .quotas
            .iter()
            .filter_map(|quota| {
                let metric = quota.metric.as_ref()?.name().filter(|metric| metric.ends_with("CPUS"))?;
                Some((
                    metric.to_owned(),
                    Quota { limit: quota.limit?, usage: quota.usage.unwrap_or_default() },
                ))
            })
            .collect();
        let wanted: BTreeSet<_> = machine_types.iter().collect();
        let questions: Vec<_> = wanted
            .iter()
            // What no type can be called is nowhere, and the service would refuse the question.
            .filter(|machine_type| is_rfc1035(machine_type))
            .flat_map(|&machine_type| zones.iter().map(move |zone| (machine_type.clone(), zone.clone())))
            .map(|(machine_type, zone)| self.has_machine_type(scope.clone(), machine_type, zone))
            .collect();
        let answers: Vec<_> = stream::iter(questions).buffer_unordered(CONCURRENCY).try_collect().await?;
        let mut machine_types: BTreeMap<_, BTreeSet<_>> =
            wanted.into_iter().map(|machine_type| (machine_type.clone(), BTreeSet::new())).collect();
        for (machine_type, zone, exists) in answers {
            if exists {
                machine_types.entry(machine_type).or_default().insert(zone);
            }
        }
        Ok(Location { zones, machine_types, quotas })
    }

    /// One by one, because a zone's list holds hundreds and omits the custom types.
    async fn has_machine_type(
        &self,
        scope: Scope,
        machine_type: String,
        zone: String,
    ) -> Result<(String, String, bool), Error> {
        let get = self
            .0
            .machine_types
            .get()
            .set_project(&scope.project)
            .set_zone(&zone)
            .set_machine_type(&machine_type);
        match get.repeatable().send().await.map_err(Error::from) {
            Ok(_) => Ok((machine_type, zone, true)),
            Err(Error::NotFound { .. }) => Ok((machine_type, zone, false)),
            Err(error) => Err(error),
        }
    }
}
