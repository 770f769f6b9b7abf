//! Can I prove it? The log verified while one waits, how far the control plane verified it on its own, and the file by which
//! somebody else may.

use domain::view::audit::{AuditOutcome, AuditProof, AuditWatch};
use leptos::prelude::*;

use super::filters;
use crate::{
    api::{self, ApiError},
    components::{
        canvas::Canvas,
        empty::failure,
        glyph::State,
        moment::{absolute, ago},
        notice::Notice,
    },
    form::{INTENT, Posted, REVIEW},
    routes,
    url_state::Query,
    words,
};

/// None: nobody asked.
type Proof = Resource<Result<Option<AuditProof>, ApiError>>;

/// Reads the log only for who pressed the button: to open the page costs nothing.
pub fn asked(posted: &Posted) -> Proof {
    let asked = posted.posted && posted.problem.is_none();
    Resource::new(
        move || asked,
        |asked| async move {
            match asked {
                true => api::audit::verify_audit().await.map(Some),
                false => Ok(None),
            }
        },
    )
}

/// The page's verbs. Both keep to the address: one comes back to the same events, and the file holds them.
pub fn actions(query: &Query) -> impl Fn() -> AnyView + Clone + Send + Sync + use<> {
    let (verify, export) = (query.on(routes::AUDIT), filters::export(query));
    move || {
        view! {
            <form method="post" action=verify.clone()>
                <button type="submit" class="btn" name=INTENT value=REVIEW>
                    "Verify"
                </button>
            </form>
            <a class="btn" rel="external" download="" href=export.clone()>
                "Export"
            </a>
        }
        .into_any()
    }
}

/// What the verification found, where one was asked for.
pub fn notice(proof: Proof) -> AnyView {
    view! {
        <Transition fallback=|| ()>
            {
                let canvas = Canvas::here();
                let drawing = |proof| match proof {
                    Ok(None) => ().into_any(),
                    Ok(Some(proof)) => told(&proof),
                    Err(error) => failure(error, "the verification", false),
                };
                move || canvas.drawing(proof, drawing)
            }
        </Transition>
    }
    .into_any()
}

fn told(proof: &AuditProof) -> AnyView {
    let state = match proof.outcome {
        AuditOutcome::Right { .. } => State::Ok,
        AuditOutcome::Wrong { .. } => State::Crit,
        AuditOutcome::Unfinished => State::Warn,
    };
    let wrong = match proof.outcome {
        AuditOutcome::Wrong { seq, .. } => Some(place(seq)),
        AuditOutcome::Right { .. } | AuditOutcome::Unfinished => None,
    };
    let said = sentence(&proof.outcome, proof.took_milliseconds);
    let at = absolute(proof.at);
    view! {
        <Notice state=state role="status" label="Verification">
            <b>{said}</b>
            " "
            {wrong}
            <small>{at}</small>
        </Notice>
    }
    .into_any()
}

fn sentence(outcome: &AuditOutcome, took_milliseconds: i64) -> String {
    let took = format!("{}.{} s", took_milliseconds / 1000, took_milliseconds % 1000 / 100);
    let events = |count: i64| words::count(u64::try_from(count).unwrap_or_default(), "event");
    match outcome {
        AuditOutcome::Right { count, head } => {
            let short: String = head.chars().take(12).collect();
            format!("{} verified, head {short}…, in {took}.", events(*count))
        }
        AuditOutcome::Wrong { count, seq, why } => {
            let before = match count {
                0 => "None comes before it".to_owned(),
                1 => "The 1 event before it is right".to_owned(),
                count => format!("The {} before it are right", events(*count)),
            };
            format!("Event {seq} is not what was written: {why}. {before}.")
        }
        AuditOutcome::Unfinished => {
            format!(
                "Not verified: the log is longer than what is read in {took}. Run `agent-manager audit verify` on the server."
            )
        }
    }
}

/// The events down from that number. The one that is wrong may be missing, or have no page that can be drawn.
fn place(seq: i64) -> AnyView {
    let href = Query::default().with("before", Some(&seq.saturating_add(1).to_string())).on(routes::AUDIT);
    view! {
        <a class="link" href=href>
            {format!("See event {seq}")}
        </a>
        " "
    }
    .into_any()
}

/// How far the control plane came by itself, small below the title.
pub fn facts(watch: Option<&AuditWatch>) -> impl Fn() -> AnyView + Clone + Send + Sync + use<> {
    let said = match watch {
        Some(watch) if is_alarming(watch) => String::new(),
        Some(AuditWatch { seq: 0, .. }) => {
            "The control plane has not verified any event by itself yet. ".to_owned()
        }
        Some(AuditWatch { seq, .. }) => {
            format!("The control plane follows the log by itself: all is right up to event {seq}. ")
        }
        None => String::new(),
    };
    let looked_at = watch.and_then(|watch| watch.looked_at);
    move || {
        let looked = looked_at.map(|at| view! { "Last looked " {ago(at)} "." });
        // One fact: apart, its words and its time would stand a column's gap from each other.
        view! { <span>{said.clone()} {looked}</span> }.into_any()
    }
}

const fn is_alarming(watch: &AuditWatch) -> bool {
    watch.broken_at.is_some() || watch.alert.is_some()
}

/// What it found wrong, and whether anybody is told of it.
pub fn alarm(watch: &AuditWatch) -> Option<AnyView> {
    is_alarming(watch).then(|| alarming(watch))
}

fn alarming(watch: &AuditWatch) -> AnyView {
    let (state, said) = match (watch.broken_at, &watch.alert) {
        (Some(seq), _) => {
            (State::Crit, format!("The control plane found that event {seq} is not what was written."))
        }
        (None, alert) => {
            (State::Warn, format!("The log is not followed: {}.", alert.as_deref().unwrap_or_default()))
        }
    };
    let fires = watch.alert.as_ref().map(|_| {
        view! {
            <a class="link" href=routes::ALERTS>
                "The alert fires"
            </a>
            " "
        }
    });
    let broken = watch.broken_at.map(place);
    view! {
        <Notice state=state role="alert" label="The control plane's own verification">
            <b>{said}</b>
            " "
            {broken}
            {fires}
        </Notice>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_a_sentence() {
        let right = AuditOutcome::Right { count: 100_214, head: "12ab".repeat(16) };
        assert_eq!(sentence(&right, 1450), "100,214 events verified, head 12ab12ab12ab…, in 1.4 s.");
        let wrong = AuditOutcome::Wrong { count: 811, seq: 812, why: "it does not follow".into() };
        assert_eq!(
            sentence(&wrong, 7),
            "Event 812 is not what was written: it does not follow. The 811 events before it are right."
        );
        let unfinished = sentence(&AuditOutcome::Unfinished, 20_003);
        assert!(
            unfinished.starts_with("Not verified: the log is longer than what is read in 20.0 s."),
            "{unfinished}"
        );
    }
}
