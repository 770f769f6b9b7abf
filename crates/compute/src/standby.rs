//! Instances that rest: stopped on demand, they stay in their group beside its size until they are started again.

use google_cloud_compute_v1::model::{
    RegionInstanceGroupManagersStartInstancesRequest, RegionInstanceGroupManagersStopInstancesRequest,
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{Compute, Error, InstanceName, OperationScope, Scope, Submitted, client::Call, submit::started};

impl Compute {
    /// The group's target size gets smaller by them. An instance that does not run is refused, and with it all of the call.
    pub async fn stop_instances(
        &self,
        scope: &Scope,
        group: &str,
        instances: &[InstanceName],
        request_id: Uuid,
    ) -> Result<Submitted, Error> {
        let span = tracing::info_span!("compute.stop_instances", group, count = instances.len(), %request_id);
        let body = RegionInstanceGroupManagersStopInstancesRequest::new()
            .set_instances(instances.iter().map(InstanceName::link));
        let stop = self
            .0
            .region_instance_group_managers
            .stop_instances()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(group)
            .set_request_id(request_id.to_string())
            .set_body(body);
        started(OperationScope::Region, stop.repeatable().send().instrument(span).await)
    }

    /// The group's target size gets larger by them. An instance that was not stopped is refused, and with it all of the call.
    pub async fn start_instances(
        &self,
        scope: &Scope,
        group: &str,
        instances: &[InstanceName],
        request_id: Uuid,
    ) -> Result<Submitted, Error> {
        let span =
            tracing::info_span!("compute.start_instances", group, count = instances.len(), %request_id);
        let body = RegionInstanceGroupManagersStartInstancesRequest::new()
            .set_instances(instances.iter().map(InstanceName::link));
        let start = self
            .0
            .region_instance_group_managers
            .start_instances()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(group)
            .set_request_id(request_id.to_string())
            .set_body(body);
        started(OperationScope::Region, start.repeatable().send().instrument(span).await)
    }
}
