//! What an edit would do, as its review shows it.

use domain::{
    plan::FieldChange,
    view::{change::ShownAction, edit::EditPreview},
};
use leptos::prelude::*;

use crate::{
    components::{diff::diff, icon::turning_arrow},
    pages::changes::{actions_list, impact_panel, notes_list},
    words,
};

/// `fields`: each field that would differ, too.
pub(super) fn what_it_does(preview: &EditPreview, fields: bool) -> AnyView {
    let plan = &preview.plan;
    let differences = if fields { own_differences(&preview.differences) } else { Vec::new() };
    let count = words::count(plan.actions.len() as u64, "step");
    let steps = if plan.is_empty() {
        view! { <p class="panel-body soft">"No call to Compute Engine is needed: what runs already is as declared."</p> }
            .into_any()
    } else {
        actions_list(plan.actions.iter().map(ShownAction::from).collect()).into_any()
    };
    let does = match (words::impact(&plan.impact.total()), preview.in_force.is_empty()) {
        (Some(vms), _) => format!("It {vms}."),
        (None, true) => "It touches no VM.".to_owned(),
        (None, false) => "It touches no VM by itself; a schedule in force adds some.".to_owned(),
    };
    view! {
        <section class="stack" aria-labelledby="what-it-does">
            <div>
                <h2 id="what-it-does">{words::sentence(&preview.title)}</h2>
                <p class="soft">{does}</p>
            </div>
            {impact_panel(&plan.impact, &plan.taken_up_later(), &preview.in_force)}
            {(!differences.is_empty())
                .then(|| {
                    view! {
                        <section class="panel" aria-labelledby="differences">
                            <header class="panel-head">
                                <h2 id="differences">"What differs"</h2>
                            </header>
                            <div class="panel-body">{diff(differences)}</div>
                        </section>
                    }
                })}
            <details class="panel">
                <summary class="panel-head">
                    <span class="cluster">{turning_arrow()} <b>{format!("Plan: {count}")}</b></span>
                </summary>
                {steps}
            </details>
            {(!plan.notes.is_empty())
                .then(|| {
                    let title = words::count(plan.notes.len() as u64, "note");
                    view! {
                        <details class="panel">
                            <summary class="panel-head">
                                <span class="cluster">{turning_arrow()} <b>{title}</b></span>
                                <small>"What the plan decided by itself"</small>
                            </summary>
                            {notes_list(&plan.notes)}
                        </details>
                    }
                })}
        </section>
    }
    .into_any()
}

/// By the names of the fields alone: the title says whose they are. What is new as a whole is the plan's to show.
pub(super) fn own_differences(differences: &[FieldChange]) -> Vec<FieldChange> {
    let object = |value: &Option<String>| value.as_ref().is_some_and(|value| value.starts_with('{'));
    differences
        .iter()
        .filter(|change| !object(&change.before) && !object(&change.after))
        .map(|change| {
            let attribute = match change.attribute.split_once("\"].") {
                Some((_, field)) => field.to_owned(),
                None => change.attribute.clone(),
            };
            FieldChange { attribute, ..change.clone() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_their_field() {
        let change = |attribute: &str, after: &str| FieldChange {
            attribute: attribute.into(),
            before: None,
            after: Some(after.into()),
        };
        let all = [
            change("agent_vm_templates[\"web\"].labels.team", "a"),
            change("environment.zones", "b"),
            change("agent_pools[\"x\"]", "{\"name\":\"x\"}"),
        ];
        let named: Vec<String> = own_differences(&all).into_iter().map(|change| change.attribute).collect();
        assert_eq!(named, ["labels.team", "environment.zones"]);
    }
}
