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

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use domain::{AgentType, Amount, edit::Spoken, environment::EnvironmentSpec, template::TemplateSpec};
    use rest_api::operation;

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
            other @ Command::Change { .. } => panic!("{line}: {other:?}"),
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
        assert_eq!(head.contains("\nIf-Match: \"7\""), operation.if_match);
        let read: ProposeEdit = serde_json::from_str(body).unwrap();
        assert_eq!(read, ProposeEdit { edit, digest: Some("abc".into()), reason: None });
    }
}
