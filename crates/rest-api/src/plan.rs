//! Plans: what a declaration would do.

use std::collections::BTreeMap;

use domain::{
    edit::Edit,
    plan,
    view::{
        edit::EditPreview,
        import::{self, ImportPreview, Reading},
    },
};
use serde_json::{Value, json};

use crate::{
    Impact,
    schema::{Definitions, Schema, wire},
};

wire! { request
    /// One text of a fleet.
    SourceFile {
        /// `main.tf`, or `terraform.tfvars` for variable values.
        name: String,
        text: String,
    }
}

wire! { request
    /// What to plan: Terraform texts. Nothing is stored.
    MakePlan {
        files: Vec<SourceFile>,
        /// Values for what only Terraform could know, by the reference as written.
        references: Option<BTreeMap<String, String>>,
        /// Which module block, where the texts hold several.
        module: Option<String>,
    }
}

wire! { request
    /// One thing said about an environment, to be planned. Nothing is stored.
    PlanEdit {
        edit: Edit,
    }
}

impl From<MakePlan> for import::ImportInput {
    fn from(asked: MakePlan) -> Self {
        let file = |file: SourceFile| import::SourceFile { name: file.name, text: file.text };
        Self {
            files: asked.files.into_iter().map(file).collect(),
            references: asked.references.unwrap_or_default(),
            module: asked.module,
        }
    }
}

wire! { answer
    /// One call to Compute Engine.
    Action {
        /// `create`, `update`, `resize` or `delete`.
        verb: String,
        /// `health_check`, `firewall_rule`, `instance_template`, `instance_group` or `autoscaler`.
        kind: String,
        name: String,
        reason: String,
    }
}

wire! { answer
    /// A rule of Compute Engine that the declaration breaks; with one of them nothing can be proposed.
    Violation {
        /// As declared: `agent_pools[0].max_surge`.
        attribute: String,
        rule: String,
        message: String,
        /// What to write instead, where there is one answer.
        fix: Option<String>,
    }
}

wire! { answer
    /// What would be done, in its order.
    Plan {
        environment: String,
        actions: Vec<Action>,
        impact: Impact,
        violations: Vec<Violation>,
        /// What the plan decided or warns of.
        notes: Vec<String>,
        /// The whole plan as a terminal shows it.
        text: String,
    }
}

wire! { answer
    /// Something that only Terraform could know.
    Reference {
        /// As written: `module.networking.vpc_id`.
        reference: String,
        /// The attribute that needs it.
        attribute: String,
        file: String,
        line: u32,
        column: u32,
    }
}

wire! { answer
    /// What is wrong with the texts.
    SourceError {
        message: String,
        file: Option<String>,
        line: Option<u32>,
        column: Option<u32>,
        /// The line itself.
        line_text: Option<String>,
    }
}

/// How far the texts could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    Complete,
    Malformed,
    ChooseModule,
    Unresolved,
}

impl Schema for PlanStatus {
    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "string", "enum": ["complete", "malformed", "choose_module", "unresolved"] })
    }
}

wire! { answer
    /// A plan, or what stands in its way.
    PlanAnswer {
        status: PlanStatus,
        /// With `complete`.
        plan: Option<Plan>,
        /// With `complete`: a proposal that names it is refused if the fleet moved since.
        digest: Option<String>,
        /// With `malformed`.
        errors: Vec<SourceError>,
        /// With `choose_module`: the module blocks to choose from.
        modules: Vec<String>,
        /// With `unresolved`: what to give values for.
        references: Vec<Reference>,
    }
}

impl From<&plan::Plan> for Plan {
    fn from(plan: &plan::Plan) -> Self {
        let action = |action: &plan::Action| Action {
            verb: action.step.verb().as_str().to_owned(),
            kind: action.step.kind().as_str().to_owned(),
            name: action.step.name().to_owned(),
            reason: action.reason.clone(),
        };
        let violation = |violation: &plan::Violation| Violation {
            attribute: violation.attribute.clone(),
            rule: violation.rule.clone(),
            message: violation.message.clone(),
            fix: violation.fix.clone(),
        };
        Self {
            environment: plan.environment.clone(),
            actions: plan.actions.iter().map(action).collect(),
            impact: (&plan.impact).into(),
            violations: plan.violations.iter().map(violation).collect(),
            notes: plan.notes.iter().map(|note| format!("{}: {}", note.attribute, note.message)).collect(),
            text: plan::render(plan),
        }
    }
}

impl Plan {
    /// With what schedules of it ask for as it is looked at: sentences, which are no part of the plan itself.
    fn seen(plan: &plan::Plan, in_force: &[String]) -> Self {
        let mut seen = Self::from(plan);
        if !in_force.is_empty() {
            seen.text.push_str("\nSchedules in force\n");
        }
        for said in in_force {
            seen.text.push_str(&format!("  ! {said}\n"));
            seen.notes.push(format!("scaling_schedules: {said}"));
        }
        seen
    }
}

impl From<&import::ImportError> for SourceError {
    fn from(error: &import::ImportError) -> Self {
        let position = error.position.as_ref();
        Self {
            message: error.message.clone(),
            file: position.map(|position| position.file.clone()),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            line_text: error.line_text.clone(),
        }
    }
}

impl From<&import::UnresolvedReference> for Reference {
    fn from(unresolved: &import::UnresolvedReference) -> Self {
        Self {
            reference: unresolved.reference.clone(),
            attribute: unresolved.attribute.clone(),
            file: unresolved.position.file.clone(),
            line: unresolved.position.line,
            column: unresolved.position.column,
        }
    }
}

impl From<&ImportPreview> for PlanAnswer {
    fn from(preview: &ImportPreview) -> Self {
        let mut answer = Self::of(&preview.reading);
        answer.plan = preview.plan.as_ref().map(|plan| Plan::seen(plan, &preview.in_force));
        answer.digest = preview.digest.clone();
        answer
    }
}

impl From<&EditPreview> for PlanAnswer {
    fn from(preview: &EditPreview) -> Self {
        Self {
            status: PlanStatus::Complete,
            plan: Some(Plan::seen(&preview.plan, &preview.in_force)),
            digest: Some(preview.digest.clone()),
            errors: Vec::new(),
            modules: Vec::new(),
            references: Vec::new(),
        }
    }
}

impl PlanAnswer {
    /// What the texts say, without a plan.
    pub fn of(reading: &Reading) -> Self {
        let mut answer = Self {
            status: PlanStatus::Complete,
            plan: None,
            digest: None,
            errors: Vec::new(),
            modules: Vec::new(),
            references: Vec::new(),
        };
        match reading {
            Reading::Malformed { errors } => {
                answer.status = PlanStatus::Malformed;
                answer.errors = errors.iter().map(SourceError::from).collect();
            }
            Reading::ChooseModule { modules } => {
                answer.status = PlanStatus::ChooseModule;
                answer.modules.clone_from(modules);
            }
            Reading::Unresolved { references } => {
                answer.status = PlanStatus::Unresolved;
                answer.references = references.iter().map(Reference::from).collect();
            }
            Reading::Complete { .. } => {}
        }
        answer
    }
}
