//! A plan's actions in their order, each with its reason and what it changes.

use std::fmt::Write as _;

use domain::{
    firewall::Severity,
    plan::{Action, Note, Plan, Verb},
};
use leptos::prelude::*;

use crate::{
    components::{
        diff::diff,
        glyph::{State, glyph},
    },
    words,
};

/// `creates 6 resources and updates 1`.
pub fn summary(plan: &Plan) -> String {
    let count = |verb: Verb| plan.actions.iter().filter(|action| action.step.verb() == verb).count();
    let mut said = Vec::new();
    for (verb, word) in [
        (Verb::Create, "creates"),
        (Verb::Update, "updates"),
        (Verb::Resize, "resizes"),
        (Verb::Recreate, "recreates"),
        (Verb::Restart, "restarts"),
        (Verb::Delete, "deletes"),
    ] {
        match count(verb) {
            0 => {}
            n if said.is_empty() => said.push(format!("{word} {}", words::count(n as u64, "resource"))),
            n => said.push(format!("{word} {n}")),
        }
    }
    if said.is_empty() { "nothing to do".to_owned() } else { words::list(&said) }
}

pub fn actions_list(actions: &[Action]) -> impl IntoView + use<> {
    let items = actions.iter().enumerate().map(|(index, action)| item(index + 1, action)).collect_view();
    view! { <ol class="rows steps">{items}</ol> }
}

fn item(number: usize, action: &Action) -> AnyView {
    let verb = words::sentence(action.step.verb().as_str());
    let noun = action.step.kind().noun();
    let changes = action.changes.clone();
    view! {
        <li>
            <span class="step-no muted">{number}</span>
            <div>
                <p>
                    <b>{format!("{verb} {noun} ")}</b>
                    <code>{action.step.name().to_owned()}</code>
                    <small>{words::sentence(&action.reason)}</small>
                </p>
                {(!changes.is_empty()).then(|| diff(changes))}
            </div>
        </li>
    }
    .into_any()
}

/// What the plan decided by itself or warns of.
pub fn notes_list(notes: &[Note]) -> impl IntoView + use<> {
    let items = notes
        .iter()
        .cloned()
        .map(|note| {
            let state = of_severity(note.severity);
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p>{format!("{}.", words::sentence(&note.message))}</p>
                    <code class="muted">{note.attribute}</code>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="rows verdicts">{items}</ul> }
}

pub const fn of_severity(severity: Severity) -> State {
    match severity {
        Severity::Info => State::Info,
        Severity::Warning => State::Warn,
        Severity::Critical => State::Crit,
    }
}

/// `7 actions, 2 notes`.
pub fn size(plan: &Plan) -> String {
    let mut out = words::count(plan.actions.len() as u64, "action");
    if !plan.notes.is_empty() {
        let _ = write!(out, ", {}", words::count(plan.notes.len() as u64, "note"));
    }
    out
}

#[cfg(test)]
mod tests {
    use domain::plan::{Impact, Step};

    use super::*;

    fn plan(steps: Vec<Step>) -> Plan {
        let actions =
            steps.into_iter().map(|step| Action { step, reason: "r".into(), changes: Vec::new() }).collect();
        Plan {
            environment: "dev".into(),
            actions,
            impact: Impact::default(),
            violations: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_summed_up_by_its_verbs() {
        assert_eq!(summary(&plan(Vec::new())), "nothing to do");
        let steps = vec![
            Step::ResizeInstanceGroup { name: "a".into(), from: 1, to: 2 },
            Step::DeleteAutoscaler { name: "a".into() },
            Step::DeleteHealthCheck { name: "a".into() },
        ];
        assert_eq!(summary(&plan(steps)), "resizes 1 resource and deletes 2");
    }
}
