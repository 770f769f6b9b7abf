//! Review before proposing: what an edit would do, computed, and the button that proposes exactly that. It frames the
//! form of every edit, so that a refusal stands beside its field and what was typed stays.

mod effect;
mod newer;
mod proposal;
mod rules;
mod spoken;

use std::collections::BTreeSet;

use domain::{Permission, edit::Edit, plan::Plan, view::edit::EditPreview};
use leptos::{ev, prelude::*, wasm_bindgen::JsCast as _, web_sys};

use self::{effect::what_it_does, newer::Newer, spoken::as_a_command};
pub use self::{
    proposal::{ahead, digests},
    rules::{broken, problem},
};
use crate::{
    api::{self, ApiError, FieldProblem},
    components::{
        button::Submit,
        field::TextField,
        glyph::{State, glyph},
        icon::turning_arrow,
        notice::trace,
    },
    form::{
        BASE_GENERATION, DIGEST, FormFields, INTENT, PROPOSE, Posted, Problems, REASON, REVIEW, unreadable,
    },
    opening::refusal,
    url_state::Query,
    words,
};

const PROPOSE_CHANGE: &str = "Propose change";

/// What came of previewing an edit; None where none was asked for, or the form could not be read as one.
pub type Preview = Option<Result<EditPreview, ApiError>>;

/// The edit that was sent, if any was; or which fields cannot be read.
pub type Sent = Option<Result<Edit, Vec<FieldProblem>>>;

/// What it would do. `begun` is the generation that its form was begun on.
pub async fn previewed(environment: String, sent: Sent, begun: Option<i64>) -> Preview {
    Some(match sent? {
        Ok(edit) => api::edits::preview_edit(environment, edit, begun).await,
        Err(refused) => Err(unreadable(refused)),
    })
}

pub type Check = Callback<Query, Vec<FieldProblem>>;

/// Everything that is refused: by the preview where there is one, otherwise by what was tried.
/// `at` is where the form's noun stands in the declaration: `agent_vm_templates[2].`
pub fn problems(posted: &Posted, preview: &Preview, at: &str) -> Problems {
    let found = match preview {
        Some(Ok(preview)) => preview.plan.violations.iter().map(problem).collect(),
        Some(Err(error)) => error.fields.clone(),
        None => posted.problem.as_ref().map(|error| error.fields.clone()).unwrap_or_default(),
    };
    Problems::new(found, at)
}

/// The form of an edit: its fields, and above them what it would do once it was reviewed.
#[component]
pub fn EditForm(
    /// Whose fields the children are.
    form: FormFields,
    preview: Preview,
    /// What the rules say of the values, by the names of the fields: asked in the browser while somebody types.
    #[prop(into, optional)]
    check: Option<Check>,
    /// What the button that proposes says: the verb of the form.
    #[prop(default = PROPOSE_CHANGE)]
    verb: &'static str,
    /// The generation that the fields were filled from, where they are of something that others may edit too.
    #[prop(default = None)]
    generation: Option<i64>,
    /// The fields stay in sight after the review.
    #[prop(optional)]
    unfolded: bool,
    /// Why there is nothing to review, as a sentence, where no value of the form could change that.
    #[prop(default = None)]
    pointless: Option<String>,
    /// What else was computed of the values, below what the edit would do.
    #[prop(default = None)]
    beside: Option<AnyView>,
    children: Children,
) -> AnyView {
    let FormFields { posted, problems, names, .. } = form;
    let elsewhere = problems.elsewhere(names);
    let shown = preview.as_ref().and_then(|preview| preview.as_ref().ok()).cloned();
    let refused_fields =
        problems.list_untracked().iter().any(|problem| names.contains(&problem.field.as_str()));
    let newer = Newer::of(&preview);
    let failed = match &preview {
        Some(Err(error)) => Some(error.clone()),
        _ => posted.problem.clone().or_else(|| newer.as_ref().map(Newer::refusal)),
    };
    let fold = shown.is_some() && newer.is_none() && !refused_fields && !unfolded && !names.is_empty();
    let fields =
        if fold { folded(children()) } else { view! { <div class="form">{children()}</div> }.into_any() };
    let notice = (failed.is_some() || refused_fields || !elsewhere.is_empty())
        .then(|| refusals(failed, problems, elsewhere, names));
    let spoken = as_a_command(shown.as_ref().map(|preview| preview.spoken.clone()));
    let (reviewed, foot) = match shown {
        Some(preview) => {
            let verb =
                newer.as_ref().map_or_else(|| verb.to_owned(), |newer| newer.verb(verb, !names.is_empty()));
            let beside = newer.as_ref().map(|newer| newer.beside(&preview));
            let does = what_it_does(&preview, newer.is_none());
            let ahead = blocked(&preview.plan, !preview.differences.is_empty())
                .is_none()
                .then(|| ahead(&preview.proposal, &preview.environment, None));
            let reviewed = view! { {beside} {does} {ahead} }.into_any();
            (Some(reviewed), propose(&preview, &posted, verb))
        }
        None => (None, review_first(&posted, generation, pointless)),
    };
    let touched = RwSignal::new(BTreeSet::new());
    let recheck = move |event: &ev::Event, finished: bool| {
        if let Some(check) = check {
            live_check(event, finished, touched, problems, check);
        }
    };
    view! {
        <form
            class="edit-form"
            method="post"
            novalidate=true
            on:input=move |event| recheck(&event, false)
            on:change=move |event| recheck(&event, true)
        >
            // Enter in any field reviews; it never proposes.
            <button hidden type="submit" name=INTENT value=REVIEW tabindex="-1">
                "Review"
            </button>
            <div class="side-panel-body">{notice} {reviewed} {beside} {fields} {spoken}</div>
            {foot}
        </form>
    }
    .into_any()
}

