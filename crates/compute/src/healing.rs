//! Whether a group repairs its VMs by itself. Held while the mass-failure brake is on: not part of any declaration, so no plan
//! sees it, and a patch of the group's settings leaves it alone.

use google_cloud_compute_v1::model::{
    InstanceGroupManager as Wire, InstanceGroupManagerInstanceLifecyclePolicy as Policy,
    instance_group_manager_instance_lifecycle_policy::{DefaultActionOnFailure, OnFailedHealthCheck},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{Compute, Error, OperationScope, Scope, Submitted, client::Call, submit::started};

impl Compute {
    /// `held`: VMs that fail, by their health check or by themselves, stay as they are. Otherwise they are repaired again.
    pub async fn set_healing(
        &self,
        scope: &Scope,
        group: &str,
        held: bool,
        request_id: Uuid,
    ) -> Result<Submitted, Error> {
        let span = tracing::info_span!("compute.set_healing", group, held, %request_id);
        let call = async {
            let current = self.instance_group(scope, group).await?;
            if is_held(&current) == held {
                return Ok(Submitted::AlreadyThere);
            }
            let mut body = Wire::new().set_instance_lifecycle_policy(policy(held));
            body.fingerprint = current.fingerprint;
            let patch = self
                .0
                .region_instance_group_managers
                .patch()
                .set_project(&scope.project)
                .set_region(&scope.region)
                .set_instance_group_manager(group)
                .set_request_id(request_id.to_string())
                .set_body(body);
            started(OperationScope::Region, patch.repeatable().send().await)
        };
        call.instrument(span).await
    }
}

fn policy(held: bool) -> Policy {
    let (failed, unhealthy) = if held {
        (DefaultActionOnFailure::DoNothing, OnFailedHealthCheck::DoNothing)
    } else {
        (DefaultActionOnFailure::Repair, OnFailedHealthCheck::DefaultAction)
    };
    Policy::new().set_default_action_on_failure(failed).set_on_failed_health_check(unhealthy)
}

fn is_held(group: &Wire) -> bool {
    group.instance_lifecycle_policy.as_ref().is_some_and(|policy| {
        policy.default_action_on_failure == Some(DefaultActionOnFailure::DoNothing)
            && policy.on_failed_health_check == Some(OnFailedHealthCheck::DoNothing)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn holding_and_letting_go_are_told_apart_on_the_wire() {
        for held in [true, false] {
            let group = Wire::new().set_instance_lifecycle_policy(policy(held));
            assert_eq!(is_held(&group), held);
        }
        assert!(!is_held(&Wire::new()), "a group of before heals");
        let body = serde_json::to_value(Wire::new().set_instance_lifecycle_policy(policy(true))).unwrap();
        let expected = json!({
            "instanceLifecyclePolicy": {"defaultActionOnFailure": "DO_NOTHING", "onFailedHealthCheck": "DO_NOTHING"}
        });
        assert_eq!(body, expected, "nothing else of the group is touched");
    }
}
