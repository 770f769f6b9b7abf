//! A plan's actions in their order, each with its reason and what it changes.

use std::fmt::Write as _;

use domain::{
    firewall::Severity,
    plan::{Note, Verb},
    view::change::{ShownAction, ShownPlan},
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
pub fn summary(plan: &ShownPlan) -> String {
    let count = |verb: Verb| plan.actions.iter().filter(|action| action.verb == verb).count();
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

pub fn actions_list(actions: Vec<ShownAction>) -> impl IntoView + use<> {
    let items = actions.into_iter().enumerate().map(|(index, action)| item(index + 1, action)).collect_view();
    view! { <ol class="rows steps">{items}</ol> }
}

fn item(number: usize, action: ShownAction) -> AnyView {
    let ShownAction { verb, kind, name, reason, changes } = action;
    let (verb, noun) = (words::sentence(verb.as_str()), kind.noun());
    view! {
        <li>
            <span class="step-no muted">{number}</span>
            <div>
                <p>
                    <b>{format!("{verb} {noun} ")}</b>
                    <code>{name}</code>
                    <small>{words::sentence(&reason)}</small>
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
pub fn size(plan: &ShownPlan) -> String {
    let mut out = words::count(plan.actions.len() as u64, "action");
    if !plan.notes.is_empty() {
        let _ = write!(out, ", {}", words::count(plan.notes.len() as u64, "note"));
    }
    out
}

#[cfg(test)]
mod tests {
    use domain::{plan::Impact, resource::ResourceKind};

    use super::*;

    fn plan(steps: &[(Verb, ResourceKind)]) -> ShownPlan {
        let shown = |(verb, kind): &(Verb, ResourceKind)| ShownAction {
            verb: *verb,
            kind: *kind,
            name: "a".into(),
            reason: "r".into(),
            changes: Vec::new(),
        };
        let actions = steps.iter().map(shown).collect();
        ShownPlan { actions, impact: Impact::default(), notes: Vec::new() }
    }

    #[test]
    fn a_plan_is_summed_up_by_its_verbs() {
        assert_eq!(summary(&plan(&[])), "nothing to do");
        let steps = [
            (Verb::Resize, ResourceKind::InstanceGroup),
            (Verb::Delete, ResourceKind::Autoscaler),
            (Verb::Delete, ResourceKind::HealthCheck),
        ];
        assert_eq!(summary(&plan(&steps)), "resizes 1 resource and deletes 2");
    }
}
