//! What became of a noun while somebody filled in a form about it: the newer version beside what they sent, and the verb
//! that goes on from there.

use domain::view::edit::EditPreview;
use leptos::prelude::*;

use super::{PROPOSE_CHANGE, Preview, effect::own_differences};
use crate::{
    api::{ApiError, Code},
    components::diff::diff_between,
};

/// A form that was begun on one generation and sent when what it is about was declared otherwise by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newer {
    environment: String,
    base: i64,
    now: i64,
}

impl Newer {
    /// None: the form begins now, or what it is about is as it was.
    pub(super) fn of(preview: &Preview) -> Option<Self> {
        let Some(Ok(preview)) = preview else { return None };
        let now = preview.base_generation;
        preview.overtaken.map(|base| Self { environment: preview.environment.clone(), base, now })
    }

    /// Why a review alone does not go on, with the status that a proposal would have.
    pub(super) fn refusal(&self) -> ApiError {
        #[cfg(feature = "ssr")]
        if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
            options.set_status(http::StatusCode::PRECONDITION_FAILED);
        }
        let message = format!(
            "{} is at generation {} now, and the form was of generation {}: nothing was proposed.",
            self.environment, self.now, self.base
        );
        ApiError::new(Code::PreconditionFailed, message)
    }

    /// What the button says that proposes what was sent, computed anew.
    pub(super) fn verb(&self, verb: &str, has_fields: bool) -> String {
        let verb = if verb == PROPOSE_CHANGE && has_fields { "Use my values" } else { verb };
        format!("{verb} on top of generation {}", self.now)
    }

    /// Each field where the newer version is not what was sent.
    pub(super) fn beside(&self, preview: &EditPreview) -> AnyView {
        let generation = format!("Generation {}", self.now);
        let differences = own_differences(&preview.differences);
        let anew = format!("Begin anew with generation {}", self.now);
        let body = if preview.differences.is_empty() {
            view! { <p class="soft">{format!("{generation} declares what you sent already.")}</p> }.into_any()
        } else if differences.is_empty() {
            let follows = format!("What follows is computed on generation {}: look at it again.", self.now);
            view! { <p class="soft">{follows}</p> }.into_any()
        } else {
            diff_between([generation, "Your values".to_owned()], differences)
        };
        view! {
            <section class="panel" aria-labelledby="newer-version">
                <header class="panel-head">
                    <h2 id="newer-version">"The newer version"</h2>
                    <small>{format!("You began with generation {}", self.base)}</small>
                </header>
                <div class="panel-body">{body}</div>
                <footer class="panel-foot">
                    // Nowhere is here: the form anew, and from the server.
                    <a class="link" href="" rel="external">
                        {anew}
                    </a>
                </footer>
            </section>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        FleetSpec,
        approvals::Requirement,
        change::Verdict,
        edit::Spoken,
        environment::EnvironmentSpec,
        plan::{Impact, Plan},
        view::proposal::Proposal,
    };

    use super::*;

    fn preview(overtaken: Option<i64>) -> EditPreview {
        EditPreview {
            environment: "dev".into(),
            title: "dev: edit pool web".into(),
            base_generation: 7,
            overtaken,
            desired: FleetSpec::new(EnvironmentSpec::new("p", "us-central1", "dev", "n", "s")),
            differences: Vec::new(),
            plan: Plan {
                environment: "dev".into(),
                actions: Vec::new(),
                impact: Impact::default(),
                violations: Vec::new(),
                notes: Vec::new(),
            },
            in_force: Vec::new(),
            digest: "d".into(),
            proposal: Proposal {
                plan_sha256: "p".into(),
                payload_sha256: "d".into(),
                verdict: Verdict {
                    policy: "default r1".into(),
                    approvals_needed: 0,
                    requirement: Requirement::default(),
                    reason: "changes run at once".into(),
                },
                open: Vec::new(),
                more: false,
            },
            spoken: Spoken { command: None, request: String::new() },
        }
    }

    #[test]
    fn a_form_is_behind_when_its_noun_was_declared_otherwise_since_it_was_begun() {
        let newer = Newer::of(&Some(Ok(preview(Some(5))))).unwrap();
        assert_eq!((newer.base, newer.now), (5, 7));
        assert_eq!(Newer::of(&Some(Ok(preview(None)))), None);
        assert_eq!(Newer::of(&None), None, "there is nothing to set beside it");
    }

    #[test]
    fn the_verb_says_on_top_of_what() {
        let newer = Newer { environment: "dev".into(), base: 5, now: 7 };
        assert_eq!(newer.verb(PROPOSE_CHANGE, true), "Use my values on top of generation 7");
        assert_eq!(newer.verb(PROPOSE_CHANGE, false), "Propose change on top of generation 7");
        assert_eq!(newer.verb("Resize pool", true), "Resize pool on top of generation 7");
    }
}
