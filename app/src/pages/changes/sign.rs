//! Beside the phases: the bytes to compare, and what the viewer may do with the change.

use domain::{ChangeState, Permission, view::change::ShownChange};
use leptos::{form::ActionForm, prelude::*};

use crate::{
    api::changes::CancelChange,
    components::{
        button::{ButtonLink, Submit},
        digest::digest,
        glyph::State,
        panel::Panel,
        refused::refused,
        toast::Toasts,
    },
    live::Live,
    opening::refusal,
    routes,
    url_state::Query,
};

/// What a signature covers, to be compared with another screen. Nobody signs it any more: it has a panel of its own.
pub fn digests(change: &ShownChange) -> AnyView {
    let wells = wells(change);
    view! {
        <Panel id="digests" title="Digests">
            <div class="panel-body">{wells}</div>
        </Panel>
    }
    .into_any()
}

/// The digests of a revision, wherever they stand.
pub fn wells(change: &ShownChange) -> AnyView {
    let revision = &change.revision;
    view! {
        <p class="sm muted">
            "SHA-256 of the exact bytes. Two screens that show the same groups show the same plan."
        </p>
        {digest(format!("Plan of revision {}", revision.number), &revision.plan_sha256)}
        {digest(format!("Declaration of revision {}", revision.number), &revision.payload_sha256)}
    }
    .into_any()
}

/// Why it cannot be cancelled any more; None while it can.
fn too_late(state: ChangeState) -> Option<&'static str> {
    match state {
        ChangeState::AwaitingApprovals | ChangeState::Approved => None,
        ChangeState::Applying => Some(
            "It is being applied. Propose another change to take it back: that one has its turn when this one has ended or is given up.",
        ),
        ChangeState::Applied
        | ChangeState::Failed
        | ChangeState::Cancelled
        | ChangeState::Rejected
        | ChangeState::Expired
        | ChangeState::Superseded => Some("It has ended."),
    }
}

/// Cancels changes. It outlives the drawing of the change, which begins anew whenever the change moves.
pub fn cancelling() -> ServerAction<CancelChange> {
    let action = ServerAction::<CancelChange>::new();
    let (live, toasts) = (Live::here(), Toasts::here());
    Effect::new(move |_| {
        if matches!(action.value().get(), Some(Ok(()))) {
            toasts.say(State::Ok, "Change cancelled", "It ended before anything was done.");
            live.changes_moved();
        }
    });
    action
}

pub fn cancel(change: &ShownChange, action: ServerAction<CancelChange>) -> AnyView {
    let last = move || action.value().get().and_then(Result::err).map(|error| refused(&error));
    if change.state.is_terminal() {
        // It ended between the page and the press: there is no form any more, but an answer.
        let answer = move || {
            last().map(|reason| {
                view! {
                    <Panel id="cancel" title="The cancel was refused">
                        <div class="panel-body">{reason}</div>
                    </Panel>
                }
            })
        };
        return answer.into_any();
    }
    let blocked = too_late(change.state).map(str::to_owned).or_else(|| refusal(Permission::CancelChange));
    let possible = blocked.is_none();
    // Other texts become its next revision.
    let edit = possible.then(|| {
        let revision = change.revision.number.to_string();
        let href = Query::default()
            .with("revises", Some(&change.id.to_string()))
            .with("revision", Some(&revision))
            .on(routes::IMPORT);
        view! { <ButtonLink href=href label="Edit by import" /> }
    });
    let id = change.id;
    view! {
        <Panel id="cancel" title="Edit or cancel it">
            <div class="panel-body">
                {last}
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id.to_string() />
                    <div class="buttons">
                        {edit}
                        <Submit
                            label="Cancel change"
                            id="cancel-change"
                            blocked=blocked
                            busy=action.pending()
                        />
                    </div>
                </ActionForm>
                {possible
                    .then(|| {
                        view! {
                            <p class="sm muted">
                                "Nothing of it has been done. An edit is a new revision, on which everybody votes anew. Cancelling ends it for good; the audit log keeps your name."
                            </p>
                        }
                    })}
            </div>
        </Panel>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_not_begun_can_be_cancelled() {
        for state in ChangeState::ALL {
            assert_eq!(too_late(state).is_none(), state.may_become(ChangeState::Cancelled), "{state:?}");
        }
    }
}
