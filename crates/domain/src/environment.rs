//! An environment as declared: where its fleet lives and the defaults of everything in it.
//! The names are the declaration's own attributes; units are in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where a changed fleet needs no signature in the built-in policy. Anything unknown is guarded like production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Development,
    Guarded,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedPort {
    pub name: String,
    pub port: u16,
}

/// A signal for the autoscaler: a Cloud Monitoring metric and the value wanted per VM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomMetric {
    pub name: String,
    pub target: f64,
    /// `GAUGE`, `DELTA_PER_SECOND` or `DELTA_PER_MINUTE`.
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSpec {
    pub project_id: String,
    pub region: String,
    /// The environment's name, for example `dev`. It is the environment's id here.
    pub environment: String,
    pub network_id: String,
    pub subnet_id: String,
    /// Empty means all zones of the region.
    pub zones: Vec<String>,
    pub name_prefix: String,
    pub labels: BTreeMap<String, String>,
    pub network_tags: Vec<String>,
    pub resource_policies: Vec<String>,
    pub agent_cage_version: String,
    pub agent_startup_script_url: String,
    pub enable_monitoring: bool,
    pub default_agent_machine_type: String,
    pub default_agent_image: String,
    pub default_disk_size_gb: u32,
    pub default_enable_external_ip: bool,
    /// None is the project's default service account.
    pub default_agent_service_account: Option<String>,
    pub default_agent_scopes: Vec<String>,
    pub default_preemptible: bool,
    pub default_pool_size: u32,
    pub default_min_replicas: u32,
    pub default_max_replicas: u32,
    pub default_enable_autoscaling: bool,
    pub enable_predictive_autoscaling: bool,
    /// A share in (0, 1].
    pub default_cpu_target: f64,
    /// Seconds.
    pub default_cooldown_period: u32,
    pub default_named_ports: Vec<NamedPort>,
    pub default_custom_metrics: Vec<CustomMetric>,
    pub scale_down_max_percent: u32,
    /// Seconds.
    pub scale_down_time_window: u32,
    pub enable_disk_encryption: bool,
    /// A KMS key's full name; None is a key that Google manages.
    pub disk_encryption_key: Option<String>,
    pub enable_secure_boot: bool,
    pub enable_vtpm: bool,
    pub enable_integrity_monitoring: bool,
    pub enable_health_checks: bool,
    /// Seconds.
    pub health_check_interval: u32,
    /// Seconds.
    pub health_check_timeout: u32,
    pub health_check_healthy_threshold: u32,
    pub health_check_unhealthy_threshold: u32,
    pub default_health_port: u16,
    pub default_health_path: String,
    pub enable_health_check_logging: bool,
    pub enable_firewall_logging: bool,
}

impl EnvironmentSpec {
    /// The required attributes, and the module's defaults for the rest (design: fleet spec, "Environment").
    pub fn new(project_id: &str, region: &str, environment: &str, network_id: &str, subnet_id: &str) -> Self {
        let texts = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
        Self {
            project_id: project_id.to_owned(),
            region: region.to_owned(),
            environment: environment.to_owned(),
            network_id: network_id.to_owned(),
            subnet_id: subnet_id.to_owned(),
            zones: Vec::new(),
            name_prefix: "genesis".to_owned(),
            labels: BTreeMap::new(),
            network_tags: texts(&["genesis-vm", "agent-runtime"]),
            resource_policies: Vec::new(),
            agent_cage_version: "latest".to_owned(),
            agent_startup_script_url: String::new(),
            enable_monitoring: true,
            default_agent_machine_type: "e2-standard-2".to_owned(),
            default_agent_image: "ubuntu-os-cloud/ubuntu-2204-lts".to_owned(),
            default_disk_size_gb: 20,
            default_enable_external_ip: true,
            default_agent_service_account: None,
            default_agent_scopes: texts(&[
                "https://www.googleapis.com/auth/cloud-platform",
                "https://www.googleapis.com/auth/compute",
                "https://www.googleapis.com/auth/monitoring",
                "https://www.googleapis.com/auth/logging.write",
            ]),
            default_preemptible: false,
            default_pool_size: 1,
            default_min_replicas: 1,
            default_max_replicas: 10,
            default_enable_autoscaling: false,
            enable_predictive_autoscaling: false,
            default_cpu_target: 0.75,
            default_cooldown_period: 60,
            default_named_ports: vec![
                NamedPort { name: "http".to_owned(), port: 8080 },
                NamedPort { name: "metrics".to_owned(), port: 9090 },
            ],
            default_custom_metrics: Vec::new(),
            scale_down_max_percent: 25,
            scale_down_time_window: 600,
            enable_disk_encryption: true,
            disk_encryption_key: None,
            enable_secure_boot: true,
            enable_vtpm: true,
            enable_integrity_monitoring: true,
            enable_health_checks: true,
            health_check_interval: 5,
            health_check_timeout: 5,
            health_check_healthy_threshold: 2,
            health_check_unhealthy_threshold: 3,
            default_health_port: 8080,
            default_health_path: "/health".to_owned(),
            enable_health_check_logging: true,
            enable_firewall_logging: true,
        }
    }

    pub fn tier(&self) -> Tier {
        match self.environment.as_str() {
            "dev" | "development" => Tier::Development,
            _ => Tier::Guarded,
        }
    }
}
