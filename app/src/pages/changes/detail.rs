//! A change: may this happen, and what has happened of it? One stack of phases, each folding to a line.

use domain::{
    ChangeId, ChangeState,
    view::change::{ChangeDetail, ShownChange},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    apply::{operations_list, summary as apply_summary, waiting_list},
    approvals::approvals,
    impact::impact_panel,
    plan::{actions_list, notes_list, size, summary},
    sign,
    signature::{Desk, sign_bar, signature},
};
use crate::{
    api::{self, ApiError, Code, changes::CancelChange},
    components::{
        glyph::{State, glyph},
        icon::turning_arrow,
        loaded::loaded,
        moment::{ago, clock_time, took_words},
        page_head::{Crumb, PageHead},
        phase::{Folds, Phase},
        status::badge,
        title::Title,
    },
    frame::Scope,
    live::Live,
    pages::{audit::told_list, change_states},
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn ChangePage() -> impl IntoView {
    let params = use_params_map();
    let live = Live::here();
    let desk = Desk::new();
    let cancelling = sign::cancelling();
    let folds = Folds::provide();
    Effect::new(move |before: Option<String>| {
        let id = params.get().get("id").unwrap_or_default();
        if before.is_some_and(|before| before != id) {
            desk.clear();
            cancelling.clear();
            folds.clear();
        }
        id
    });
    let change = Resource::new(
        move || (params.get().get("id").unwrap_or_default(), live.change()),
        |(id, _)| async move {
            match id.parse::<ChangeId>() {
                Ok(id) => api::changes::load_change(id).await,
                Err(error) => Err(no_such(error.to_string())),
            }
        },
    );
    loaded(change, "the change", move |view| draw(view, desk, cancelling))
}

fn no_such(why: String) -> ApiError {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.set_status(http::StatusCode::NOT_FOUND);
    }
    ApiError::new(Code::NotFound, format!("{}.", words::sentence(&why)))
}

fn lead(change: &ShownChange) -> String {
    let plan = &change.revision.plan;
    let steps = words::count(plan.actions.len() as u64, "step");
    let does = match words::impact(&plan.impact.total()) {
        Some(vms) => format!("{}, in {steps}.", words::sentence(&vms)),
        None => format!("Touches no VM: {steps}."),
    };
    let next = match change.state {
        ChangeState::AwaitingApprovals => {
            format!(" It waits for {}.", change.revision.verdict.requirement)
        }
        ChangeState::Approved => " It starts by itself.".to_owned(),
        _ => change
            .outcome
            .as_ref()
            .map(|outcome| format!(" {}.", words::sentence(outcome).trim_end_matches('.')))
            .unwrap_or_default(),
    };
    does + &next
}

fn draw(view: ChangeDetail, desk: Desk, cancelling: ServerAction<CancelChange>) -> AnyView {
    let change = &view.change;
    Scope::here().tell(routes::change(change.id), &change.environment);
    let state = change_states::state(change.state);
    let word = change_states::word(change.state);
    let sentence = lead(change);
    let facts = {
        let (environment, name, number) =
            (change.environment.clone(), change.proposed_by_name.clone(), change.revision.number);
        let at = change.proposed_at;
        move || {
            view! {
                <span>{environment.clone()}</span>
                <span>{name.clone()} ", " {ago(at)}</span>
                <span>{format!("revision {number}")}</span>
            }
        }
    };
    let id = change.id.to_string();
    view! {
        <Title text=format!("{id} {}", change.title) />
        <PageHead
            title=change.title.clone()
            crumbs=vec![Crumb::link("Changes", routes::CHANGES), Crumb::here(id)]
            lead=move || sentence.clone()
            badges=move || badge(state, word)
            facts=facts
        />
        <div class="cols">
            <div class="stack">
                {impact_panel(&change.revision.plan.impact)} {phases(&view)} {evidence(&view)}
            </div>
            <aside class="stack" aria-label="Compare and decide">
                {signature(&view, desk)} {sign::digests(change)} {sign::cancel(change, cancelling)}
            </aside>
        </div>
        {sign_bar(&view)}
    }
    .into_any()
}

fn phases(view: &ChangeDetail) -> AnyView {
    let change = view.change.clone();
    let revision = change.revision.clone();
    let plan = revision.plan.clone();
    let proposed_at = change.proposed_at;
    let policy = revision.verdict.policy.clone();
    let reason = change.reason.clone();
    // A plan that ran folds to its line; one that may still be decided on shows its steps.
    let open = !change.state.is_terminal();
    view! {
        <div class="phases">
            <Phase
                state=State::Ok
                title="Proposed"
                say=format!("by {}", change.proposed_by_name)
                aside=move || clock_time(proposed_at)
                open=!reason.is_empty()
            >
                {if reason.is_empty() {
                    view! { <p class="muted">"No reason was given."</p> }.into_any()
                } else {
                    view! { <p class="soft break">{reason.clone()}</p> }.into_any()
                }}
            </Phase>
            <Phase state=State::Ok title="Plan" say=summary(&plan) aside={
                let size = size(&plan);
                move || size.clone()
            } open=open>
                {actions_list(plan.actions)}
                {(!plan.notes.is_empty()).then(|| notes_list(&plan.notes))}
            </Phase>
            <Phase
                state=State::Ok
                title="Policy"
                say=match revision.verdict.approvals_needed {
                    0 => "needs nobody's approval".to_owned(),
                    _ => format!("asks for {}", revision.verdict.requirement),
                }
                aside=move || policy.clone()
                open=true
            >
                <p class="soft">{words::sentence(&revision.verdict.reason)}</p>
            </Phase>
            {approvals(view)} {apply(view)} {verify(view)}
        </div>
    }
    .into_any()
}

