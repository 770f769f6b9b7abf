//! What the reconciler has done of a change: one line a cloud call, and what it still waits for.

use domain::{
    operation::{Operation, OperationState},
    view::change::ChangeDetail,
};
use leptos::prelude::*;

use crate::{
    components::{
        code_link::code_link,
        glyph::{State, glyph},
        moment::{clock_time, took_words},
    },
    words,
};

const fn state(operation: OperationState) -> State {
    match operation {
        OperationState::Intended => State::Pending,
        OperationState::Running => State::Progress,
        OperationState::Done => State::Ok,
        OperationState::Failed => State::Warn,
    }
}

/// `5 of 7 calls done`.
pub fn summary(view: &ChangeDetail) -> String {
    let done = view.operations.iter().filter(|operation| operation.state == OperationState::Done).count();
    let all = view.change.revision.plan.actions.len().max(view.operations.len()) as u64;
    format!("{done} of {} done", words::count(all, "call"))
}

pub fn operations_list(operations: &[Operation]) -> impl IntoView + use<> {
    let items = operations.iter().map(item).collect_view();
    view! { <ol class="rows events">{items}</ol> }
}

fn item(operation: &Operation) -> AnyView {
    let state = state(operation.state);
    let said = match (operation.state, operation.finished_at) {
        (OperationState::Done, Some(at)) => {
            format!("done in {}", took_words((at - operation.intended_at).num_seconds()))
        }
        (state, _) => state.as_str().to_owned(),
    };
    let attempts = (operation.attempts > 1).then(|| format!(", attempt {}", operation.attempts));
    let name = operation.name.clone();
    let cause = operation.cause().map(|cause| view! { <small>{code_link(cause.as_str())}</small> });
    view! {
        <li data-s=state.as_str()>
            <span class="muted">{clock_time(operation.intended_at)}</span>
            {glyph(state)}
            <p>
                {words::sentence(&operation.step.replace('_', " "))}
                <small>
                    {said} {attempts}
                    {name.map(|name| view! { ", " <span class="mono">{name}</span> })}
                </small>
                {operation
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
                    {glyph(State::Progress)} <p>{words::sentence(what)}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="rows verdicts">{items}</ul> }
}
