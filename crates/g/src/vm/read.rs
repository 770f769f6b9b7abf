//! Verbs that show what is.

use domain::agent::AgentState;
use rest_api::{Instance, InstanceList, OutputList, Pool, PoolList, TemplateList};
use serde_json::json;

use crate::{
    cli::{Common, Output},
    client::Client,
    failure::{Failure, Kind},
    output::{self, table},
};

pub(super) async fn list_pools(client: &Client, common: &Common) -> Result<(), Failure> {
    let answer = client.get("list_pools", &[&client.environment().await?], &[]).await?;
    output::show(common.output, &answer, || {
        let list: PoolList = answer.read()?;
        let rows: Vec<Vec<String>> = list.pools.iter().map(pool_row).collect();
        Ok(table(
            &["POOL", "TYPE", "TEMPLATE", "DESIRED", "RUNNING", "AUTOSCALING", "AGENTS", "READY"],
            &rows,
        ))
    })
}

fn pool_row(pool: &Pool) -> Vec<String> {
    let agents: Vec<String> =
        pool.agents.iter().map(|agents| format!("{} {}", agents.count, agents.state.as_str())).collect();
    let ready = pool.conditions.iter().find(|condition| condition.r#type == "Ready");
    vec![
        pool.name.clone(),
        pool.agent_type.to_string(),
        pool.template.clone(),
        pool.desired_size.to_string(),
        pool.observed_size.map_or("not seen".to_owned(), |size| size.to_string()),
        pool.autoscaling.clone().unwrap_or_else(|| "off".to_owned()),
        if agents.is_empty() { "none".to_owned() } else { agents.join(", ") },
        ready.map_or("not seen".to_owned(), |ready| ready.reason.clone()),
    ]
}

/// All pages.
async fn instances(client: &Client, pool: Option<&str>) -> Result<Vec<Instance>, Failure> {
    let environment = client.environment().await?;
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(pool.map(|pool| ("pool", pool)));
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: InstanceList = client.get("list_instances", &[&environment], &query).await?.read()?;
        found.extend(page.instances);
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    if let Some(pool) = pool.filter(|_| found.is_empty()) {
        // An empty pool and one that does not exist are not the same.
        client.get("load_pool", &[&environment, pool], &[]).await?;
    }
    Ok(found)
}

pub(super) async fn list_instances(
    client: &Client,
    common: &Common,
    pool: Option<&str>,
) -> Result<(), Failure> {
    let instances = instances(client, pool).await?;
    if common.output == Output::Json {
        return output::json(&json!({ "instances": instances }));
    }
    let rows: Vec<Vec<String>> = instances
        .iter()
        .map(|instance| {
            let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            vec![
                instance.name.clone(),
                instance.pool.clone(),
                instance.zone.clone(),
                or_none(&instance.status),
                instance.current_action.clone(),
                instance.agent_state.as_str().to_owned(),
                or_none(instance.address.as_deref().unwrap_or_default()),
                instance.last_heartbeat.as_ref().map_or("none".to_owned(), |last| last.version.clone()),
            ]
        })
        .collect();
    output::write(&table(
        &["INSTANCE", "POOL", "ZONE", "STATUS", "ACTION", "AGENT", "ADDRESS", "VERSION"],
        &rows,
    ))
}

pub(super) async fn list_templates(client: &Client, common: &Common) -> Result<(), Failure> {
    let answer = client.get("list_templates", &[&client.environment().await?], &[]).await?;
    output::show(common.output, &answer, || {
        let list: TemplateList = answer.read()?;
        let rows: Vec<Vec<String>> = list
            .templates
            .iter()
            .map(|template| {
                vec![
                    template.name.clone(),
                    template.agent_type.to_string(),
                    template.machine_type.clone(),
                    if template.pools.is_empty() { "none".to_owned() } else { template.pools.join(", ") },
                    template.instance_template.clone(),
                ]
            })
            .collect();
        Ok(table(&["TEMPLATE", "TYPE", "MACHINE TYPE", "POOLS", "INSTANCE TEMPLATE"], &rows))
    })
}

/// Only states in which an agent does its work pass; a script can wait for that.
pub(super) async fn health_check(
    client: &Client,
    common: &Common,
    pool: Option<&str>,
) -> Result<(), Failure> {
    let instances = instances(client, pool).await?;
    let unwell: Vec<&Instance> = instances
        .iter()
        .filter(|instance| !matches!(instance.agent_state, AgentState::Healthy | AgentState::Gone))
        .collect();
    match common.output {
        Output::Json => output::json(&json!({ "instances": instances, "unwell": unwell.len() }))?,
        Output::Table => {
            let counts: Vec<Vec<String>> = AgentState::ALL
                .iter()
                .map(|state| {
                    (state, instances.iter().filter(|instance| instance.agent_state == *state).count())
                })
                .filter(|(_, count)| *count > 0)
                .map(|(state, count)| vec![state.as_str().to_owned(), count.to_string()])
                .collect();
            output::write(&table(&["AGENTS", "COUNT"], &counts))?;
            if !unwell.is_empty() {
                let rows: Vec<Vec<String>> = unwell
                    .iter()
                    .map(|instance| {
                        let heard = instance.last_heartbeat.as_ref();
                        vec![
                            instance.agent_state.as_str().to_owned(),
                            instance.name.clone(),
                            instance.pool.clone(),
                            instance.zone.clone(),
                            heard.map_or("never".to_owned(), |last| output::moment(last.received_at)),
                            instance.probe.clone().unwrap_or_else(|| "none".to_owned()),
                        ]
                    })
                    .collect();
                let head = ["STATE", "INSTANCE", "POOL", "ZONE", "LAST HEARTBEAT", "PROBE"];
                output::write(&format!("\n{}", table(&head, &rows)))?;
            }
        }
    }
    let states: Vec<AgentState> = instances.iter().map(|instance| instance.agent_state).collect();
    verdict(&states)
}

/// VMs that leave, or were stopped or preempted, have no agent: where all are so, none does its work.
fn verdict(states: &[AgentState]) -> Result<(), Failure> {
    let count = |wanted: AgentState| states.iter().filter(|state| **state == wanted).count();
    let there = states.len() - count(AgentState::Gone);
    let message = match (states.len(), there, there - count(AgentState::Healthy)) {
        (0, ..) => "there is no instance".to_owned(),
        (gone, 0, _) => format!("no agent is there: {gone} of {gone} VMs are gone"),
        (_, _, 0) => return Ok(()),
        (_, there, unwell) => format!("{unwell} of {there} agents are not healthy"),
    };
    Err(Failure::new(Kind::InVain, message))
}

pub(super) async fn outputs(client: &Client, common: &Common, name: Option<&str>) -> Result<(), Failure> {
    let answer = client.get("load_outputs", &[&client.environment().await?], &[]).await?;
    let list: OutputList = answer.read()?;
    let Some(name) = name else {
        return output::show(common.output, &answer, || {
            let mut text = String::new();
            for (name, value) in &list.outputs {
                text.push_str(&format!("{name} = {}\n", serde_json::to_string_pretty(value)?));
            }
            Ok(text)
        });
    };
    match list.outputs.get(name) {
        Some(value) => output::json(value),
        None => {
            let names: Vec<&str> = list.outputs.keys().map(String::as_str).collect();
            Err(Failure::new(
                Kind::Absent,
                format!("there is no output {name}: there are {}", names.join(", ")),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_agents_at_work_and_nothing_less() {
        use AgentState::{Gone, Healthy, Late, Silent};
        let told = |states: &[AgentState]| verdict(states).err().map(|failure| failure.to_string());
        assert_eq!((told(&[Healthy]), told(&[Healthy, Gone])), (None, None));
        assert_eq!(told(&[]).as_deref(), Some("there is no instance"));
        assert_eq!(told(&[Gone, Gone]).as_deref(), Some("no agent is there: 2 of 2 VMs are gone"));
        let unwell = told(&[Healthy, Late, Silent, Gone]);
        assert_eq!(unwell.as_deref(), Some("2 of 3 agents are not healthy"));
    }
}
