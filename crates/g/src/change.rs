//! `g change`.

use rest_api::{Approvals, Change as ChangeAnswer, ChangeList, ChangeSummary, ZoneImpact};

use crate::{
    cli::{Change, Common, Output},
    client::Client,
    failure::Failure,
    output::{self, fact, moment, table},
    wait,
};

pub(crate) async fn run(verb: Change, common: &Common) -> Result<(), Failure> {
    let client = Client::new(common)?;
    match verb {
        Change::List { state, limit } => {
            list(&client, common, state.map(domain::ChangeState::as_str), limit).await
        }
        Change::Show { id, waiting } => {
            let answer = if waiting.wait {
                wait::until_ended(&client, id, &waiting).await?
            } else {
                client.get("load_change", &[&id.to_string()], &[]).await?
            };
            output::show(common.output, &answer, || Ok(drawn(&answer.read()?)))
        }
    }
}

/// Reads on until the limit.
async fn list(client: &Client, common: &Common, state: Option<&str>, limit: usize) -> Result<(), Failure> {
    let mut changes: Vec<ChangeSummary> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(client.named_environment().map(|name| ("environment", name)));
        query.extend(state.map(|state| ("state", state)));
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: ChangeList = client.get("list_changes", &[], &query).await?.read()?;
        changes.extend(page.changes);
        cursor = page.next;
        if cursor.is_none() || changes.len() >= limit {
            break;
        }
    }
    let more = changes.len() > limit || cursor.is_some();
    changes.truncate(limit);
    match common.output {
        Output::Json => output::json(&serde_json::json!({ "changes": changes, "more": more })),
        Output::Table => {
            let rows: Vec<Vec<String>> = changes
                .iter()
                .map(|change| {
                    vec![
                        change.id.to_string(),
                        wait::words(change.state),
                        change.environment.clone(),
                        change.proposed_at.format("%Y-%m-%d %H:%M").to_string(),
                        change.proposed_by_name.clone(),
                        vms(&change.impact),
                        change.risk.as_str().to_owned(),
                        tally(change),
                        change.title.clone(),
                    ]
                })
                .collect();
            let head =
                ["CHANGE", "STATE", "ENVIRONMENT", "PROPOSED (UTC)", "BY", "VMS", "RISK", "VOTES", "TITLE"];
            output::write(&table(&head, &rows))?;
            if more { output::say("There are more: --limit shows them.") } else { Ok(()) }
        }
    }
}

/// `+2 ~1 -3`: created, replaced or restarted, deleted.
fn vms(impact: &ZoneImpact) -> String {
    let parts = [('+', impact.created), ('~', impact.replaced + impact.restarted), ('-', impact.deleted)];
    let said: Vec<String> =
        parts.iter().filter(|(_, vms)| *vms > 0).map(|(sign, vms)| format!("{sign}{vms}")).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(" ") }
}

/// `1 of 3`; nothing where nobody is asked.
fn tally(change: &ChangeSummary) -> String {
    match change.approvals_needed {
        0 => String::new(),
        needed => format!("{} of {needed}", change.approvals),
    }
}

fn votes(approvals: &Approvals) -> String {
    let rows: Vec<Vec<String>> = approvals
        .votes
        .iter()
        .map(|vote| {
            let mark = if vote.void.is_some() { "void: " } else { "" };
            vec![
                format!("{mark}{}", vote.ballot.as_str()),
                vote.person_name.clone(),
                vote.group.clone().unwrap_or_else(|| "none".to_owned()),
                vote.cast_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                vote.void.as_ref().unwrap_or(&vote.reason).clone(),
            ]
        })
        .collect();
    table(&["VOTE", "BY", "FOR", "CAST (UTC)", "REASON"], &rows)
}

fn drawn(change: &ChangeAnswer) -> String {
    let mut text = format!("{}  {}  {}\n", change.id, wait::words(change.state), change.title);
    let mut line = |name: &str, value: &str| text.push_str(&fact(name, value));
    line("proposed", &format!("{} by {}", moment(change.proposed_at), change.proposed_by_name));
    line("reason", &change.reason);
    line("revision", &format!("{} of generation {}", change.revision, change.base_generation));
    line("policy", &format!("{}: {}", change.verdict.policy, change.verdict.reason));
    line("approvals", &change.approvals.tally());
    line("stuck", change.approvals.stuck.as_deref().unwrap_or_default());
    line("expires", &change.approvals.expires_at.map(moment).unwrap_or_default());
    line("digests", &format!("declaration {}", change.payload_sha256));
    line("", &format!("plan        {}", change.plan_sha256));
    line("started", &change.started_at.map(moment).unwrap_or_default());
    line("finished", &change.finished_at.map(moment).unwrap_or_default());
    line("outcome", change.outcome.as_deref().unwrap_or_default());
    for missing in &change.waiting_for {
        line("waits for", missing);
    }
    if !change.approvals.votes.is_empty() {
        text.push('\n');
        text.push_str(&votes(&change.approvals));
    }
    if !change.calls.is_empty() {
        let rows: Vec<Vec<String>> = change
            .calls
            .iter()
            .map(|call| {
                let (cause, error) = (call.cause.clone(), call.error.clone());
                vec![
                    call.state.clone(),
                    call.step.clone(),
                    cause.unwrap_or_default(),
                    error.unwrap_or_default(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&table(&["CALL", "STEP", "CAUSE", "ERROR"], &rows));
    }
    text.push('\n');
    text.push_str(&change.plan.text);
    text
}
