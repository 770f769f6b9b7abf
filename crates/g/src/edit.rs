//! Proposing one thing: read the declaration, say what is to be otherwise, send it back with the generation it follows.

use domain::{FleetSpec, edit::Edit, pool::PoolSpec};
use rest_api::{Declaration, PlanAnswer, PlanEdit, ProposeEdit, Proposed};
use serde_json::Value;

use crate::{
    cli::{Common, Output, Proposal},
    client::{Answer, Client},
    failure::{Failure, Kind},
    output::{self, say},
    wait,
};

/// What an environment declares, and its ETag.
pub(crate) struct Declared {
    pub(crate) environment: String,
    pub(crate) spec: FleetSpec,
    tag: String,
}

impl Declared {
    pub(crate) async fn load(client: &Client) -> Result<Self, Failure> {
        let environment = client.environment().await?;
        let answer = client.get("load_declaration", &[&environment], &[]).await?;
        let declaration: Declaration = answer.read()?;
        Ok(Self {
            spec: serde_json::from_value(Value::Object(declaration.spec))?,
            tag: answer.tag.unwrap_or_default(),
            environment,
        })
    }

    pub(crate) fn pool(&self, name: &str) -> Result<PoolSpec, Failure> {
        self.spec.agent_pools.iter().find(|pool| pool.name == name).cloned().ok_or_else(|| {
            let names: Vec<&str> = self.spec.agent_pools.iter().map(|pool| pool.name.as_str()).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let message = format!("{} declares no pool {name}; it declares {known}", self.environment);
            Failure::new(Kind::Absent, message)
        })
    }
}

/// Plans or proposes the edit as the flags say.
pub(crate) async fn propose(
    client: &Client,
    common: &Common,
    declared: &Declared,
    edit: Edit,
    proposal: &Proposal,
) -> Result<(), Failure> {
    let environment = [declared.environment.as_str()];
    if proposal.dry_run {
        let answer = client.post("plan_edit", &environment, &PlanEdit { edit }, &[]).await?;
        return show_plan(common.output, &answer);
    }
    let body = ProposeEdit { edit, digest: None, reason: Some(proposal.reason.clone()) };
    let answer = client.post("propose_edit", &environment, &body, &[("if-match", &declared.tag)]).await?;
    proposed(client, common, proposal, answer).await
}

/// A plan that breaks rules is shown and refused.
pub(crate) fn show_plan(output: Output, answer: &Answer) -> Result<(), Failure> {
    let planned: PlanAnswer = answer.read()?;
    let plan = planned.plan.as_ref();
    output::show(output, answer, || Ok(plan.map(|plan| plan.text.clone()).unwrap_or_default()))?;
    match plan.map_or(0, |plan| plan.violations.len()) {
        0 => Ok(()),
        broken => {
            Err(Failure::new(Kind::Refused, format!("the plan breaks {broken} rules: it cannot be proposed")))
        }
    }
}

/// Tells what was proposed, or waits for its end.
pub(crate) async fn proposed(
    client: &Client,
    common: &Common,
    proposal: &Proposal,
    answer: Answer,
) -> Result<(), Failure> {
    let made: Proposed = answer.read()?;
    let title = made.title.unwrap_or_default();
    let told = |state: &str| format!("{}  {state}  {title}", made.id).trim_end().to_owned();
    if proposal.waiting.wait {
        let ended = wait::until_ended(client, made.id, &proposal.waiting).await?;
        return match common.output {
            Output::Json => output::json(&ended.value),
            Output::Table => say(&told("applied")),
        };
    }
    match common.output {
        Output::Json => output::json(&answer.value),
        Output::Table => say(&told(&made.state.map_or("proposed".to_owned(), wait::words))),
    }
}