/// The audit log's own words on this change.
fn evidence(view: &ChangeDetail) -> AnyView {
    let count = words::count(view.events.len() as u64, "event");
    let all = Query::default().with("change", Some(&view.change.id.to_string())).on(routes::AUDIT);
    view! {
        <section class="panel" aria-label="Evidence">
            <details class="more">
                <summary class="cluster">{turning_arrow()} {format!("{count} in the audit log")}</summary>
                {told_list(view.events.clone())} <p class="panel-foot">
                    <a class="btn" href=all>
                        "All its events"
                    </a>
                </p>
            </details>
        </section>
    }
    .into_any()
}

fn apply(view: &ChangeDetail) -> AnyView {
    let change = &view.change;
    let (state, say) = match change.state {
        ChangeState::AwaitingApprovals => (State::None, "starts by itself once approved".to_owned()),
        ChangeState::Approved if view.waiting_for.is_empty() => {
            (State::Pending, "starts within seconds".to_owned())
        }
        // Only the brake keeps what is approved from its beginning.
        ChangeState::Approved => (State::Pending, "begins when the brake lets go".to_owned()),
        ChangeState::Applying if view.waiting_for.is_empty() || all_called(view) => {
            (State::Ok, apply_summary(view))
        }
        ChangeState::Applying => (State::Progress, apply_summary(view)),
        ChangeState::Applied => (State::Ok, apply_summary(view)),
        ChangeState::Failed => (State::X, apply_summary(view)),
        ChangeState::Cancelled | ChangeState::Rejected | ChangeState::Expired | ChangeState::Superseded => {
            (State::X, "will not run".to_owned())
        }
    };
    let aside = change.claimed_at;
    let body = if view.operations.is_empty() {
        let text = match change.state {
            ended if ended.is_terminal() => "No call was made.",
            _ => "No call was made yet.",
        };
        view! { <p class="soft">{text}</p> }.into_any()
    } else {
        operations_list(&view.operations).into_any()
    };
    let running = matches!(change.state, ChangeState::Applying | ChangeState::Approved);
    view! {
        <Phase
            state=state
            title="Apply"
            say=say
            aside=move || aside.map(clock_time)
            open=running || change.state == ChangeState::Failed
            current=running && state != State::Ok
        >
            {body}
        </Phase>
    }
    .into_any()
}

/// Every call is answered; what remains is to see the fleet follow.
fn all_called(view: &ChangeDetail) -> bool {
    use domain::operation::OperationState;
    view.operations.len() >= view.change.revision.plan.actions.len()
        && view.operations.iter().all(|operation| operation.state == OperationState::Done)
}

fn verify(view: &ChangeDetail) -> AnyView {
    let change = &view.change;
    let took = change.finished_at.map(|at| took_words((at - change.proposed_at).num_seconds()));
    let (state, say) = match change.state {
        ChangeState::Applied => (
            State::Ok,
            format!("observed equals desired, {} after it was proposed", took.unwrap_or_default()),
        ),
        ChangeState::Applying if all_called(view) => {
            (State::Progress, "waits until the fleet has followed".to_owned())
        }
        ended if ended.is_terminal() => (State::X, "not reached".to_owned()),
        _ => (State::None, "compares observed with desired".to_owned()),
    };
    let outcome = change.outcome.clone().filter(|_| change.state == ChangeState::Failed);
    let waiting = view.waiting_for.clone();
    let finished_at = change.finished_at;
    let current = state == State::Progress;
    let quiet = outcome.is_none() && waiting.is_empty();
    view! {
        <Phase
            state=state
            title="Verify"
            say=say
            aside=move || finished_at.map(clock_time)
            open=!quiet
            current=current
        >
            {outcome
                .map(|outcome| {
                    view! {
                        <p class="reason" data-s="warn">
                            {glyph(State::Warn)}
                            <span class="break">{words::sentence(&outcome)}</span>
                        </p>
                    }
                })}
            {quiet
                .then(|| {
                    view! {
                        <p class="soft">
                            "A change is applied when Compute Engine shows what was declared, and not before."
                        </p>
                    }
                })}
            {waiting_list(&waiting)}
        </Phase>
    }
    .into_any()
}
