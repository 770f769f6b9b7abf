//! A change: may this happen, and what has happened of it? One stack of phases, each folding to a line.

mod cost;
mod evidence;
pub(super) mod show_all;
mod verify;

use domain::{
    ChangeId, ChangeState,
    view::change::{ChangeDetail, ShownChange},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use self::{cost::cost, evidence::evidence, verify::verify};
use super::{
    apply::apply,
    approvals::approvals,
    impact::impact_panel,
    linked::linked,
    overtaken,
    plan::plan,
    sign,
    signature::{Desk, sign_bar, signature},
};
use crate::{
    api::{self, ApiError, Code, changes::CancelChange},
    components::{
        code_link::with_code_link,
        glyph::State,
        loaded::loaded,
        moment::{ago, clock_time, until},
        page_head::{Crumb, PageHead},
        phase::{Folds, Phase},
        status::badge,
        title::Title,
    },
    frame::Scope,
    live::Live,
    pages::change_states,
    routes,
    url_state::use_query,
    words,
};

#[component]
pub fn ChangePage() -> impl IntoView {
    let params = use_params_map();
    let (live, query) = (Live::here(), use_query());
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
        move || (params.get().get("id").unwrap_or_default(), query.with(show_all::asked), live.change()),
        |(id, whole, _)| async move {
            match id.parse::<ChangeId>() {
                Ok(id) => api::changes::load_change(id, whole).await,
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

/// What it does, and what comes next.
fn lead(view: &ChangeDetail) -> String {
    let change = &view.change;
    let plan = &change.revision.plan;
    let steps = words::count(u64::from(plan.actions.of), "step");
    let does = match words::impact(&plan.impact.total()) {
        Some(vms) => format!("{}, in {steps}.", words::sentence(&vms)),
        None => format!("Touches no VM: {steps}."),
    };
    let next = match change.state {
        ChangeState::AwaitingApprovals => still_missing(view),
        ChangeState::Approved | ChangeState::Applying if view.held.is_some() => waits(view),
        ChangeState::Approved => " It starts by itself.".to_owned(),
        _ => change
            .outcome
            .as_ref()
            .map(|outcome| format!(" {}.", words::sentence(outcome).trim_end_matches('.')))
            .unwrap_or_default(),
    };
    does + &next
}

/// ` It waits for chg-28, which waits for 1 of 2 VMs of web. 1 older change comes before it too.`
fn waits(view: &ChangeDetail) -> String {
    let Some(nearest) = view.waiting_for.shown.first() else { return String::new() };
    let older = u64::from(view.waiting_for.of) - 1;
    let too = match older {
        0 => String::new(),
        1 => " 1 older change comes before it too.".to_owned(),
        _ => format!(" {} come before it too.", words::count(older, "older change")),
    };
    format!(" It waits for {nearest}.{too}")
}

/// ` 2 of sre and 1 of security must still sign.`
fn still_missing(view: &ChangeDetail) -> String {
    if view.approvals.stuck.is_some() {
        return " No vote can clear it as it is.".to_owned();
    }
    let missing: Vec<String> = view
        .approvals
        .seats
        .iter()
        .filter_map(|seats| {
            let missing = u64::from(seats.needed).checked_sub(seats.people.len() as u64)?;
            (missing > 0).then(|| format!("{} of {}", words::number(missing), seats.group))
        })
        .collect();
    match missing.is_empty() {
        true => String::new(),
        false => format!(" {} must still sign.", words::list(&missing)),
    }
}

fn draw(view: ChangeDetail, desk: Desk, cancelling: ServerAction<CancelChange>) -> AnyView {
    let change = &view.change;
    Scope::here().tell(routes::change(change.id), &change.environment);
    let taken_by = overtaken::by(&view);
    let (state, word) = match taken_by {
        Some(_) => (State::Warn, "Overtaken".to_owned()),
        None => (
            change_states::state(change.state, view.held.as_ref()),
            change_states::headline(change.state, view.held.as_ref()),
        ),
    };
    let (sentence, held) = (lead(&view), view.held.is_some());
    let facts = {
        let (environment, name, number) =
            (change.environment.clone(), change.proposed_by_name.clone(), change.revision.number);
        let (at, expires_at) = (change.proposed_at, view.approvals.expires_at);
        move || {
            view! {
                <span>{environment.clone()}</span>
                <span>{name.clone()} ", " {ago(at)}</span>
                <span>{format!("revision {number}")}</span>
                {expires_at.map(|end| view! { <span>"expires " {until(end)}</span> })}
            }
        }
    };
    let id = change.id.to_string();
    view! {
        <Title text=format!("{id} {}", change.title) />
        <PageHead
            title=change.title.clone()
            crumbs=vec![Crumb::link("Changes", routes::CHANGES), Crumb::here(id)]
            lead=move || {
                let said = if held { linked(&sentence) } else { with_code_link(&sentence) };
                view! { {said} {taken_by.map(overtaken::lead)} }
            }
            badges=move || badge(state, word.clone())
            facts=facts
        />
        <div class="cols">
            <div class="stack">
                {impact_panel(
                    &change.revision.plan.impact,
                    &change.revision.plan.taken_up_later,
                    &view.beside.in_force,
                )} {phases(&view)} {evidence(&view)}
            </div>
            <aside class="stack stick" aria-label="Compare and decide">
                {signature(&view, desk).unwrap_or_else(|| sign::digests(change))}
                {sign::cancel(change, cancelling)}
            </aside>
        </div>
        {sign_bar(&view)}
    }
    .into_any()
}

fn phases(view: &ChangeDetail) -> AnyView {
    view! {
        <div class="phases">
            {proposed(&view.change)} {plan(view)} {policy(&view.change)} {cost(view)} {approvals(view)}
            {apply(view)} {verify(view)}
        </div>
    }
    .into_any()
}

fn proposed(change: &ShownChange) -> AnyView {
    let (proposed_at, reason) = (change.proposed_at, change.reason.clone());
    view! {
        <Phase
            state=State::Ok
            title="Proposed"
            say=format!("by {}, revision {}", change.proposed_by_name, change.revision.number)
            aside=move || clock_time(proposed_at)
            open=!reason.is_empty()
        >
            {if reason.is_empty() {
                view! { <p class="muted">"No reason was given."</p> }.into_any()
            } else {
                view! { <p class="soft break">{reason.clone()}</p> }.into_any()
            }}
        </Phase>
    }
    .into_any()
}

fn policy(change: &ShownChange) -> AnyView {
    let verdict = &change.revision.verdict;
    let name = verdict.policy.clone();
    let reason = format!("{}.", words::sentence(&verdict.reason).trim_end_matches('.'));
    view! {
        <Phase
            state=State::Ok
            title="Policy"
            say=match verdict.approvals_needed {
                0 => "needs nobody's approval".to_owned(),
                _ => format!("asks for {}", verdict.requirement),
            }
            aside=move || name.clone()
            open=true
        >
            <p class="soft">{reason}</p>
        </Phase>
    }
    .into_any()
}
