//! The module's own attributes: where the fleet lives and the defaults of everything in it.

use domain::environment::EnvironmentSpec;

use super::fields::Fields;

/// Sets each attribute that is there over the default that `$spec` has, each by the method that reads its type.
macro_rules! set {
    ($fields:ident, $spec:ident; $($method:ident: $($name:ident),+;)+) => {
        $($(
            if let Some(value) = $fields.$method(stringify!($name)) {
                $spec.$name = value.into();
            }
        )+)+
    };
}
pub(super) use set;

/// What the module requires and the text does not say is asked of the user: a block such as the manual's own, which leaves the
/// network to a later day, is then a form to fill in and not a dead end.
pub(super) fn environment(fields: &mut Fields<'_, '_, '_>) -> EnvironmentSpec {
    let mut spec = EnvironmentSpec::new(
        &fields.asked_text("project_id"),
        &fields.asked_text("region"),
        &fields.asked_text("environment"),
        &fields.asked_text("network_id"),
        &fields.asked_text("subnet_id"),
    );
    set! { fields, spec;
        text: name_prefix, agent_cage_version, agent_startup_script_url, default_agent_machine_type,
            default_agent_image, default_agent_service_account, disk_encryption_key, default_health_path;
        texts: zones, network_tags, resource_policies, default_agent_scopes;
        text_map: labels;
        flag: enable_monitoring, default_enable_external_ip, default_preemptible, default_enable_autoscaling,
            enable_predictive_autoscaling, enable_disk_encryption, enable_secure_boot, enable_vtpm,
            enable_integrity_monitoring, enable_health_checks, enable_health_check_logging,
            enable_firewall_logging;
        whole: default_disk_size_gb, default_pool_size, default_min_replicas, default_max_replicas,
            default_cooldown_period, scale_down_max_percent, scale_down_time_window, health_check_interval,
            health_check_timeout, health_check_healthy_threshold, health_check_unhealthy_threshold;
        number: default_cpu_target;
        port: default_health_port;
        named_ports: default_named_ports;
        custom_metrics: default_custom_metrics;
    }
    spec
}
