//! Verbs that read Terraform texts.

use domain::{ObservedFleet, Timestamp, plan, view::import::Reading};
use rest_api::{Plan, PlanAnswer, ProposeChange};

use crate::{
    cli::{Common, Output, Proposal, Texts},
    client::{Answer, Client},
    edit::{proposed, show_plan},
    failure::{Failure, Kind},
    files, output,
};

pub(super) async fn plan(client: &Client, common: &Common, texts: &Texts) -> Result<(), Failure> {
    let answer = client.post("make_plan", &[], &files::read(texts)?, &[]).await?;
    let planned: PlanAnswer = answer.read()?;
    files::check(&planned)?;
    of_the_named(common, &planned)?;
    show_plan(common.output, &answer)
}

/// The same planner, against a project that holds nothing.
pub(super) fn plan_offline(texts: &Texts, common: &Common) -> Result<(), Failure> {
    let reading = terraform::read(&files::read(texts)?.into());
    let mut answer = PlanAnswer::of(&reading);
    files::check(&answer)?;
    if let Reading::Complete { desired } = &reading {
        // Nothing that exists, nothing whose age could matter.
        let plan = plan::plan(desired, &ObservedFleet::default(), Timestamp::default());
        answer.plan = Some(Plan::from(&plan));
    }
    of_the_named(common, &answer)?;
    let answer = Answer { value: serde_json::to_value(&answer)?, tag: None };
    show_plan(common.output, &answer)
}

/// Plans, shows, and proposes what was shown.
pub(super) async fn import(
    client: &Client,
    common: &Common,
    texts: &Texts,
    proposal: &Proposal,
) -> Result<(), Failure> {
    let wanted = files::read(texts)?;
    let answer = client.post("make_plan", &[], &wanted, &[]).await?;
    let planned: PlanAnswer = answer.read()?;
    files::check(&planned)?;
    of_the_named(common, &planned)?;
    let breaks = planned.plan.as_ref().is_some_and(|plan| !plan.violations.is_empty());
    if proposal.dry_run || breaks {
        return show_plan(common.output, &answer);
    }
    if let (Output::Table, Some(plan)) = (common.output, &planned.plan) {
        output::say(&plan.text)?;
    }
    let digest =
        planned.digest.ok_or_else(|| Failure::new(Kind::Inside, "the plan came without its digest"))?;
    let body = ProposeChange {
        files: wanted.files,
        references: wanted.references,
        module: wanted.module,
        digest: Some(digest),
        reason: Some(proposal.reason.clone()),
    };
    let answer = client.post("propose_change", &[], &body, &[]).await.map_err(beside_newer)?;
    proposed(client, common, proposal, answer).await
}

/// Texts say of which environment they are: one that is named besides must be that one, and is not overlooked.
fn of_the_named(common: &Common, planned: &PlanAnswer) -> Result<(), Failure> {
    match (&common.environment, &planned.plan) {
        (Some(named), Some(plan)) if *named != plan.environment => Err(Failure::new(
            Kind::Usage,
            format!(
                "the files declare {}, and --environment (or AGENT_MANAGER_ENVIRONMENT) names {named}",
                plan.environment
            ),
        )),
        _ => Ok(()),
    }
}

/// The refusal, with what is in force: texts declare everything, and would take back what came between.
fn beside_newer(failure: Failure) -> Failure {
    let Some(generation) = failure.current().map(|current| current.generation) else { return failure };
    failure.with(&format!(
        "generation {generation} is in force; `g vm plan` shows what these texts would make of it"
    ))
}
