//! A form that posts to its own page, the same with and without scripts: the server draws the page anew with what was
//! sent, what was refused beside its field, and what an edit would do; or it acts and leads on ([`crate::form_post`]).

mod fields;
mod reader;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::{
    fields::FormFields,
    reader::{INHERIT, NO, Reader, YES, chosen},
};
use crate::{
    api::{ApiError, Code, FieldProblem},
    url_state::Query,
    words,
};

/// The button that was pressed.
pub const INTENT: &str = "intent";
/// Only draws the page again, as the next does; every other intent acts.
pub const REVIEW: &str = "review";
/// Asks what the values would have done with the load that was.
pub const REPLAY: &str = "replay";
pub const PROPOSE: &str = "propose";
/// What a proposal sends back of the preview that was seen.
pub const DIGEST: &str = "digest";
pub const BASE_GENERATION: &str = "base_generation";
pub const REASON: &str = "reason";

/// What was sent, and why nothing was done with it. Empty on a page that was only opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    pub posted: bool,
    pub values: Query,
    pub problem: Option<ApiError>,
}

impl Posted {
    /// What the server put into this page's context; the browser gets it with the page.
    pub fn here() -> Self {
        SharedValue::new(|| use_context::<Self>().unwrap_or_default()).into_inner()
    }

    /// The text of a field: as it was sent, otherwise `default`.
    pub fn value(&self, name: &str, default: impl Into<String>) -> String {
        if self.posted { self.values.get(name).unwrap_or_default().to_owned() } else { default.into() }
    }

    /// The same for a box to tick: what is not ticked is not sent.
    pub fn ticked(&self, name: &str, default: bool) -> bool {
        if self.posted { self.values.has(name) } else { default }
    }

    /// The generation that the form was begun on; None where it begins now, or says none.
    pub fn begun(&self) -> Option<i64> {
        self.values.get(BASE_GENERATION)?.parse().ok()
    }
}

/// The refused fields of one form.
#[derive(Clone, Copy, Debug)]
pub struct Problems(RwSignal<Vec<FieldProblem>>);

impl Problems {
    /// `at` is where the form's noun stands in the declaration, with the dot: `agent_vm_templates[2].`; a problem of
    /// `agent_vm_templates[2].scopes[0]` is the field `scopes`. Problems elsewhere keep their whole attribute.
    pub fn new(found: impl IntoIterator<Item = FieldProblem>, at: &str) -> Self {
        Self(RwSignal::new(found.into_iter().map(|problem| within(problem, at)).collect()))
    }

    /// What is wrong with the field.
    pub fn of(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.0.with(|all| {
                let own = all.iter().filter(|problem| problem.field == field);
                let said: Vec<String> = own.map(|problem| words::sentence(&problem.message)).collect();
                (!said.is_empty()).then(|| said.join(" "))
            })
        })
    }

    /// What is wrong with anything but these fields.
    pub fn elsewhere(self, fields: &'static [&'static str]) -> Vec<FieldProblem> {
        self.0.with_untracked(|all| {
            all.iter().filter(|problem| !fields.contains(&problem.field.as_str())).cloned().collect()
        })
    }

    pub fn list(self) -> Vec<FieldProblem> {
        self.0.get()
    }

    pub fn list_untracked(self) -> Vec<FieldProblem> {
        self.0.get_untracked()
    }

    /// Puts what is wrong now in the place of what was wrong with these fields.
    #[cfg(feature = "hydrate")]
    pub fn renew(self, fields: &std::collections::BTreeSet<String>, found: Vec<FieldProblem>) {
        let mut next = self.0.get_untracked();
        next.retain(|problem| !fields.contains(&problem.field));
        next.extend(found.into_iter().filter(|problem| fields.contains(&problem.field)));
        if next != self.0.get_untracked() {
            self.0.set(next);
        }
    }
}

/// The problem by the name of the form's field, where the form's noun stands `at` that place of the declaration.
pub fn within(problem: FieldProblem, at: &str) -> FieldProblem {
    match problem.field.strip_prefix(at).filter(|_| !at.is_empty()) {
        Some(rest) => {
            let field = rest.split(['[', '.']).next().unwrap_or(rest).to_owned();
            FieldProblem { field, ..problem }
        }
        None => problem,
    }
}

/// A form whose text could not be read as what it should be.
pub fn unreadable(fields: Vec<FieldProblem>) -> ApiError {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.set_status(http::StatusCode::UNPROCESSABLE_ENTITY);
    }
    ApiError { fields, ..ApiError::new(Code::Invalid, "Some fields cannot be read.") }
}

/// The present values of the form that an event came from.
#[cfg(feature = "hydrate")]
pub fn values_of(form: &web_sys::HtmlFormElement) -> Option<Query> {
    use leptos::wasm_bindgen::JsCast as _;
    let data = web_sys::FormData::new_with_form(form).ok()?;
    let pairs = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data.unchecked_into()).ok()?;
    Some(Query::parse(&String::from(pairs.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(field: &str) -> FieldProblem {
        FieldProblem { field: field.into(), message: "m".into() }
    }

    #[test]
    fn what_was_sent_stands_before_the_defaults_even_when_it_was_empty() {
        let opened = Posted::default();
        assert_eq!(opened.value("name", "web"), "web");
        assert!(opened.ticked("spot", true));
        let posted =
            Posted { posted: true, values: Query::parse("name=&spot=on&size=4"), ..Posted::default() };
        assert_eq!([posted.value("name", "web"), posted.value("size", "1")], ["", "4"]);
        assert!(posted.ticked("spot", false) && !posted.ticked("other", true));
    }

    #[test]
    fn a_form_says_what_it_was_begun_on() {
        let begun = |sent| Posted { posted: true, values: Query::parse(sent), ..Posted::default() }.begun();
        assert_eq!(begun("base_generation=5"), Some(5));
        for nothing in ["base_generation=", "base_generation=first", "name=web"] {
            assert_eq!(begun(nothing), None, "{nothing}");
        }
        assert_eq!(Posted::default().begun(), None, "it was only opened");
    }

    #[test]
    fn an_attribute_of_the_declaration_is_the_form_s_field() {
        let at = "agent_vm_templates[2].";
        let field = |attribute: &str| within(problem(attribute), at).field;
        assert_eq!(field("agent_vm_templates[2].machine_type"), "machine_type");
        assert_eq!(field("agent_vm_templates[2].scopes[1]"), "scopes");
        assert_eq!(field("agent_vm_templates[2].labels[\"a.b\"]"), "labels");
        assert_eq!(field("agent_vm_templates[21].name"), "agent_vm_templates[21].name");
        assert_eq!(field("agent_pools[2].name"), "agent_pools[2].name");
        assert_eq!(field("name"), "name");
    }
}
