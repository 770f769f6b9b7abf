//! Templates: which version is declared, and which one runs where.

use serde::{Deserialize, Serialize};

use crate::{
    AgentType, ChangeId, Timestamp, environment::EnvironmentSpec, name::version_digits, plan::FieldChange,
    template::TemplateSpec,
};

/// VMs of one pool that run, as Compute Engine lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCount {
    pub pool: String,
    pub vms: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// From 1.
    pub version: u32,
    /// Compute Engine's name of it.
    pub resource_name: String,
    /// The declaration means this one now.
    pub declared: bool,
    /// Compute Engine holds it; None where nothing was observed yet.
    pub exists: Option<bool>,
    pub declared_by: ChangeId,
    pub declared_at: Timestamp,
    /// Who runs it, by pool; pools that run none of it are absent.
    pub running: Vec<PoolCount>,
    /// Pools that hold to it, for their own VMs or for a canary: they do not follow the template.
    pub held_by: Vec<String>,
}

impl TemplateVersion {
    pub fn vms(&self) -> u32 {
        self.running.iter().map(|pool| pool.vms).sum()
    }

    /// What tells it from the template's other versions, and what a declaration names it by.
    pub fn digits(&self) -> &str {
        version_digits(&self.resource_name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRow {
    pub environment: String,
    pub name: String,
    pub agent_type: AgentType,
    /// The newest first, at least one.
    pub versions: Vec<TemplateVersion>,
    /// Pools that name it, for all of their VMs or for a canary, in the declaration's order.
    pub pools: Vec<String>,
}

impl TemplateRow {
    /// The one that the declaration means; None where the template is retired.
    pub fn declared(&self) -> Option<&TemplateVersion> {
        self.versions.iter().find(|version| version.declared)
    }

    /// The one that a list tells of: the declared one, or the newest of a retired template.
    pub fn shown(&self) -> Option<&TemplateVersion> {
        self.declared().or(self.versions.first())
    }

    pub fn vms(&self) -> u32 {
        self.versions.iter().map(TemplateVersion::vms).sum()
    }

    /// VMs of any version but the declared one.
    pub fn outdated(&self) -> u32 {
        self.versions.iter().filter(|version| !version.declared).map(TemplateVersion::vms).sum()
    }
}

/// One attribute as it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateSetting {
    /// As people call it: `Machine type`.
    pub name: String,
    pub value: String,
    /// The template says nothing of it: the environment's default.
    pub inherited: bool,
}

/// Two versions, attribute by attribute, as they were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionComparison {
    pub from: u32,
    pub to: u32,
    pub changes: Vec<FieldChange>,
    /// Versions whose content cannot be made again from their change: another release of the product had made them.
    pub unknown: Vec<u32>,
}

impl TemplateSetting {
    /// All of a template, in the order in which a person asks for them.
    pub fn of(environment: &EnvironmentSpec, template: &TemplateSpec) -> Vec<Self> {
        super::template_settings::template_settings(environment, template)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateView {
    pub row: TemplateRow,
    /// As declared, or as last declared.
    pub settings: Vec<TemplateSetting>,
    /// What a VM runs at each boot; None where the environment gives an address instead.
    pub startup_script: Option<String>,
    /// None where there is one version alone.
    pub comparison: Option<VersionComparison>,
    pub now: Timestamp,
}

/// What a form about one template starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateForm {
    pub environment: EnvironmentSpec,
    /// What it is read from; a form sends it back, so that an older one is noticed.
    pub generation: i64,
    /// Declared templates, in order.
    pub names: Vec<String>,
    /// The one that is edited.
    pub template: Option<TemplateSpec>,
    /// Pools that name it, for all of their VMs or for a canary.
    pub pools: Vec<String>,
    /// Those of them that hold to a version, which they let go of to roll.
    pub held: Vec<String>,
    /// Those that hold to one for as long as they try a canary.
    pub trying: Vec<String>,
}

impl TemplateForm {
    /// Where the template stands in the declaration, as violations name it: `agent_vm_templates[2].`
    pub fn place(&self) -> String {
        let own = self.template.as_ref().map(|template| template.name.as_str());
        let index = self.names.iter().position(|name| Some(name.as_str()) == own).unwrap_or(self.names.len());
        format!("agent_vm_templates[{index}].")
    }
}
