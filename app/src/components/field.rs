//! Form fields: a label, the input, and what is wrong with it or what helps.

use leptos::prelude::*;

use super::glyph::{State, glyph};

/// One line of text.
#[component]
pub fn TextField(
    #[prop(into)] id: String,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] value: String,
    #[prop(into, optional)] hint: Option<String>,
    /// What is wrong with the present value.
    #[prop(into, optional)]
    problem: Option<String>,
    #[prop(into, optional)] placeholder: String,
    #[prop(optional)] mono: bool,
    #[prop(optional)] required: bool,
    /// The id of the form, where the field stands outside of it.
    #[prop(into, optional)]
    form: Option<String>,
) -> AnyView {
    let hint_id = format!("{id}-hint");
    let described = (hint.is_some() || problem.is_some()).then(|| hint_id.clone());
    let invalid = problem.is_some();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                class=if mono { "input mono" } else { "input" }
                type="text"
                id=id
                name=name
                value=value
                placeholder=placeholder
                required=required
                form=form
                autocomplete="off"
                spellcheck="false"
                aria-invalid=invalid.then_some("true")
                aria-describedby=described
            />
            {help(hint_id, hint, problem)}
        </div>
    }
    .into_any()
}

/// What stands under a field.
pub fn help(id: String, hint: Option<String>, problem: Option<String>) -> impl IntoView {
    match (problem, hint) {
        (Some(problem), _) => Some(
            view! {
                <p class="reason sm" id=id data-s="crit">
                    {glyph(State::Crit)}
                    <span>{problem}</span>
                </p>
            }
            .into_any(),
        ),
        (None, Some(hint)) => Some(
            view! {
                <p class="sm muted break" id=id>
                    {hint}
                </p>
            }
            .into_any(),
        ),
        (None, None) => None,
    }
}
