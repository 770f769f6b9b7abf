//! What the reconciler has done of a change: one line a cloud call, and what it still waits for.

use domain::{
    ChangeState,
    cause::Cause,
    operation::OperationState,
    queue::Held,
    view::change::{ChangeDetail, STEPS, ShownCall, ShownCalls},
};
use leptos::prelude::*;

use super::{detail::show_all::show_all, linked::linked, overtaken};
use crate::{
    components::{
        code_link::code_link,
        glyph::{State, glyph},
        moment::{clock_time, took_words},
        phase::Phase,
        segbar::segbar,
    },
    words,
};

pub fn apply(view: &ChangeDetail) -> AnyView {
    let (change, calls) = (&view.change, &view.calls);
    let (state, say) = match change.state {
        _ if overtaken::by(view).is_some() => (State::None, "will not run as it is".to_owned()),
        ChangeState::AwaitingApprovals => (State::None, "starts by itself once approved".to_owned()),
        ChangeState::Approved => (State::Pending, begins(view.held.as_ref())),
        ChangeState::Applying if view.waiting_for.is_empty() || calls.are_done() => {
            (State::Ok, summary(calls))
        }
        ChangeState::Applying => (State::Progress, summary(calls)),
        ChangeState::Applied => (State::Ok, summary(calls)),
        ChangeState::Failed => (State::X, summary(calls)),
        ChangeState::Cancelled | ChangeState::Rejected | ChangeState::Expired | ChangeState::Superseded => {
            (State::X, "will not run".to_owned())
        }
    };
    let (began_at, answered_at) = (change.claimed_at, calls.answered_at);
    let took = began_at
        .zip(answered_at)
        .map(|(from, to)| format!(", took {}", took_words((to - from).num_seconds())));
    let running = matches!(change.state, ChangeState::Applying | ChangeState::Approved);
    let body = body(view);
    view! {
        <Phase
            state=state
            title="Apply"
            say=say
            aside=move || began_at.map(|at| view! { {clock_time(at)} {took.clone()} })
            open=running || view.whole || change.state == ChangeState::Failed
            current=running && state != State::Ok
        >
            {body}
        </Phase>
    }
    .into_any()
}

/// When what is approved begins.
fn begins(held: Option<&Held>) -> String {
    match held {
        None => "starts within seconds".to_owned(),
        Some(Held::Brake(_)) => "begins when the brake lets go".to_owned(),
        Some(Held::Behind { first, .. }) => format!("has its turn after {first}"),
    }
}

fn body(view: &ChangeDetail) -> AnyView {
    let (change, calls) = (&view.change, &view.calls);
    if calls.began.is_empty() {
        let text = match change.state {
            _ if overtaken::by(view).is_some() => "No call was made, and none will be before it is edited.",
            ChangeState::AwaitingApprovals => "Nobody can start it earlier, and no call was made yet.",
            ended if ended.is_terminal() => "No call was made.",
            _ => "No call was made yet.",
        };
        let held = (change.state == ChangeState::Approved && view.held.is_some()).then(|| {
            view! {
                {waiting_list(&view.waiting_for.shown)}
                {show_all(change.id, &view.waiting_for, "thing", STEPS, view.whole)}
            }
        });
        return view! {
            <p class="soft">{text}</p>
            {held}
        }
        .into_any();
    }
    let runs = matches!(change.state, ChangeState::Applying | ChangeState::Failed);
    view! {
        {runs.then(|| progress(calls))}
        {calls_list(&calls.began.shown)}
        {show_all(change.id, &calls.began, "call", STEPS, view.whole)}
        {(!calls.ahead.shown.is_empty()).then(|| ahead_list(calls, change.state))}
    }
    .into_any()
}

/// How many calls are in which state, as a bar with its numbers.
fn progress(calls: &ShownCalls) -> AnyView {
    let parts = [
        (State::Ok, calls.done, "done"),
        (State::Progress, calls.under_way, "under way"),
        (State::Warn, calls.failed, "failed"),
        (State::None, calls.ahead.of, "not begun"),
    ];
    let bar = segbar(&parts.map(|(state, count, _)| (state, u64::from(count))));
    let legend = parts
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(state, count, word)| {
            view! {
                <span class="status" data-s=state.as_str()>
                    {glyph(state)}
                    <b>{words::number(u64::from(count))}</b>
                    " "
                    {word}
                </span>
            }
        })
        .collect_view();
    view! {
        {bar}
        <p class="legend sm">{legend}</p>
    }
    .into_any()
}

/// The steps whose turn is next, or was when it ended.
fn ahead_list(calls: &ShownCalls, state: ChangeState) -> AnyView {
    let (shown, hidden) = (&calls.ahead.shown, calls.ahead.hidden());
    let heading = if state.is_terminal() { "Never begun" } else { "Next" };
    let steps = shown
        .iter()
        .map(|title| {
            view! {
                <li data-s="none">
                    {glyph(State::None)} <p>{words::sentence(title)}</p>
                </li>
            }
        })
        .collect_view();
    let more = (hidden > 0).then(|| {
        view! { <p class="sm muted">{format!("and {} more.", words::count(u64::from(hidden), "step"))}</p> }
    });
    view! {
        <h3 class="note">{heading}</h3>
        <ul class="rows verdicts">{steps}</ul>
        {more}
    }
    .into_any()
}

const fn state(operation: OperationState) -> State {
    match operation {
        OperationState::Intended => State::Pending,
        OperationState::Running => State::Progress,
        OperationState::Done => State::Ok,
        OperationState::Failed => State::Warn,
    }
}

/// `5 of 7 calls done`.
fn summary(calls: &ShownCalls) -> String {
    format!(
        "{} of {} done",
        words::number(u64::from(calls.done)),
        words::count(u64::from(calls.all()), "call")
    )
}

fn calls_list(calls: &[ShownCall]) -> impl IntoView + use<> {
    let items = calls.iter().map(item).collect_view();
    view! { <ol class="rows events">{items}</ol> }
}

fn item(call: &ShownCall) -> AnyView {
    let state = state(call.state);
    let said = match (call.state, call.finished_at) {
        (OperationState::Done, Some(at)) => {
            format!("done in {}", took_words((at - call.intended_at).num_seconds()))
        }
        (state, _) => state.as_str().to_owned(),
    };
    let attempts = (call.attempts > 1).then(|| format!(", attempt {}", call.attempts));
    let name = call.name.clone();
    let cause = call
        .error
        .as_deref()
        .map(Cause::of_refusal)
        .map(|cause| view! { <small>{code_link(cause.as_str())}</small> });
    view! {
        <li data-s=state.as_str()>
            <span class="muted">{clock_time(call.intended_at)}</span>
            {glyph(state)}
            <p>
                {words::sentence(&call.step.replace('_', " "))}
                <small>
                    {said} {attempts}
                    {name.map(|name| view! { ", " <span class="mono">{name}</span> })}
                </small>
                {call
                    .error
                    .clone()
                    .map(|error| view! { <small class="break">"Refused with: " {error}</small> })}
                {cause}
            </p>
        </li>
    }
    .into_any()
}

pub fn waiting_list(waiting: &[String]) -> impl IntoView + use<> {
    let items = waiting
        .iter()
        .map(|what| {
            view! {
                <li data-s="progress">
                    {glyph(State::Progress)} <p>{linked(&words::sentence(what))}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="rows verdicts">{items}</ul> }
}
