//! Verbs that ask one agent for something. It answers by a later heartbeat.

use domain::command::Verb;
use rest_api::{Command, Commanded, Instance, InstanceList};

use crate::{
    cli::{Asking, Common, Output},
    client::Client,
    failure::{Failure, Kind},
    output::{self, say},
    wait,
};

pub(super) async fn command(
    client: &Client,
    common: &Common,
    verb: Verb,
    asking: &Asking,
) -> Result<(), Failure> {
    let name = asking.instance.as_str();
    let zone = match &asking.zone {
        Some(zone) => {
            of_the_named(client, zone, name).await?;
            zone.clone()
        }
        None => zone_of(client, name).await?,
    };
    let operation = match verb {
        Verb::Start => "start_agent",
        Verb::Stop => "stop_agent",
        Verb::Restart => "restart_agent",
    };
    let answer = client.post(operation, &[&zone, name], &serde_json::json!({}), &[]).await?;
    let asked: Commanded = answer.read()?;
    if !asking.wait {
        return output::show(common.output, &answer, || {
            Ok(format!("{}  {}  {verb} {name}\n", asked.id, asked.state))
        });
    }
    let answered: Command = wait::until_answered(client, (&zone, name), &asked.id, asking.timeout).await?;
    match common.output {
        Output::Json => output::json(&serde_json::to_value(&answered)?),
        Output::Table => {
            let told = format!("{}  {}  {verb} {name}: {}", answered.id, answered.state, answered.detail);
            say(told.trim_end_matches([':', ' ']))
        }
    }
}

/// The seed's own lines name a VM and no zone, and there is mostly one of that name.
async fn zone_of(client: &Client, name: &str) -> Result<String, Failure> {
    let environment = client.environment().await?;
    let list: InstanceList =
        client.get("list_instances", &[&environment], &[("name", name)]).await?.read()?;
    let mut zones: Vec<String> = list.instances.into_iter().map(|instance| instance.zone).collect();
    match (zones.pop(), zones.as_slice()) {
        (Some(only), []) => Ok(only),
        (Some(last), others) => {
            let message =
                format!("{name} is in several zones: choose by --zone: {}, {last}", others.join(", "));
            Err(Failure::new(Kind::Usage, message))
        }
        (None, _) => Err(Failure::new(
            Kind::Absent,
            format!("{environment} has no instance {name}: `g vm list-instances` shows them"),
        )),
    }
}

/// A zone and a name say which VM is meant; an environment that is named besides must be the VM's, and is not overlooked. A token
/// that may not read is taken at its word.
async fn of_the_named(client: &Client, zone: &str, name: &str) -> Result<(), Failure> {
    let Some(named) = client.named_environment() else { return Ok(()) };
    let instance: Instance = match client.get("load_instance", &[zone, name], &[]).await {
        Ok(answer) => answer.read()?,
        Err(failure) if failure.is_forbidden() => return Ok(()),
        Err(failure) => return Err(failure),
    };
    if instance.environment == named {
        return Ok(());
    }
    let message =
        format!("{named} has no instance {name} in {zone}: that one is of {}", instance.environment);
    Err(Failure::new(Kind::Absent, message))
}
