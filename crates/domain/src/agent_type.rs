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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentTypeDefaults {
    pub vcpus: Range,
    pub memory_gib: Range,
    pub workspace_size_gb: u32,
    pub network: NetworkStance,
    /// What the type is for, as the seed says it.
    pub purpose: &'static str,
}

macro_rules! agent_types {
    ($($variant:ident $text:literal $vcpus:literal..$vcpus_max:literal $memory:literal..$memory_max:literal $workspace:literal $network:ident $purpose:literal;)*) => {
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
                    },)*
                }
            }
        }
    };
}

agent_types! {
    ProjectManager "project-manager" 2..4 8..16 50 Internal "Resource coordination and planning";
    Architect "architect" 2..4 8..16 50 Internal "System design and architectural analysis";
    TechLead "tech-lead" 2..4 8..16 50 Internal "Code review and quality assessment";
    PlatformEngineer "platform-engineer" 4..8 16..32 100 External "Infrastructure and Terraform operations";
    BackendDeveloper "backend-developer" 2..4 8..16 50 Internal "API development and server-side processing";
    FrontendDeveloper "frontend-developer" 2..4 8..16 50 Internal "UI and client-side development";
    DataEngineer "data-engineer" 4..8 16..32 100 Internal "Data processing and analytics pipelines";
    IntegrationAgent "integration-agent" 2..4 8..16 50 External "Service integration and API orchestration";
    QaAutomation "qa-automation" 2..4 8..16 50 Internal "Testing and quality assurance automation";
    SreAgent "sre-agent" 2..4 8..16 50 External "Site reliability and incident response";
    SecurityAgent "security-agent" 2..4 8..16 50 Restricted "Security scanning and compliance validation";
    DevopsAgent "devops-agent" 4..8 16..32 100 External "Deployment and CI/CD operations";
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
    fn an_unknown_type_is_told_the_known_ones() {
        let message = "wizard".parse::<AgentType>().unwrap_err().to_string();
        assert!(message.contains("`wizard`") && message.contains("backend-developer"), "{message}");
    }
}
