//! What a change declares otherwise, and its plan's actions in their order, each with its reason and what it changes.

use std::fmt::Write as _;

use domain::{
    firewall::Severity,
    plan::{FieldChange, Note, Verb},
    view::change::{ChangeDetail, FIELDS, Folded, NOTES, STEPS, ShownAction, ShownDeclaration, ShownPlan},
};
use leptos::prelude::*;

use super::detail::show_all::show_all;
use crate::{
    components::{
        diff::{declared_by_noun, diff, diff_by_noun},
        glyph::{State, glyph},
        icon::turning_arrow,
        markup::Markup,
        moment::clock_time,
        phase::Phase,
    },
    words,
};

pub fn plan(view: &ChangeDetail) -> AnyView {
    let (change, plan) = (&view.change, &view.change.revision.plan);
    let (planned_at, size) = (change.revision.created_at, size(plan));
    let fields = view.beside.declared.as_ref().map_or(0, |declared| declared.fields.of);
    let (differs, declares) = what_differs(view);
    let actions = actions_list(plan.actions.shown.clone()).into_any();
    let notes = (!plan.notes.is_empty()).then(|| notes_list(&plan.notes.shown).into_any());
    let more_steps = show_all(change.id, &plan.actions, "step", STEPS, view.whole);
    let more_notes = show_all(change.id, &plan.notes, "note", NOTES, view.whole);
    view! {
        <Phase
            state=State::Ok
            title="Plan"
            say=summary(plan, fields)
            aside=move || view! { {clock_time(planned_at)} ", " {size.clone()} }
            // A plan that ran folds to its line; one that may still be decided on shows its steps.
            open=view.whole || !change.state.is_terminal()
        >
            {differs}
            {actions}
            {more_steps}
            {notes}
            {more_notes}
            {declares}
        </Phase>
    }
    .into_any()
}

/// What the declaration says otherwise, whether or not a step follows from it: a signature is for all of it. Above the steps what is
/// to be held against what was; below them a first declaration, of which the steps are what matters.
fn what_differs(view: &ChangeDetail) -> (Option<AnyView>, Option<AnyView>) {
    let Some(ShownDeclaration { first, fields }) = &view.beside.declared else {
        let unknown = view! {
            <p class="muted">"What was declared before is not recorded: what differs cannot be told."</p>
        };
        return (Some(unknown.into_any()), None);
    };
    if fields.is_empty() {
        let same = view! { <p class="muted">"The declaration stays as it is."</p> };
        return (Some(same.into_any()), None);
    }
    let more = show_all(view.change.id, fields, "field", FIELDS, view.whole);
    if *first {
        return (None, Some(first_declaration(fields, more, view.whole)));
    }
    let differs = view! {
        <section class="stack" aria-labelledby="what-differs">
            <h3 id="what-differs">"What differs"</h3>
            {diff_by_noun(&fields.shown)}
            {more}
        </section>
    };
    (Some(differs.into_any()), None)
}

/// Folded, unless the address asks for the lists in full.
fn first_declaration(fields: &Folded<FieldChange>, more: Option<AnyView>, open: bool) -> AnyView {
    let said = format!("What it declares: {}", words::count(u64::from(fields.of), "field"));
    view! {
        <details class="more" open=open>
            <summary class="cluster sm">{turning_arrow()} {said}</summary>
            <div class="stack">
                <p class="soft">"Nothing was declared before."</p>
                {declared_by_noun(&fields.shown)}
                {more}
            </div>
        </details>
    }
    .into_any()
}

/// `creates 6 resources and updates 1`. `fields`: as many are declared otherwise.
fn summary(plan: &ShownPlan, fields: u32) -> String {
    let count = |verb: Verb| plan.verbs.iter().find(|(of, _)| *of == verb).map_or(0, |(_, count)| *count);
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
            n if said.is_empty() => said.push(format!("{word} {}", words::count(u64::from(n), "resource"))),
            n => said.push(format!("{word} {n}")),
        }
    }
    match (said.is_empty(), fields) {
        (false, _) => words::list(&said),
        (true, 0) => "nothing to do".to_owned(),
        (true, _) => {
            format!("touches no resource, declares {} otherwise", words::count(u64::from(fields), "field"))
        }
    }
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
            let said = format!("{}.", words::sentence(&note.message));
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p inner_html=Markup::default().prose(&said).into_html()></p>
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

/// `7 steps, 2 notes`.
fn size(plan: &ShownPlan) -> String {
    let mut out = words::count(u64::from(plan.actions.of), "step");
    if !plan.notes.is_empty() {
        let _ = write!(out, ", {}", words::count(u64::from(plan.notes.of), "note"));
    }
    out
}

#[cfg(test)]
mod tests {
    use domain::plan::Impact;

    use super::*;

    fn plan(verbs: &[(Verb, u32)]) -> ShownPlan {
        let of: u32 = verbs.iter().map(|(_, count)| count).sum();
        let actions = Folded { shown: Vec::new(), of };
        let notes = Folded::first(Vec::new(), 0);
        ShownPlan {
            actions,
            verbs: verbs.to_vec(),
            impact: Impact::default(),
            taken_up_later: Vec::new(),
            notes,
        }
    }

    #[test]
    fn a_plan_is_summed_up_by_its_verbs_however_many_steps_are_shown() {
        assert_eq!(summary(&plan(&[]), 0), "nothing to do");
        assert_eq!(summary(&plan(&[]), 1), "touches no resource, declares 1 field otherwise");
        let long = plan(&[(Verb::Resize, 1), (Verb::Delete, 1200)]);
        assert_eq!(summary(&long, 3), "resizes 1 resource and deletes 1200");
        assert_eq!(size(&long), "1,201 steps");
    }
}