/// The fields, out of sight of what was reviewed.
fn folded(fields: AnyView) -> AnyView {
    view! {
        <details class="panel fields">
            <summary class="panel-head">
                <span class="cluster">{turning_arrow()} <b>"Fields"</b></span>
                <small>"Change them and review again"</small>
            </summary>
            <div class="panel-body form">{fields}</div>
        </details>
    }
    .into_any()
}

/// The form of an edit about which nothing is asked.
pub fn nothing_asked(posted: &Posted, preview: Preview) -> AnyView {
    let form = FormFields::new(posted, problems(posted, &preview, ""), &[], Vec::new());
    view! {
        <EditForm form=form preview=preview>
            ""
        </EditForm>
    }
    .into_any()
}

/// A field is judged when it is left; one that was refused also while it is mended.
fn live_check(
    event: &ev::Event,
    finished: bool,
    touched: RwSignal<BTreeSet<String>>,
    problems: Problems,
    check: Check,
) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else {
        return;
    };
    let name = target.get_attribute("name").unwrap_or_default();
    let refused = problems.list_untracked().iter().any(|problem| problem.field == name);
    if !finished && !refused {
        return;
    }
    touched.update(|touched| {
        touched.insert(name);
    });
    #[cfg(feature = "hydrate")]
    if let Some(values) = target
        .closest("form")
        .ok()
        .flatten()
        .and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok())
        .and_then(|form| crate::form::values_of(&form))
    {
        let found = check.run(values);
        touched.with_untracked(|touched| problems.renew(touched, found));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = check;
}

/// Why nothing was proposed, with a way to each refused field.
fn refusals(
    failed: Option<ApiError>,
    problems: Problems,
    elsewhere: Vec<FieldProblem>,
    names: &'static [&'static str],
) -> AnyView {
    let own = move || {
        let mut fields: Vec<String> = problems.list().into_iter().map(|problem| problem.field).collect();
        fields.retain(|field| names.contains(&field.as_str()));
        fields.dedup();
        fields
    };
    let traced = failed.as_ref().map(trace);
    // What is said of single fields stands there; only the rest is said here.
    let said = failed.filter(|error| error.fields.is_empty()).map(|error| words::sentence(&error.message));
    let others = elsewhere
        .into_iter()
        .map(|problem| {
            view! {
                <li>
                    <code>{problem.field}</code>
                    ": "
                    {words::sentence(&problem.message)}
                </li>
            }
        })
        .collect_view();
    let fields = move || {
        let fields = own();
        (!fields.is_empty()).then(|| {
            let count = words::count(fields.len() as u64, "field");
            let verb = if fields.len() == 1 { "is" } else { "are" };
            let links = fields
                .into_iter()
                .map(|field| {
                    view! {
                        " "
                        <a class="link" href=format!("#{field}") rel="external">
                            {field.clone()}
                        </a>
                    }
                })
                .collect_view();
            view! { <p><b>{format!("{count} {verb} refused:")}</b> {links}</p> }
        })
    };
    view! {
        <section class="panel notice refusals" role="alert" data-s="crit">
            {glyph(State::Crit)} <div>
                {said.map(|said| view! { <p><b>{said}</b></p> })} {fields} <ul>{others}</ul>
                {traced}
            </div>
        </section>
    }
    .into_any()
}

