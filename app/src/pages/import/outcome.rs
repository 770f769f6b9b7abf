//! What an import's texts came to: mistakes with their places, a choice, missing values, or a plan.

mod plan;

use domain::view::import::{ImportError, ImportPreview, Position, Reading, UnresolvedReference};
use leptos::prelude::*;

use super::{Submission, fields};
use crate::{
    components::{
        button::Submit,
        field::TextField,
        glyph::{State, glyph},
        panel::Panel,
    },
    words,
};

pub fn outcome(preview: ImportPreview, submission: &Submission) -> AnyView {
    let given = given_list(submission);
    match &preview.reading {
        Reading::Malformed { errors } => {
            let mistakes = malformed(errors, !given.is_empty());
            view! { {mistakes} {kept(submission)} }.into_any()
        }
        Reading::ChooseModule { modules } => {
            view! { {choose(modules)} {reason(submission)} {given_panel(given)} }.into_any()
        }
        Reading::Unresolved { references } => {
            let missing = unresolved(references.clone(), given);
            view! { {module(submission)} {reason(submission)} {missing} }.into_any()
        }
        Reading::Complete { .. } => {
            let plan = plan::plan(&preview, submission);
            view! { {module(submission)} {plan} }.into_any()
        }
    }
}

/// What was given besides the texts, to be sent again where nothing was planned.
pub(super) fn kept(submission: &Submission) -> AnyView {
    let given = given_panel(given_list(submission));
    view! { {module(submission)} {reason(submission)} {given} }.into_any()
}

fn module(submission: &Submission) -> Option<AnyView> {
    let module = submission.input.module.clone()?;
    Some(view! { <input type="hidden" name=fields::MODULE value=module /> }.into_any())
}

/// Its field stands beside the plan.
fn reason(submission: &Submission) -> Option<AnyView> {
    let reason = Some(submission.reason.clone()).filter(|reason| !reason.is_empty())?;
    Some(view! { <input type="hidden" name=fields::REASON value=reason /> }.into_any())
}

/// Values that were given before, to be kept and changed.
fn given_list(submission: &Submission) -> Vec<(String, String)> {
    let given = &submission.input.references;
    given.iter().map(|(reference, value)| (reference.clone(), value.clone())).collect()
}

fn given_panel(given: Vec<(String, String)>) -> Option<AnyView> {
    (!given.is_empty()).then(|| {
        view! {
            <Panel id="given" title="Values you gave">
                <div class="panel-body form">{given_fields(given)}</div>
            </Panel>
        }
        .into_any()
    })
}

fn place(position: &Position) -> String {
    format!("{}, line {}, column {}", position.file, position.line, position.column)
}

