//! Import: Terraform in, a plan out. Nothing is stored until it is proposed. The form is a plain one: the server
//! answers it with this page anew, so that it works the same with and without scripts.

pub mod fields;
mod outcome;
mod sources;

use domain::view::import::ImportInput;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    api::{self, ApiError},
    components::{
        glyph::{State, glyph},
        loaded::loaded,
        page_head::PageHead,
        title::Title,
    },
    routes, words,
};

/// What was posted, and what came of it besides the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub input: ImportInput,
    pub digest: Option<String>,
    pub reason: String,
    /// The form could not be read, or the proposal was refused.
    pub problem: Option<ApiError>,
    pub posted: bool,
}

#[component]
pub fn Import() -> AnyView {
    let submission = SharedValue::new(|| use_context::<Submission>().unwrap_or_default()).into_inner();
    let problem = submission.problem.clone();
    let result = submission.posted.then(|| {
        let input = submission.input.clone();
        let preview = Resource::new(|| (), move |()| api::import::preview_import(input.clone()));
        let submission = submission.clone();
        loaded(preview, "the plan", move |preview| outcome::outcome(preview, &submission))
    });
    view! {
        <Title text="Import" />
        <PageHead
            title="Import from Terraform"
            lead=|| "Paste a vm_management module block, or choose its files. Nothing is stored until you propose it."
        />
        {problem.map(notice)}
        <form class="form" method="post" action=routes::IMPORT enctype="multipart/form-data">
            // Enter in any field plans; it never proposes.
            <button hidden type="submit" name=fields::INTENT value=fields::PLAN tabindex="-1">
                "Plan"
            </button>
            {result}
            {sources::sources(submission.input.files.clone(), submission.posted)}
        </form>
    }
    .into_any()
}

fn notice(problem: ApiError) -> AnyView {
    view! {
        <section class="panel cluster notice" role="alert" data-s="crit">
            {glyph(State::Crit)} <p>
                <b>{words::sentence(&problem.message)}</b>
                {problem
                    .request_id
                    .map(|id| view! { <small>" Request " <code>{id}</code></small> })}
            </p>
        </section>
    }
    .into_any()
}