fn review_first(posted: &Posted, generation: Option<i64>, pointless: Option<String>) -> AnyView {
    // What was sent stays of the generation that it was begun on, also where it could not be read.
    let begun = generation.map(|now| posted.value(BASE_GENERATION, now.to_string()));
    view! {
        <footer class="side-panel-foot">
            {begun.map(|begun| view! { <input type="hidden" name=BASE_GENERATION value=begun /> })}
            <Submit
                label="Review change"
                id="review-change"
                primary=true
                blocked=refusal(Permission::PlanChange).or(pointless)
                name=INTENT
                value=REVIEW
            />
        </footer>
    }
    .into_any()
}

/// Why this plan cannot be proposed; None when it can.
pub fn blocked(plan: &Plan, differs: bool) -> Option<String> {
    if !plan.violations.is_empty() {
        let count = words::count(plan.violations.len() as u64, "rule");
        let verb = if plan.violations.len() == 1 { "is" } else { "are" };
        return Some(format!("{count} {verb} broken."));
    }
    if plan.is_empty() && !differs {
        return Some("There is nothing to change.".to_owned());
    }
    None
}

fn propose(preview: &EditPreview, posted: &Posted, verb: String) -> AnyView {
    let blocked = blocked(&preview.plan, !preview.differences.is_empty())
        .or_else(|| refusal(Permission::ProposeChange));
    view! {
        <footer class="side-panel-foot">
            <div class="propose">
                <input type="hidden" name=BASE_GENERATION value=preview.base_generation.to_string() />
                <input type="hidden" name=DIGEST value=preview.digest.clone() />
                <TextField
                    field=(REASON, posted.value(REASON, ""))
                    label="Reason, shown to all"
                    placeholder="Why the fleet should change"
                />
                <details class="sm">
                    <summary class="cluster muted">{turning_arrow()} "Digests of what you see"</summary>
                    {digests(&preview.proposal)}
                </details>
            </div>
            <Submit label="Review again" id="review-again" name=INTENT value=REVIEW />
            <Submit
                label=verb
                id="propose-change"
                primary=true
                blocked=blocked
                name=INTENT
                value=PROPOSE
            />
        </footer>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::plan::{Action, Impact, Step, Violation};

    use super::*;

    fn plan() -> Plan {
        Plan {
            environment: "dev".into(),
            actions: vec![Action {
                step: Step::DeleteHealthCheck { name: "h".into() },
                reason: "r".into(),
                changes: Vec::new(),
            }],
            impact: Impact::default(),
            violations: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn violation() -> Violation {
        Violation {
            attribute: "agent_pools[0].max_surge".into(),
            rule: "surge_below_zones".into(),
            message: "too few".into(),
            fix: Some("3".into()),
        }
    }

    #[test]
    fn a_broken_rule_or_nothing_to_do_stops_the_proposal() {
        assert_eq!(blocked(&plan(), true), None);
        let without_calls = Plan { actions: Vec::new(), ..plan() };
        assert_eq!(blocked(&without_calls, true), None, "a declaration may change without a call");
        assert!(blocked(&without_calls, false).is_some());
        let broken = Plan { violations: vec![violation()], ..plan() };
        assert_eq!(blocked(&broken, true).as_deref(), Some("1 rule is broken."));
    }
}
