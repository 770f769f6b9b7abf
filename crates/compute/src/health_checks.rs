//! HTTP health checks, global.

use domain::resource::{HealthCheck, ResourceKind};
use google_cloud_compute_v1::model::{
    HTTPHealthCheck, HealthCheck as Wire, HealthCheckLogConfig, health_check::Type,
    http_health_check::PortSpecification,
};

use crate::{
    Compute, Error, OperationScope, Scope, Submitted,
    client::{Call, all},
    number::{from_wire, to_wire},
    submit::{deleted, existing, started},
};

impl Compute {
    pub(crate) async fn list_health_checks(
        &self,
        scope: &Scope,
        filter: String,
    ) -> Result<Vec<HealthCheck>, Error> {
        let list = self.0.health_checks.list().set_project(&scope.project).set_filter(filter).repeatable();
        Ok(all!(list).into_iter().map(from_google).collect())
    }

    pub(crate) async fn create_health_check(
        &self,
        scope: &Scope,
        wanted: &HealthCheck,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let insert = self.0.health_checks.insert().set_project(&scope.project).set_request_id(request_id);
        match started(OperationScope::Global, insert.set_body(to_google(wanted)).repeatable().send().await) {
            Err(Error::AlreadyExists { .. }) => {
                let get =
                    self.0.health_checks.get().set_project(&scope.project).set_health_check(&wanted.name);
                let found = get.repeatable().send().await.map(from_google).map_err(Error::from);
                existing(ResourceKind::HealthCheck, &wanted.name, wanted, found)
            }
            other => other,
        }
    }

    /// By PUT: a PATCH could not turn a check of another protocol into this one.
    pub(crate) async fn update_health_check(
        &self,
        scope: &Scope,
        wanted: &HealthCheck,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let update = self
            .0
            .health_checks
            .update()
            .set_project(&scope.project)
            .set_health_check(&wanted.name)
            .set_request_id(request_id)
            .set_body(to_google(wanted));
        started(OperationScope::Global, update.repeatable().send().await)
    }

    pub(crate) async fn delete_health_check(
        &self,
        scope: &Scope,
        name: &str,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let delete = self
            .0
            .health_checks
            .delete()
            .set_project(&scope.project)
            .set_health_check(name)
            .set_request_id(request_id);
        deleted(OperationScope::Global, delete.repeatable().send().await)
    }
}

fn to_google(check: &HealthCheck) -> Wire {
    let http = HTTPHealthCheck::new()
        .set_port(i32::from(check.port))
        .set_port_specification(PortSpecification::UseFixedPort)
        .set_request_path(&check.path);
    Wire::new()
        .set_name(&check.name)
        .set_type(Type::Http)
        .set_http_health_check(http)
        .set_check_interval_sec(to_wire(check.interval_sec))
        .set_timeout_sec(to_wire(check.timeout_sec))
        .set_healthy_threshold(to_wire(check.healthy_threshold))
        .set_unhealthy_threshold(to_wire(check.unhealthy_threshold))
        .set_log_config(HealthCheckLogConfig::new().set_enable(check.logging))
}

/// A check of another protocol has port 0 and no path here, so that it differs from every declared one.
/// Absent numbers are the service's defaults.
fn from_google(wire: Wire) -> HealthCheck {
    let http = wire.http_health_check.unwrap_or_default();
    HealthCheck {
        name: wire.name.unwrap_or_default(),
        port: http.port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        path: http.request_path.unwrap_or_default(),
        interval_sec: from_wire(wire.check_interval_sec.unwrap_or(5)),
        timeout_sec: from_wire(wire.timeout_sec.unwrap_or(5)),
        healthy_threshold: from_wire(wire.healthy_threshold.unwrap_or(2)),
        unhealthy_threshold: from_wire(wire.unhealthy_threshold.unwrap_or(2)),
        logging: wire.log_config.and_then(|log| log.enable).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sent_reads_back(
            port: u16,
            path in "/[a-z/]{0,20}",
            seconds in prop::array::uniform4(0..=i32::MAX as u32),
            logging: bool,
        ) {
            let [interval_sec, timeout_sec, healthy_threshold, unhealthy_threshold] = seconds;
            let name = "web-health".to_owned();
            let check = HealthCheck {
                name, port, path, interval_sec, timeout_sec, healthy_threshold, unhealthy_threshold, logging,
            };
            prop_assert_eq!(from_google(to_google(&check)), check);
        }
    }

    #[test]
    fn a_check_of_another_protocol_is_no_declared_one() {
        let tcp = Wire::new().set_name("web-health").set_type(Type::Tcp);
        let read = from_google(tcp);
        assert_eq!((read.port, read.path.as_str()), (0, ""));
    }
}
