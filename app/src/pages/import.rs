//! Import: Terraform in, a plan out. Nothing is stored until it is proposed. The form is a plain one: the server
//! answers it with this page anew, so that it works the same with and without scripts.

pub mod fields;
mod newer;
mod outcome;
mod sources;

use domain::{ChangeId, view::import::ImportInput};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    api::{ApiError, Code},
    components::{
        button::Submit, empty::sent_in_vain, glyph::State, loaded::loaded, notice::Notice,
        page_head::PageHead, refused::refused_notice, title::Title,
    },
    routes,
    url_state::{Query, use_query},
};

/// What the form asks for, in a sentence.
const PLAN: &str = "the plan";

/// What was posted, and what came of it besides the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub input: ImportInput,
    pub digest: Option<String>,
    pub reason: String,
    /// The form could not be read, or the proposal was refused.
    pub problem: Option<ApiError>,
    pub posted: bool,
    /// The change to edit and the revision that was looked at, instead of a new proposal.
    pub revises: Option<(ChangeId, u32)>,
}

#[component]
pub fn Import() -> AnyView {
    let submission = SharedValue::new(|| use_context::<Submission>().unwrap_or_default()).into_inner();
    let problem = submission.problem.clone();
    let asked = use_query().get_untracked();
    let revises = submission.revises.or_else(|| {
        let id = asked.get(fields::REVISES)?.parse().ok()?;
        Some((id, asked.get(fields::REVISION)?.parse().ok()?))
    });
    let submission = Submission { revises, ..submission };
    let moved = problem.as_ref().is_some_and(|problem| problem.code == Code::PreconditionFailed);
    // Of what was refused as overtaken, the result says what it becomes.
    let refused = revises.filter(|_| moved && submission.posted);
    let edits = revises.filter(|_| refused.is_none()).map(edited);
    let result = submission.posted.then(|| {
        let input = submission.input.clone();
        let review = Resource::new(|| (), move |()| newer::review(input.clone(), refused.map(|(id, _)| id)));
        let submission = submission.clone();
        loaded(review, PLAN, move |reviewed| match reviewed {
            Ok((preview, latest)) => {
                let beside = refused.map(|refused| newer::beside(refused, latest.as_ref(), &preview));
                let outcome = outcome::outcome(preview, &submission);
                view! { {beside} {outcome} }.into_any()
            }
            Err(error) => {
                let (edits, kept) = (refused.map(edited), outcome::kept(&submission));
                let again = view! {
                    <Submit
                        label="Plan again"
                        id="plan-again"
                        primary=true
                        name=fields::INTENT
                        value=fields::PLAN
                    />
                };
                let failed = sent_in_vain(error, PLAN, again.into_any());
                view! { {edits} {failed} {kept} }.into_any()
            }
        })
    });
    // A form that could not be read whole comes back as far as it was.
    let kept = (!submission.posted).then(|| outcome::kept(&submission));
    // In the address as well, as a form that is too large is not read at all.
    let action = match revises {
        Some((id, revision)) => Query::default()
            .with(fields::REVISES, Some(&id.to_string()))
            .with(fields::REVISION, Some(&revision.to_string()))
            .on(routes::IMPORT),
        None => routes::IMPORT.to_owned(),
    };
    view! {
        <Title text="Import" />
        <PageHead
            title="Import from Terraform"
            lead=|| "Paste a vm_management module block, or choose its files. Nothing is stored until you propose it."
        />
        {problem.map(refused_notice)} {edits}
        <form class="form" method="post" action=action enctype="multipart/form-data">
            // Enter in any field plans; it never proposes.
            <button hidden type="submit" name=fields::INTENT value=fields::PLAN tabindex="-1">
                "Plan"
            </button>
            {revises
                .map(|(id, revision)| {
                    view! {
                        <input type="hidden" name=fields::REVISES value=id.to_string() />
                        <input type="hidden" name=fields::REVISION value=revision.to_string() />
                    }
                })}
            {result} {kept}
            {sources::sources(submission.input.files.clone(), submission.posted)}
        </form>
    }
    .into_any()
}

/// Says what the texts will become.
fn edited((id, revision): (ChangeId, u32)) -> AnyView {
    view! {
        <Notice state=State::Info label="Edit">
            "This edits " <a href=routes::change(id)>{id.to_string()}</a>
            {format!(": it becomes revision {}, and every vote on revision {revision} is void.", revision + 1)}
        </Notice>
    }
    .into_any()
}