/// `given`: a mistake may be in a value that was given, as well as in a text.
fn malformed(errors: &[ImportError], given: bool) -> AnyView {
    let mend = if given { "the text or the values below" } else { "the text below" };
    let count = words::count(errors.len() as u64, "mistake");
    let items = errors
        .iter()
        .map(|error| {
            view! {
                <li data-s="crit">
                    {glyph(State::Crit)} <div>
                        <p>
                            {words::sentence(&error.message)}
                            {error.position.as_ref().map(|at| view! { <small>{place(at)}</small> })}
                        </p> {source_line(error)}
                    </div>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="panel" role="alert" aria-labelledby="mistakes">
            <header class="panel-head">
                <h2 id="mistakes">{format!("The text cannot be read: {count}")}</h2>
            </header>
            <ul class="rows verdicts">{items}</ul>
            <p class="panel-foot soft">{format!("Nothing was stored. Mend {mend} and plan again.")}</p>
        </section>
    }
    .into_any()
}

/// The line with its number, and a mark under the column where reading stopped.
fn source_line(error: &ImportError) -> Option<impl IntoView + use<>> {
    let position = error.position.as_ref()?;
    let line = error.line_text.as_deref()?;
    let (before, at, after) = split_at_column(line, position.column);
    Some(view! {
        <div class="source" tabindex="0" role="group" aria-label=place(position)>
            <code>
                <span class="muted">{format!("{:>4} ", position.line)}</span>
                {before}
                <mark>{at}</mark>
                {after}
            </code>
        </div>
    })
}

/// The column counts characters from 1; past the end, a blank is marked.
fn split_at_column(line: &str, column: u32) -> (String, String, String) {
    let index = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let mut letters = line.chars();
    let before: String = letters.by_ref().take(index).collect();
    let at = letters.next().map_or_else(|| " ".to_owned(), String::from);
    (before, at, letters.collect())
}

fn choose(modules: &[String]) -> AnyView {
    let choices = modules
        .iter()
        .enumerate()
        .map(|(index, module)| {
            let id = format!("module-{index}");
            view! {
                <li class="cluster">
                    <input
                        type="radio"
                        id=id.clone()
                        name=fields::MODULE
                        value=module.clone()
                        required
                        checked=index == 0
                    />
                    " "
                    <label for=id class="mono">
                        {module.clone()}
                    </label>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="choose">
            <header class="panel-head">
                <h2 id="choose">
                    {format!("The text declares {}", words::count(modules.len() as u64, "module"))}
                </h2>
            </header>
            <div class="panel-body">
                <p class="soft">"A change is of one environment, so of one module block."</p>
                <fieldset>
                    <legend class="sr">"Module"</legend>
                    <ul class="stack">{choices}</ul>
                </fieldset>
            </div>
            {plan_again("Plan this module")}
        </section>
    }
    .into_any()
}

fn unresolved(references: Vec<UnresolvedReference>, given: Vec<(String, String)>) -> AnyView {
    let count = words::count(references.len() as u64, "value");
    let asked = references
        .into_iter()
        .enumerate()
        .map(|(index, wanted)| {
            let hint = format!("For {}, {}.", wanted.attribute, place(&wanted.position));
            view! {
                <TextField
                    id=format!("reference-{index}")
                    field=(format!("{}{}", fields::REFERENCE, wanted.reference), "")
                    label=wanted.reference.clone()
                    hint=hint
                    mono=true
                    required=true
                />
            }
        })
        .collect_view();
    let kept = given_fields(given);
    view! {
        <section class="panel" aria-labelledby="missing">
            <header class="panel-head">
                <h2 id="missing">{format!("{count} that only Terraform knows")}</h2>
            </header>
            <div class="panel-body form">
                <p class="soft">
                    "These refer to something outside of the block. Say what they stand for, and it can be planned."
                </p>
                {asked}
                {kept}
            </div>
            {plan_again("Plan with these values")}
        </section>
    }
    .into_any()
}

/// The same as fields that are sent again.
fn given_fields(given: Vec<(String, String)>) -> impl IntoView {
    given
        .into_iter()
        .enumerate()
        .map(|(index, (reference, value))| {
            view! {
                <TextField
                    id=format!("given-{index}")
                    field=(format!("{}{reference}", fields::REFERENCE), value)
                    label=reference.clone()
                    mono=true
                />
            }
        })
        .collect_view()
}

fn plan_again(label: &'static str) -> AnyView {
    view! {
        <footer class="panel-foot actions">
            <Submit label=label id="plan-again" primary=true name=fields::INTENT value=fields::PLAN />
        </footer>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::split_at_column;

    #[test]
    fn the_mark_stands_at_the_column_in_characters() {
        let (before, at, after) = split_at_column("é = [1", 5);
        assert_eq!((before.as_str(), at.as_str(), after.as_str()), ("é = ", "[", "1"));
    }

    #[test]
    fn past_the_end_a_blank_is_marked() {
        assert_eq!(split_at_column("ab", 9), ("ab".to_owned(), " ".to_owned(), String::new()));
        assert_eq!(split_at_column("", 0).1, " ");
    }
}
