//! Regional managed instance groups. What is in them is `managed_instances`; how one is written is `group_wire`.

use domain::{
    observed::GroupStatus,
    resource::{InstanceGroup, ResourceKind},
};
use google_cloud_compute_v1::model::InstanceGroupManager as Wire;

use crate::{
    Compute, Error, OperationScope, Scope, Submitted,
    client::{Call, all},
    difference,
    group_wire::{from_google, patch, status, to_google},
    number::to_wire,
    submit::{deleted, existing, started},
};

impl Compute {
    /// Each group with its status; the instances are yet to be filled in.
    pub(crate) async fn list_instance_groups(
        &self,
        scope: &Scope,
        filter: String,
    ) -> Result<Vec<(InstanceGroup, GroupStatus)>, Error> {
        let list = self
            .0
            .region_instance_group_managers
            .list()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_filter(filter)
            .repeatable();
        Ok(all!(list)
            .into_iter()
            .map(|wire| {
                let status = status(&wire);
                (from_google(wire), status)
            })
            .collect())
    }

    pub(crate) async fn instance_group(&self, scope: &Scope, name: &str) -> Result<Wire, Error> {
        let get = self
            .0
            .region_instance_group_managers
            .get()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(name);
        Ok(get.repeatable().send().await?)
    }

    pub(crate) async fn create_instance_group(
        &self,
        scope: &Scope,
        wanted: &InstanceGroup,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let insert = self
            .0
            .region_instance_group_managers
            .insert()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_request_id(request_id)
            .set_body(to_google(scope, wanted));
        match started(OperationScope::Region, insert.repeatable().send().await) {
            Err(Error::AlreadyExists { .. }) => {
                let found = self.instance_group(scope, &wanted.name).await.map(|wire| {
                    // The size moves by itself where an autoscaler is, and by the next plan where none is.
                    InstanceGroup { target_size: wanted.target_size, ..from_google(wire) }
                });
                existing(ResourceKind::InstanceGroup, &wanted.name, wanted, found)
            }
            other => other,
        }
    }

    /// By PATCH with the fingerprint read just before: whoever changed the group in between makes it [`Error::Stale`].
    /// Repeated after a crash the fingerprint is another, so the request would not count as the same; but then the group is as wanted.
    pub(crate) async fn update_instance_group(
        &self,
        scope: &Scope,
        wanted: &InstanceGroup,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let current = self.instance_group(scope, &wanted.name).await?;
        let found = from_google(current.clone());
        let same =
            InstanceGroup { target_size: found.target_size, zones: found.zones.clone(), ..wanted.clone() };
        if difference::attributes(&same, &found).is_empty() {
            return Ok(Submitted::AlreadyThere);
        }
        let body = patch(scope, wanted, &current)?;
        let patch = self
            .0
            .region_instance_group_managers
            .patch()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(&wanted.name)
            .set_request_id(request_id)
            .set_body(body);
        started(OperationScope::Region, patch.repeatable().send().await)
    }

    pub(crate) async fn resize_instance_group(
        &self,
        scope: &Scope,
        name: &str,
        size: u32,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let resize = self
            .0
            .region_instance_group_managers
            .resize()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(name)
            .set_size(to_wire(size))
            .set_request_id(request_id);
        started(OperationScope::Region, resize.repeatable().send().await)
    }

    pub(crate) async fn delete_instance_group(
        &self,
        scope: &Scope,
        name: &str,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let delete = self
            .0
            .region_instance_group_managers
            .delete()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(name)
            .set_request_id(request_id);
        deleted(OperationScope::Region, delete.repeatable().send().await)
    }
}
