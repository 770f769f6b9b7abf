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
    },
    words,
};

pub fn outcome(preview: ImportPreview, submission: &Submission) -> AnyView {
    let module =
        submission.input.module.clone().filter(|_| !matches!(preview.reading, Reading::ChooseModule { .. }));
    let module = module.map(|module| view! { <input type="hidden" name=fields::MODULE value=module /> });
    let body = match &preview.reading {
        Reading::Malformed { errors } => malformed(errors).into_any(),
        Reading::ChooseModule { modules } => choose(modules).into_any(),
        Reading::Unresolved { references } => unresolved(references.clone(), given_list(&preview)).into_any(),
        Reading::Complete { .. } => plan::plan(&preview, submission).into_any(),
    };
    view! {
        {module}
        {body}
    }
    .into_any()
}

/// Values that were given before, to be kept and changed.
fn given_list(preview: &ImportPreview) -> Vec<(String, String)> {
    preview.given.iter().map(|(reference, value)| (reference.clone(), value.clone())).collect()
}

fn place(position: &Position) -> String {
    format!("{}, line {}, column {}", position.file, position.line, position.column)
}

fn malformed(errors: &[ImportError]) -> AnyView {
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
            <p class="panel-foot soft">"Nothing was stored. Mend the text below and plan again."</p>
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

/// Values given before, as fields that are sent again.
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
