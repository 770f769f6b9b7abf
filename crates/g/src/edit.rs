//! Proposing one thing: read the declaration, say what is to be otherwise, send it back with the generation it follows.
//! Where somebody was faster, what they changed is told.

use domain::{
    FleetSpec,
    edit::{Edit, differences},
    plan::FieldChange,
    pool::PoolSpec,
};
use rest_api::{Declaration, PlanAnswer, PlanEdit, ProposeEdit, Proposed};
use serde_json::Value;

use crate::{
    cli::{Common, Output, Proposal},
    client::{Answer, Client},
    failure::{Failure, Kind},
    output::{self, say},
    wait,
};

/// Lines of what somebody else changed, at most: who wants all of it reads the declaration.
const MOST_LINES: usize = 12;
/// Characters of one value: a new pool is told by its beginning.
const LONGEST_VALUE: usize = 60;

/// What an environment declares, and its ETag.
pub(crate) struct Declared {
    pub(crate) environment: String,
    pub(crate) spec: FleetSpec,
    generation: i64,
    tag: String,
}

impl Declared {
    pub(crate) async fn load(client: &Client) -> Result<Self, Failure> {
        let environment = client.environment().await?;
        let answer = client.get("load_declaration", &[&environment], &[]).await?;
        let declaration: Declaration = answer.read()?;
        Ok(Self {
            spec: serde_json::from_value(Value::Object(declaration.spec))?,
            generation: declaration.generation,
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

    /// The refusal, with what was changed since this was read.
    fn beside_newer(&self, failure: Failure) -> Failure {
        let newer = failure.current().and_then(|current| {
            let spec: FleetSpec = serde_json::from_value(Value::Object(current.spec.clone())).ok()?;
            Some((current.generation, spec))
        });
        let Some((generation, spec)) = newer else { return failure };
        let told = format!("it followed generation {}; generation {generation} has", self.generation);
        failure.with(&format!("{told}{}", changed(&differences(&self.spec, &spec))))
    }
}

/// A line each: what it was when it was read, and what it is now.
fn changed(changes: &[FieldChange]) -> String {
    if changes.is_empty() {
        return " the same declaration".to_owned();
    }
    let short = |side: &Option<String>| -> String {
        let text = side.as_deref().unwrap_or("none");
        let begin: String = text.chars().take(LONGEST_VALUE).collect();
        let more = if begin.len() < text.len() { "…" } else { "" };
        format!("{begin}{more}")
    };
    let mut lines: Vec<String> = changes
        .iter()
        .take(MOST_LINES)
        .map(|change| {
            let line =
                format!("{}: {}, was {}", change.attribute, short(&change.after), short(&change.before));
            line.replace(output::misleads, " ")
        })
        .collect();
    if changes.len() > MOST_LINES {
        lines.push(format!("and {} more", changes.len() - MOST_LINES));
    }
    format!("\n    {}", lines.join("\n    "))
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
    let answer = client.post("propose_edit", &environment, &body, &[("if-match", &declared.tag)]).await;
    let answer = answer.map_err(|failure| declared.beside_newer(failure))?;
    proposed(client, common, proposal, answer).await
}

/// A plan that breaks rules is shown and refused.
pub(crate) fn show_plan(output: Output, answer: &Answer) -> Result<(), Failure> {
    let planned: PlanAnswer = answer.read()?;
    let plan = planned.plan.as_ref();
    output::show(output, answer, || Ok(plan.map(|plan| plan.text.clone()).unwrap_or_default()))?;
    match plan.map_or(0, |plan| plan.violations.len()) {
        0 => Ok(()),
        broken => Err(Failure::new(Kind::Refused, breaks(broken))),
    }
}

fn breaks(rules: usize) -> String {
    let noun = if rules == 1 { "rule" } else { "rules" };
    format!("the plan breaks {rules} {noun}: it cannot be proposed")
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use domain::{AgentType, Amount, edit::Spoken, environment::EnvironmentSpec, template::TemplateSpec};
    use rest_api::{IfMatch, operation};

    use super::*;
    use crate::cli::{Cli, Command, Vm};

    fn declared() -> FleetSpec {
        let environment = EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "vpc", "subnet");
        let mut spec = FleetSpec::new(environment);
        spec.agent_vm_templates.push(TemplateSpec::new("web", AgentType::BackendDeveloper));
        spec.agent_pools.push(PoolSpec::new("front", AgentType::BackendDeveloper, "web"));
        spec
    }

    /// What this program makes of the line that a page gives for the edit.
    fn taken(edit: &Edit) -> Vm {
        let line = Spoken::new(edit, &declared(), 7, "abc").command.unwrap();
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(cli.common.environment.as_deref(), Some("dev"), "{line}");
        match cli.command {
            Command::Vm { verb } => verb,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_lines_that_pages_give_are_taken() {
        let front = declared().agent_pools.remove(0);
        let update = |pool: PoolSpec| taken(&Edit::UpdatePool { name: "front".into(), pool });
        let autoscaled = PoolSpec {
            enable_autoscaling: Some(true),
            min_replicas: Some(2),
            max_replicas: Some(10),
            ..front.clone()
        };
        let batch = PoolSpec { name: "batch".into(), ..autoscaled.clone() };
        assert!(matches!(
            taken(&Edit::CreatePool { pool: batch }),
            Vm::CreatePool {
                agent_type: AgentType::BackendDeveloper,
                size: None,
                name: Some(name),
                template: Some(template),
                min: Some(2),
                max: Some(10),
                ..
            } if name == "batch" && template == "web"
        ));
        assert!(matches!(
            taken(&Edit::ScalePool { name: "front".into(), target_size: 3 }),
            Vm::ScalePool { pool, size: Some(3), min: None, max: None, .. } if pool == "front"
        ));
        assert!(matches!(
            update(autoscaled),
            Vm::ScalePool { pool, size: None, min: Some(2), max: Some(10), .. } if pool == "front"
        ));
        let paced =
            PoolSpec { max_surge: Some(Amount::Fixed(3)), max_unavailable: Amount::Fixed(4), ..front };
        assert!(matches!(
            update(paced),
            Vm::UpdatePool { pool, template: None, max_surge: Some(3), max_unavailable: Some(4), .. }
                if pool == "front"
        ));
        assert!(matches!(
            taken(&Edit::DeletePool { name: "front".into() }),
            Vm::DeletePool { pool, confirm, .. } if pool == "front" && confirm == "front"
        ));
    }

    #[test]
    fn the_requests_that_pages_give_are_of_the_operation() {
        let edit = Edit::ScalePool { name: "front".into(), target_size: 3 };
        let request = Spoken::new(&edit, &declared(), 7, "abc").request;
        let (head, body) = request.split_once("\n\n").unwrap();
        let operation = operation("propose_edit").unwrap();
        let path = operation.path.replace("{environment}", "dev");
        assert_eq!(head.lines().next().unwrap(), format!("{} {path}", operation.method.as_str()));
        assert_eq!(head.contains("\nIdempotency-Key: "), operation.once);
        assert_eq!(head.contains("\nIf-Match: \"7\""), operation.if_match != IfMatch::Ignored);
        let read: ProposeEdit = serde_json::from_str(body).unwrap();
        assert_eq!(read, ProposeEdit { edit, digest: Some("abc".into()), reason: None });
    }

    #[test]
    fn one_broken_rule_is_no_several() {
        assert_eq!(breaks(1), "the plan breaks 1 rule: it cannot be proposed");
        assert_eq!(breaks(2), "the plan breaks 2 rules: it cannot be proposed");
    }

    #[test]
    fn what_somebody_changed_is_a_line_a_field_and_not_a_flood() {
        let change = |number: usize| FieldChange {
            attribute: format!("agent_pools[\"p{number}\"].target_size"),
            before: None,
            after: Some("3".to_owned()),
        };
        let few: Vec<FieldChange> = (0..2).map(change).collect();
        assert_eq!(
            changed(&few),
            "\n    agent_pools[\"p0\"].target_size: 3, was none\n    agent_pools[\"p1\"].target_size: 3, was none"
        );
        let many: Vec<FieldChange> = (0..40).map(change).collect();
        assert_eq!(changed(&many).lines().count(), 1 + MOST_LINES + 1);
        assert!(changed(&many).ends_with("and 28 more"));
        let long = FieldChange { after: Some("\u{1b}[2J".repeat(40)), ..change(0) };
        let told = changed(&[long]);
        assert!(!told.contains('\u{1b}') && told.contains('…') && told.len() < 120, "{told}");
        assert_eq!(changed(&[]), " the same declaration");
    }
}
