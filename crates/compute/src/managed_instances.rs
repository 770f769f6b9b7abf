//! The instances of a group, as the group sees them, and what can be asked for one of them.

use domain::{
    instance::{AttemptError, CurrentAction, Instance, InstanceStatus, ProbeHealth},
    name::same_reference,
    plan::{InstanceRef, Step},
};
use google_cloud_compute_v1::model::{
    ManagedInstance, RegionInstanceGroupManagersApplyUpdatesRequest,
    RegionInstanceGroupManagersDeleteInstancesRequest, RegionInstanceGroupManagersRecreateRequest,
    RegionInstanceGroupManagersStartInstancesRequest, RegionInstanceGroupManagersStopInstancesRequest,
    region_instance_group_managers_apply_updates_request::{MinimalAction, MostDisruptiveAllowedAction},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    Compute, Error, OperationScope, Scope, Submitted,
    client::{Call, all},
    group_wire, link,
    submit::started,
};

/// One VM of a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceName {
    pub zone: String,
    pub name: String,
}

impl InstanceName {
    pub(crate) fn link(&self) -> String {
        format!("zones/{}/instances/{}", self.zone, self.name)
    }
}

/// What is asked of a group for some of its instances, under a request id. These differ in their verb alone, but Google's client has
/// types of its own for each, which share no trait with `set_body`.
macro_rules! on_instances {
    ($($(#[$doc:meta])* $verb:ident($body:ident))*) => {$(
        $(#[$doc])*
        pub async fn $verb(
            &self,
            scope: &Scope,
            group: &str,
            instances: &[InstanceName],
            request_id: Uuid,
        ) -> Result<Submitted, Error> {
            let span = tracing::info_span!(
                concat!("compute.", stringify!($verb)), group, count = instances.len(), %request_id
            );
            let body = $body::new().set_instances(instances.iter().map(InstanceName::link));
            let call = self
                .0
                .region_instance_group_managers
                .$verb()
                .set_project(&scope.project)
                .set_region(&scope.region)
                .set_instance_group_manager(group)
                .set_request_id(request_id.to_string())
                .set_body(body);
            started(OperationScope::Region, call.repeatable().send().instrument(span).await)
        }
    )*};
}

impl Compute {
    /// Without what only the VM itself tells: address and creation.
    pub(crate) async fn list_managed_instances(
        &self,
        scope: &Scope,
        group: &str,
    ) -> Result<Vec<Instance>, Error> {
        let list = self
            .0
            .region_instance_group_managers
            .list_managed_instances()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(group)
            .set_max_results(500_u32)
            .repeatable();
        Ok(all!(list).into_iter().map(|managed| from_google(group, managed)).collect())
    }

    on_instances! {
        /// New VMs under the same names.
        recreate_instances(RegionInstanceGroupManagersRecreateRequest)
        /// The group gets smaller by them.
        delete_instances(RegionInstanceGroupManagersDeleteInstancesRequest)
        /// They rest: they stay in the group beside its target size, which gets smaller by them, until they are started again. An
        /// instance that does not run is refused, and with it all of the call.
        stop_instances(RegionInstanceGroupManagersStopInstancesRequest)
        /// The group's target size gets larger by them. An instance that was not stopped is refused, and with it all of the call.
        start_instances(RegionInstanceGroupManagersStartInstancesRequest)
    }

    /// They are made anew with the version that the group intends for them, whatever the versions differ in: left to itself, Compute
    /// Engine does the least that takes them there, which a plan cannot foretell. The call takes no request id, and sent twice it would
    /// make them anew twice.
    pub async fn apply_updates_to_instances(
        &self,
        scope: &Scope,
        group: &str,
        instances: &[InstanceName],
    ) -> Result<Submitted, Error> {
        let span = tracing::info_span!("compute.apply_updates_to_instances", group, count = instances.len());
        let body = RegionInstanceGroupManagersApplyUpdatesRequest::new()
            .set_instances(instances.iter().map(InstanceName::link))
            .set_minimal_action(MinimalAction::Replace)
            .set_most_disruptive_allowed_action(MostDisruptiveAllowedAction::Replace);
        let apply = self
            .0
            .region_instance_group_managers
            .apply_updates_to_instances()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_instance_group_manager(group)
            .set_body(body);
        started(OperationScope::Region, apply.once().send().instrument(span).await)
    }

    /// One VM boots again, at once and without being asked to stop. The group takes no notice: its name, its disks and its id stay.
    pub async fn reset_instance(
        &self,
        scope: &Scope,
        instance: &InstanceName,
        request_id: Uuid,
    ) -> Result<Submitted, Error> {
        let span = tracing::info_span!("compute.reset_instance", name = instance.name, %request_id);
        let reset = self
            .0
            .instances
            .reset()
            .set_project(&scope.project)
            .set_zone(&instance.zone)
            .set_instance(&instance.name)
            .set_request_id(request_id.to_string());
        let zone = OperationScope::Zone(instance.zone.clone());
        started(zone, reset.repeatable().send().instrument(span).await)
    }

    /// The VM as its group lists it. None: it has left, or is about to.
    async fn member(&self, scope: &Scope, vm: &InstanceRef) -> Result<Option<Instance>, Error> {
        let listed = self.list_managed_instances(scope, &vm.group).await?;
        Ok(listed.into_iter().find(|one| one.name == vm.name && one.zone == vm.zone && !one.leaves()))
    }

    /// Whether the VM has, or is being given, a version that its group declares. An update that was taken shows here, also to another
    /// process than the one that asked for it.
    async fn runs_intended_version(&self, scope: &Scope, member: &Instance) -> Result<bool, Error> {
        let group = group_wire::from_google(self.instance_group(scope, &member.group).await?);
        let own = member.template.as_deref();
        Ok(own.is_some_and(|own| group.templates().any(|template| same_reference(own, template))))
    }

    /// A step on one VM of a group.
    pub(crate) async fn submit_instance(
        &self,
        scope: &Scope,
        step: &Step,
        vm: &InstanceRef,
        request_id: Uuid,
    ) -> Result<Submitted, Error> {
        let instance = InstanceName { zone: vm.zone.clone(), name: vm.name.clone() };
        let one = std::slice::from_ref(&instance);
        match step {
            Step::DeleteInstance(_) => match self.delete_instances(scope, &vm.group, one, request_id).await {
                // The group is gone, and the VM with it.
                Err(Error::NotFound { .. }) => Ok(Submitted::AlreadyThere),
                // The call refuses a VM that is no member, as it would a wrong name. What is not in the group any more has left it: the
                // wish come true.
                Err(refused @ Error::Invalid { .. }) => match self.member(scope, vm).await {
                    Ok(Some(_)) => Err(refused),
                    Ok(None) | Err(Error::NotFound { .. }) => Ok(Submitted::AlreadyThere),
                    Err(error) => Err(error),
                },
                sent => sent,
            },
            Step::RecreateInstance(_) => self.recreate_instances(scope, &vm.group, one, request_id).await,
            Step::UpdateInstance(_) => {
                // One that leaves needs no version. It is looked for first: the call takes no request id.
                let Some(member) = self.member(scope, vm).await? else { return Ok(Submitted::AlreadyThere) };
                if self.runs_intended_version(scope, &member).await? {
                    return Ok(Submitted::AlreadyThere);
                }
                self.apply_updates_to_instances(scope, &vm.group, one).await
            }
            _ => self.reset_instance(scope, &instance, request_id).await,
        }
    }
}

fn from_google(group: &str, managed: ManagedInstance) -> Instance {
    let link = managed.instance.unwrap_or_default();
    let template = managed.version.and_then(|version| version.instance_template).unwrap_or_default();
    let status = managed.instance_status.as_ref().and_then(|status| status.name());
    let action = managed.current_action.as_ref().and_then(|action| action.name());
    let attempt = managed.last_attempt.and_then(|attempt| attempt.errors?.errors.into_iter().next());
    Instance {
        name: managed.name.unwrap_or_else(|| link::name(&link).to_owned()),
        id: managed.id.filter(|&id| id != 0).map(|id| id.to_string()),
        zone: link::zone(&link).unwrap_or_default().to_owned(),
        group: group.to_owned(),
        status: InstanceStatus::from(status.unwrap_or_default()),
        current_action: CurrentAction::from(action.unwrap_or("NONE")),
        template: (!template.is_empty()).then(|| link::name(&template).to_owned()),
        address: None,
        created_at: None,
        probe: managed.instance_health.into_iter().next().map(|health| {
            let state = health.detailed_health_state.as_ref().and_then(|state| state.name());
            ProbeHealth::from(state.unwrap_or("UNKNOWN"))
        }),
        last_error: attempt.map(|error| AttemptError {
            code: error.code.unwrap_or_default(),
            message: error.message.unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: serde_json::Value) -> Instance {
        from_google("genesis-pool-web", serde_json::from_value(json).unwrap())
    }

    #[test]
    fn a_vm_that_is_yet_to_be_has_a_name_and_a_zone() {
        let instance = read(json!({
            "instance": "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/instances/agent-web-x1y2",
            "name": "agent-web-x1y2",
            "currentAction": "CREATING",
            "version": {"instanceTemplate": "https://www.googleapis.com/compute/v1/projects/p/global/instanceTemplates/t"},
            "lastAttempt": {"errors": {"errors": [{"code": "QUOTA_EXCEEDED", "message": "Quota 'CPUS' exceeded."}]}},
        }));
        assert_eq!((instance.zone.as_str(), instance.id), ("us-central1-a", None));
        assert_eq!(instance.status, InstanceStatus::NotYet);
        assert_eq!(instance.current_action, CurrentAction::Creating);
        assert_eq!(instance.template.as_deref(), Some("t"));
        assert_eq!(instance.probe, None);
        assert_eq!(instance.last_error.unwrap().code, "QUOTA_EXCEEDED");
    }

    #[test]
    fn words_that_the_api_added_since_are_kept() {
        let instance = read(json!({
            "instance": "projects/p/zones/us-central1-a/instances/agent-web-x1y2",
            "id": "42",
            "instanceStatus": "DREAMING",
            "currentAction": "WAKING",
            "instanceHealth": [{"detailedHealthState": "SLEEPY"}],
            "version": {"instanceTemplate": ""},
        }));
        assert_eq!(instance.name, "agent-web-x1y2");
        assert_eq!(instance.id.as_deref(), Some("42"));
        assert_eq!(instance.status.as_str(), "DREAMING");
        assert_eq!(instance.current_action.as_str(), "WAKING");
        assert_eq!(instance.probe.unwrap().as_str(), "SLEEPY");
        assert_eq!(instance.template, None);
    }
}
