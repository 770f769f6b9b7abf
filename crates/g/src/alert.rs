//! `g alert`.

use rest_api::{Alert as AlertAnswer, AlertList, Incident};

use crate::{
    cli::{Alert, Common, Output},
    client::Client,
    failure::Failure,
    output::{self, fact, table},
};

pub(crate) async fn run(verb: Alert, common: &Common) -> Result<(), Failure> {
    let client = Client::new(common)?;
    match verb {
        Alert::List => list(&client, common).await,
    }
}

async fn list(client: &Client, common: &Common) -> Result<(), Failure> {
    let mut list: AlertList = client.get("list_alerts", &[], &[]).await?.read()?;
    if let Some(name) = client.named_environment() {
        // A name that nothing has would leave out every incident, and all would seem well.
        client.get("load_environment", &[name], &[]).await?;
        // What is of no environment is of the control plane, and everybody's.
        let here = |incident: &Incident| incident.environment.as_deref().is_none_or(|own| own == name);
        list.open_incidents.retain(here);
        list.closed_incidents.retain(here);
    }
    match common.output {
        Output::Json => output::json(&serde_json::to_value(&list)?),
        Output::Table => output::write(&drawn(&list)),
    }
}

fn drawn(list: &AlertList) -> String {
    let mut text = if list.alerts.is_empty() {
        "No alert was judged yet.\n".to_owned()
    } else {
        let rows: Vec<Vec<String>> = list.alerts.iter().map(alert).collect();
        table(&["ALERT", "STATE", "SINCE (UTC)", "FIRES", "MEASURED"], &rows)
    };
    text.push('\n');
    if list.open_incidents.is_empty() {
        text.push_str("No incident is open.\n");
    } else {
        let rows: Vec<Vec<String>> = list.open_incidents.iter().map(open).collect();
        text.push_str(&table(&["INCIDENT", "ENVIRONMENT", "OPENED (UTC)", "HOLDS", "TITLE"], &rows));
        for incident in &list.open_incidents {
            text.push_str(&fact(&incident.id, &incident.why));
            for hold in &incident.holds {
                let error = hold.error.as_ref().map(|error| format!("{}: {error}", hold.group));
                text.push_str(&fact("", &error.unwrap_or_default()));
            }
        }
    }
    if !list.closed_incidents.is_empty() {
        let rows: Vec<Vec<String>> = list.closed_incidents.iter().map(closed).collect();
        let head = ["INCIDENT", "ENVIRONMENT", "OPENED (UTC)", "CLOSED (UTC)", "TITLE", "CLOSED BECAUSE"];
        text.push('\n');
        text.push_str(&table(&head, &rows));
    }
    text
}

fn at(moment: domain::Timestamp) -> String {
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn alert(alert: &AlertAnswer) -> Vec<String> {
    vec![
        alert.kind.to_string(),
        alert.state.as_str().replace('_', " "),
        at(alert.since),
        alert.limit.clone(),
        alert.value.clone(),
    ]
}

fn environment(incident: &Incident) -> String {
    incident.environment.clone().unwrap_or_else(|| "none".to_owned())
}

fn open(incident: &Incident) -> Vec<String> {
    vec![
        incident.id.clone(),
        environment(incident),
        at(incident.opened_at),
        if incident.holds_now { "healing and changes" } else { "nothing" }.to_owned(),
        incident.title.clone(),
    ]
}

fn closed(incident: &Incident) -> Vec<String> {
    vec![
        incident.id.clone(),
        environment(incident),
        at(incident.opened_at),
        incident.closed_at.map(at).unwrap_or_default(),
        incident.title.clone(),
        incident.closed_because.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_open_is_told_with_its_reason_and_what_is_over_with_its_end() {
        let list: AlertList = serde_json::from_value(json!({
            "alerts": [{
                "kind": "missed_heartbeats", "title": "Heartbeats are missed", "state": "not_measured",
                "value": "not measured yet", "limit": "above 5 %", "since": "2026-11-22T10:00:00Z",
                "judged_at": "2026-11-22T10:00:15Z",
            }],
            "open_incidents": [{
                "id": "inc-2", "environment": "dev", "cause": "mass_failure/pool/front", "title": "front is silent",
                "why": "3 of 3 agents\nare silent", "opened_at": "2026-11-22T10:00:00Z", "holds_now": true,
                "holds": [{ "group": "front-group", "wanted": "hold", "done": false, "error": "no connection" }],
            }],
            "closed_incidents": [{
                "id": "inc-1", "cause": "alert/missed_heartbeats", "title": "Heartbeats are missed", "why": "",
                "opened_at": "2026-11-21T10:00:00Z", "closed_at": "2026-11-21T10:05:00Z",
                "closed_because": "0 of 3 agents are silent", "holds_now": false, "holds": [],
            }],
        }))
        .unwrap();
        let expected = "\
ALERT              STATE         SINCE (UTC)          FIRES      MEASURED
missed_heartbeats  not measured  2026-11-22 10:00:00  above 5 %  not measured yet

INCIDENT  ENVIRONMENT  OPENED (UTC)         HOLDS                TITLE
inc-2     dev          2026-11-22 10:00:00  healing and changes  front is silent
inc-2       3 of 3 agents are silent
            front-group: no connection

INCIDENT  ENVIRONMENT  OPENED (UTC)         CLOSED (UTC)         TITLE                  CLOSED BECAUSE
inc-1     none         2026-11-21 10:00:00  2026-11-21 10:05:00  Heartbeats are missed  0 of 3 agents are silent
";
        assert_eq!(drawn(&list), expected);
    }

    #[test]
    fn that_nothing_is_wrong_is_said() {
        let list = AlertList { alerts: vec![], open_incidents: vec![], closed_incidents: vec![] };
        assert_eq!(drawn(&list), "No alert was judged yet.\n\nNo incident is open.\n");
    }
}
