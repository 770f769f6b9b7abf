//! `g change`.

use domain::{ChangeId, plan::shortened};
use rest_api::{Approvals, Change as ChangeAnswer, ChangeList, ChangeSummary, Differences, ZoneImpact};

use crate::{
    cli::{Change, Common, Output},
    client::Client,
    failure::Failure,
    output::{self, fact, moment, one_line, table},
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
    if let (Some(name), true) = (client.named_environment(), changes.is_empty()) {
        // One that is only proposed has changes, and is none yet.
        let any: ChangeList = client.get("list_changes", &[], &[("environment", name)]).await?.read()?;
        if any.changes.is_empty() {
            // A name that nothing has would seem to be one where nothing was proposed.
            client.get("load_environment", &[name], &[]).await?;
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
                        state_words(change),
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

/// What keeps it from ever running as it is goes before what its state is called.
fn state_words(change: &ChangeSummary) -> String {
    match change.overtaken_by {
        Some(by) => format!("overtaken by {by}"),
        None => wait::standing(change.state, change.held_by.as_deref()),
    }
}

/// Of one that waits and whose base is gone: by what, and what can be done.
fn overtaken(by: Option<ChangeId>) -> String {
    by.map(|by| format!("by {by}: edit it, propose it again, cancel it or reject it")).unwrap_or_default()
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

/// A line a field, whether or not a step follows from it: an approval is for all of it.
fn differing(differences: Option<&Differences>, generation: i64) -> String {
    let Some(Differences { first, fields }) = differences else {
        return "What was declared before is not recorded: what differs cannot be told.\n".to_owned();
    };
    if fields.is_empty() {
        return "The declaration stays as it is.\n".to_owned();
    }
    let mut text = if *first {
        "Nothing was declared before: these are the fields of the first declaration\n".to_owned()
    } else {
        format!("What differs from generation {generation}\n")
    };
    for field in fields {
        let shown = |value: &Option<String>| match value.as_deref() {
            None | Some("") => "(none)".to_owned(),
            Some(value) => shortened(value),
        };
        let (before, after) = (shown(&field.before), shown(&field.after));
        let line = match (&field.before, &field.after) {
            (None, Some(_)) => format!("+ {}: {after}", field.attribute),
            (Some(_), None) => format!("- {}: {before}", field.attribute),
            _ => format!("~ {}: {before} → {after}", field.attribute),
        };
        text.push_str(&format!("  {}\n", one_line(&line)));
    }
    text
}

fn drawn(change: &ChangeAnswer) -> String {
    let mut text = format!(
        "{}  {}  {}\n",
        change.id,
        wait::standing(change.state, change.held_by.as_deref()),
        change.title
    );
    let mut line = |name: &str, value: &str| text.push_str(&fact(name, value));
    line("proposed", &format!("{} by {}", moment(change.proposed_at), change.proposed_by_name));
    line("reason", &change.reason);
    line("revision", &format!("{} of generation {}", change.revision, change.base_generation));
    line("policy", &format!("{}: {}", change.verdict.policy, change.verdict.reason));
    line("approvals", &change.approvals.tally());
    line("overtaken", &overtaken(change.approvals.overtaken_by));
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
    text.push_str(&differing(change.differences.as_ref(), change.base_generation));
    text.push('\n');
    text.push_str(&change.plan.text);
    text
}

#[cfg(test)]
mod tests {
    use rest_api::FieldDifference;

    use super::*;

    fn field(attribute: &str, before: Option<&str>, after: Option<&str>) -> FieldDifference {
        FieldDifference {
            attribute: attribute.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn what_differs_is_a_line_a_field_that_moves_no_cursor() {
        let differences = Differences {
            first: false,
            fields: vec![
                field("agent_pools[\"web\"].target_size", Some("3"), Some("30")),
                field("environment.zones", Some(""), Some("us-central1-a")),
                field("agent_vm_templates[\"web\"].metadata.a", None, Some("x\u{1b}[2J\u{202e}y\n")),
                field("agent_vm_templates[\"web\"].metadata.b", Some("one\ntwo"), None),
            ],
        };
        let expected = "\
What differs from generation 4
  ~ agent_pools[\"web\"].target_size: 3 → 30
  ~ environment.zones: (none) → us-central1-a
  + agent_vm_templates[\"web\"].metadata.a: x\u{fffd}[2J\u{fffd}y\u{fffd}
  - agent_vm_templates[\"web\"].metadata.b: (2 lines, 7 bytes)
";
        assert_eq!(differing(Some(&differences), 4), expected);
        let first = Differences { first: true, ..differences };
        assert!(differing(Some(&first), 0).starts_with("Nothing was declared before: "));
    }

    #[test]
    fn a_declaration_that_stays_and_one_that_nobody_recorded_are_not_the_same() {
        let none = Differences { first: false, fields: Vec::new() };
        assert_eq!(differing(Some(&none), 4), "The declaration stays as it is.\n");
        assert!(differing(None, 4).contains("is not recorded"));
    }
}
