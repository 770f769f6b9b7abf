//! A plan's steps as calls. Each is safe to repeat with the same request id, also by another process after a crash.

use domain::{plan::Step, resource::ResourceKind};
use google_cloud_compute_v1::model::Operation;
use google_cloud_gax::Result as CallResult;
use serde::Serialize;
use tracing::Instrument;
use uuid::Uuid;

use crate::{Compute, Error, OperationRef, OperationScope, Scope, Submitted, difference};

impl Compute {
    /// Sends one step. Creating what is already there as wanted, and deleting what is gone, is [`Submitted::AlreadyThere`];
    /// creating what is there but different is [`Error::Conflict`].
    pub async fn submit(&self, scope: &Scope, step: &Step, request_id: Uuid) -> Result<Submitted, Error> {
        let span = tracing::info_span!(
            "compute.submit",
            verb = step.verb().as_str(),
            kind = step.kind().as_str(),
            name = step.name(),
            %request_id,
        );
        let id = request_id.to_string();
        let call = async {
            match step {
                Step::CreateHealthCheck { health_check } => {
                    self.create_health_check(scope, health_check, id).await
                }
                Step::UpdateHealthCheck { health_check } => {
                    self.update_health_check(scope, health_check, id).await
                }
                Step::DeleteHealthCheck { name } => self.delete_health_check(scope, name, id).await,
                Step::CreateFirewallRule { firewall_rule } => {
                    self.create_firewall_rule(scope, firewall_rule, id).await
                }
                Step::UpdateFirewallRule { firewall_rule } => {
                    self.update_firewall_rule(scope, firewall_rule, id).await
                }
                Step::DeleteFirewallRule { name } => self.delete_firewall_rule(scope, name, id).await,
                Step::CreateInstanceTemplate { instance_template } => {
                    self.create_instance_template(scope, instance_template, id).await
                }
                Step::DeleteInstanceTemplate { name } => self.delete_instance_template(scope, name, id).await,
                Step::CreateInstanceGroup { instance_group } => {
                    self.create_instance_group(scope, instance_group, id).await
                }
                Step::UpdateInstanceGroup { instance_group } => {
                    self.update_instance_group(scope, instance_group, id).await
                }
                Step::ResizeInstanceGroup { name, to, .. } => {
                    self.resize_instance_group(scope, name, *to, id).await
                }
                Step::DeleteInstanceGroup { name } => self.delete_instance_group(scope, name, id).await,
                Step::DeleteInstance(vm)
                | Step::RecreateInstance(vm)
                | Step::RestartInstance(vm)
                | Step::UpdateInstance(vm) => self.submit_instance(scope, step, vm, request_id).await,
                Step::CreateAutoscaler { autoscaler } => self.create_autoscaler(scope, autoscaler, id).await,
                Step::UpdateAutoscaler { autoscaler } => self.update_autoscaler(scope, autoscaler, id).await,
                Step::DeleteAutoscaler { name } => self.delete_autoscaler(scope, name, id).await,
            }
        };
        call.instrument(span).await
    }
}

/// The operation that a call started.
pub(crate) fn started(scope: OperationScope, sent: CallResult<Operation>) -> Result<Submitted, Error> {
    match sent?.name {
        Some(name) if !name.is_empty() => Ok(Submitted::Started(OperationRef { scope, name })),
        _ => Err(Error::Protocol { message: "an operation without a name".to_owned() }),
    }
}

/// The same for a deletion, where the resource's absence is the wish come true.
pub(crate) fn deleted(scope: OperationScope, sent: CallResult<Operation>) -> Result<Submitted, Error> {
    match started(scope, sent) {
        Err(Error::NotFound { .. }) => Ok(Submitted::AlreadyThere),
        other => other,
    }
}

/// What a creation means that met a resource of the same name.
pub(crate) fn existing<T: Serialize>(
    kind: ResourceKind,
    name: &str,
    wanted: &T,
    found: Result<T, Error>,
) -> Result<Submitted, Error> {
    let found = found.map_err(|error| match error {
        Error::NotFound { message } => {
            Error::Unavailable { message: format!("it was there a moment ago: {message}") }
        }
        error => error,
    })?;
    let differences = difference::attributes(wanted, &found);
    if differences.is_empty() {
        return Ok(Submitted::AlreadyThere);
    }
    Err(Error::Conflict { kind, name: name.to_owned(), differences })
}
