//! An import: Terraform text in, a declaration and its plan out. Nothing is stored until it is proposed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FleetSpec, plan::Plan, view::proposal::Proposal};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// `main.tf`, or `terraform.tfvars` for variable values.
    pub name: String,
    pub text: String,
}

/// What the user hands in. The same again, with `digest`, proposes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportInput {
    pub files: Vec<SourceFile>,
    /// Unresolved reference to the value that the user gave: `module.networking.vpc_id`.
    pub references: BTreeMap<String, String>,
    /// Which module block, where the files hold several.
    pub module: Option<String>,
}

/// A place in a file; line and column count from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportError {
    pub message: String,
    pub position: Option<Position>,
    /// The line's text, for a caret below it.
    pub line_text: Option<String>,
}

/// Something that only Terraform could know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnresolvedReference {
    /// As written: `module.networking.vpc_id`.
    pub reference: String,
    /// The attribute that needs it: `network_id`.
    pub attribute: String,
    pub position: Position,
}

/// What the texts say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// They are malformed, or declare what the schema does not have.
    Malformed {
        errors: Vec<ImportError>,
    },
    /// Several `module` blocks: one must be chosen.
    ChooseModule {
        modules: Vec<String>,
    },
    /// Values are missing.
    Unresolved {
        references: Vec<UnresolvedReference>,
    },
    Complete {
        desired: Box<FleetSpec>,
    },
}

/// What an import would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportPreview {
    pub reading: Reading,
    /// With `Reading::Complete`.
    pub plan: Option<Plan>,
    /// What schedules of the plan ask for as it is looked at, in sentences: no part of what is digested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_force: Vec<String>,
    /// SHA-256 over the declaration and its plan, in hex. Proposing sends it back, so that what was seen is what is proposed.
    pub digest: Option<String>,
    /// What it meets, with the plan.
    pub proposal: Option<Proposal>,
}
