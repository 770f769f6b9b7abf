//! What each output holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    AgentType,
    autoscaling::StatusDetail,
    cost::Monthly,
    environment::{CustomMetric, NamedPort},
    resource::HealthCheck,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateOutput {
    /// Compute Engine's name.
    pub name: String,
    pub self_link: String,
    pub agent_type: AgentType,
    pub machine_type: String,
    pub source_image: String,
    pub disk_size_gb: u32,
    pub workspace_size_gb: Option<u32>,
    pub preemptible: bool,
    /// It was seen in Compute Engine.
    pub exists: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolOutput {
    /// The managed instance group's name.
    pub name: String,
    pub self_link: String,
    pub instance_group: String,
    pub agent_type: AgentType,
    pub template: String,
    pub base_instance_name: String,
    pub zones: Vec<String>,
    pub named_ports: Vec<NamedPort>,
    pub target_size: u32,
    /// VMs that run; None: the group was not seen yet.
    pub running: Option<u32>,
    pub is_stable: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalerOutput {
    pub name: String,
    pub pool: String,
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub cpu_target: f64,
    pub cooldown_period: u32,
    pub predictive: bool,
    pub custom_metrics: Vec<CustomMetric>,
    /// It was seen in Compute Engine.
    pub exists: bool,
    /// The service's word: `ACTIVE`, `PENDING`, `ERROR`, `DELETING`. None: not seen yet.
    pub status: Option<String>,
    /// The size that the service recommends, also where its mode is off.
    pub recommended_size: Option<u32>,
    /// The service's reasons, such as `CAPPED_AT_MAX_NUM_REPLICAS`.
    pub status_details: Vec<StatusDetail>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckOutput {
    #[serde(flatten)]
    pub check: HealthCheck,
    pub self_link: String,
    /// It was seen in Compute Engine.
    pub exists: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkTagsOutput {
    /// On every VM.
    pub common: BTreeSet<String>,
    /// By template: all of its VMs' tags.
    pub templates: BTreeMap<String, BTreeSet<String>>,
    /// By firewall rule: the tags whose VMs it is for.
    pub firewall_targets: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccountOutput {
    /// None: the project's default account.
    pub email: Option<String>,
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryOutput {
    pub environment: String,
    pub project_id: String,
    pub region: String,
    pub zones: Vec<String>,
    pub templates: usize,
    pub pools: usize,
    pub autoscaled_pools: usize,
    pub health_checks: usize,
    pub firewall_rules: usize,
    /// VMs wanted, over all pools.
    pub target_size: u32,
    /// VMs that run, over all pools.
    pub running: u32,
    pub agent_types: BTreeSet<AgentType>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostOptimizationOutput {
    pub preemptible_templates: BTreeSet<String>,
    pub autoscaled_pools: BTreeSet<String>,
    /// The most VMs that the declaration can grow to.
    pub most_vms: u32,
    /// The fewest VMs that it keeps.
    pub fewest_vms: u32,
    pub scale_down_max_percent: u32,
    pub scale_down_time_window: u32,
    pub predictive_autoscaling: bool,
    /// List prices in US dollars by the month of 730 hours, with every pool at its `target_size`.
    pub monthly_usd: Monthly,
    /// The same with every autoscaled pool at its maximum. None: no autoscaler decides.
    pub monthly_usd_at_most: Option<Monthly>,
    /// The version of the price book that says so.
    pub price_book: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentConfigurationOutput {
    pub agent_cage_version: String,
    pub startup_script_url: Option<String>,
    pub health_port: u16,
    pub health_path: String,
    pub named_ports: Vec<NamedPort>,
    pub monitoring: bool,
    pub os_login: bool,
    pub secure_boot: bool,
    pub vtpm: bool,
    pub integrity_monitoring: bool,
    pub disk_encryption: bool,
    /// None: a key that Google manages.
    pub disk_encryption_key: Option<String>,
}

/// One field an output, by the names of the module's manual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    pub agent_vm_templates: BTreeMap<String, TemplateOutput>,
    pub agent_pools: BTreeMap<String, PoolOutput>,
    pub autoscalers: BTreeMap<String, AutoscalerOutput>,
    pub health_checks: BTreeMap<String, HealthCheckOutput>,
    pub instance_group_urls: BTreeMap<String, String>,
    pub network_tags: NetworkTagsOutput,
    pub service_accounts: BTreeMap<String, ServiceAccountOutput>,
    pub vm_management_summary: SummaryOutput,
    pub cost_optimization: CostOptimizationOutput,
    pub agent_configuration: AgentConfigurationOutput,
}
