//! What a group failed to do to its instances lately, in Compute Engine's own words.

use chrono::DateTime;
use domain::Timestamp;
use google_cloud_compute_v1::model::InstanceManagedByIgmError as Wire;
use tracing::Instrument;

use crate::{
    Compute, Error, Scope,
    client::{Call, all},
    link,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupError {
    /// None where the service gave no time, or one that is none.
    pub at: Option<Timestamp>,
    /// `CREATING`, `RECREATING`, …
    pub action: String,
    /// Short name.
    pub instance: String,
    pub zone: String,
    /// `QUOTA_EXCEEDED`, `ZONE_RESOURCE_POOL_EXHAUSTED`, …
    pub code: String,
    pub message: String,
}

impl Compute {
    /// The newest first. The service keeps some of them only.
    pub async fn list_group_errors(&self, scope: &Scope, group: &str) -> Result<Vec<GroupError>, Error> {
        let span = tracing::info_span!("compute.list_group_errors", group);
        let list = self
            .0
            .region_instance_group_managers
            .list_errors()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(group)
            .repeatable();
        let mut errors: Vec<GroupError> = async { Ok::<_, Error>(all!(list)) }
            .instrument(span)
            .await?
            .into_iter()
            .map(from_google)
            .collect();
        errors.sort_by_key(|error| std::cmp::Reverse(error.at));
        Ok(errors)
    }
}

fn from_google(wire: Wire) -> GroupError {
    let error = wire.error.unwrap_or_default();
    let details = wire.instance_action_details.unwrap_or_default();
    let instance = details.instance.unwrap_or_default();
    GroupError {
        at: wire
            .timestamp
            .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
            .map(|time| time.to_utc()),
        action: details.action.as_ref().and_then(|action| action.name()).unwrap_or_default().to_owned(),
        zone: link::zone(&instance).unwrap_or_default().to_owned(),
        instance: link::name(&instance).to_owned(),
        code: error.code.unwrap_or_default(),
        message: error.message.unwrap_or_default(),
    }
}
