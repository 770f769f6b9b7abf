//! The twelve agent types and what each expects of its VM (first seed, "Agent-Specific Configurations";
//! where the seed is silent, the defaults of its closest described type).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What an agent of this type needs to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkStance {
    /// Internal access; an external address is a choice.
    Internal,
    /// Cloud APIs and the outside.
    External,
    /// Only what its own firewall rules open.
    Restricted,
}

/// An inclusive range; the unit is in the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub min: u32,
    pub max: u32,
}

impl Range {
    pub const fn contains(self, value: u32) -> bool {
        self.min <= value && value <= self.max
    }
}

/// `2–4`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.min, self.max)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentTypeDefaults {
    pub vcpus: Range,
    pub memory_gib: Range,
    pub workspace_size_gb: u32,
    pub network: NetworkStance,
    /// What the type is for, as the seed says it.
    pub purpose: &'static str,
    /// What its agents work with; the startup script installs it.
    pub tools: &'static str,
}

impl AgentTypeDefaults {
    /// The smallest general machine that has what the type needs.
    pub fn machine_type(&self) -> String {
        format!("e2-standard-{}", self.vcpus.min)
    }
}

/// The kinds of work that the seed sorts the types into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Executive,
    Implementation,
    Operations,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Executive, Self::Implementation, Self::Operations];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Executive => "Executive",
            Self::Implementation => "Implementation",
            Self::Operations => "Quality and operations",
        }
    }
}

macro_rules! agent_types {
    ($($variant:ident $text:literal $vcpus:literal..$vcpus_max:literal $memory:literal..$memory_max:literal $workspace:literal $network:ident $level:ident $purpose:literal $tools:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum AgentType { $($variant,)* }

        impl AgentType {
            pub const ALL: [Self; 12] = [$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub const fn defaults(self) -> AgentTypeDefaults {
                match self {
                    $(Self::$variant => AgentTypeDefaults {
                        vcpus: Range { min: $vcpus, max: $vcpus_max },
                        memory_gib: Range { min: $memory, max: $memory_max },
                        workspace_size_gb: $workspace,
                        network: NetworkStance::$network,
                        purpose: $purpose,
                        tools: $tools,
                    },)*
                }
            }

            pub const fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }
        }
    };
}

agent_types! {
    ProjectManager "project-manager" 2..4 8..16 50 Internal Executive "Resource coordination and planning"
        "git, jq";
    Architect "architect" 2..4 8..16 50 Internal Executive "System design and architectural analysis"
        "git, jq, Graphviz";
    TechLead "tech-lead" 2..4 8..16 50 Internal Executive "Code review and quality assessment"
        "git, jq, ShellCheck";
    PlatformEngineer "platform-engineer" 4..8 16..32 100 External Implementation "Infrastructure and Terraform operations"
        "Terraform, kubectl, Helm, Google Cloud CLI";
    BackendDeveloper "backend-developer" 2..4 8..16 50 Internal Implementation "API development and server-side processing"
        "Python, Node.js, Go";
    FrontendDeveloper "frontend-developer" 2..4 8..16 50 Internal Implementation "UI and client-side development"
        "Node.js";
    DataEngineer "data-engineer" 4..8 16..32 100 Internal Implementation "Data processing and analytics pipelines"
        "Python, PostgreSQL client";
    IntegrationAgent "integration-agent" 2..4 8..16 50 External Implementation "Service integration and API orchestration"
        "Python, Node.js";
    QaAutomation "qa-automation" 2..4 8..16 50 Internal Operations "Testing and quality assurance automation"
        "Python, Node.js";
    SreAgent "sre-agent" 2..4 8..16 50 External Operations "Site reliability and incident response"
        "kubectl, Google Cloud CLI, DNS and network tools";
    SecurityAgent "security-agent" 2..4 8..16 50 Restricted Operations "Security scanning and compliance validation"
        "Nmap, Lynis, OpenSCAP, audit daemon";
    DevopsAgent "devops-agent" 4..8 16..32 100 External Operations "Deployment and CI/CD operations"
        "Terraform, kubectl, Helm, Google Cloud CLI";
}

impl fmt::Display for AgentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown agent type `{0}`: use one of {known}", known = AgentType::ALL.map(AgentType::as_str).join(", "))]
pub struct UnknownAgentType(pub String);

impl FromStr for AgentType {
    type Err = UnknownAgentType;

    fn from_str(text: &str) -> Result<Self, UnknownAgentType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownAgentType(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back_from_its_name_and_its_json() {
        for kind in AgentType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }

    #[test]
    fn a_type_s_own_machine_has_what_the_type_needs() {
        for kind in AgentType::ALL {
            let defaults = kind.defaults();
            let machine = crate::machine_type::parse(&defaults.machine_type()).unwrap();
            let (vcpus, mib) = machine.size.unwrap();
            assert!(defaults.vcpus.contains(vcpus) && defaults.memory_gib.contains(mib / 1024), "{kind}");
        }
    }

    #[test]
    fn an_unknown_type_is_told_the_known_ones() {
        let message = "wizard".parse::<AgentType>().unwrap_err().to_string();
        assert!(message.contains("`wizard`") && message.contains("backend-developer"), "{message}");
    }
}
