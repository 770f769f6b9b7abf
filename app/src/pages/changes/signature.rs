//! The viewer's own signature: what they would sign, its digests, and right below them the two verbs.

use domain::{ChangeState, approvals::Ballot, view::change::ChangeDetail};
use leptos::{html::Input, prelude::*};

use super::{overtaken, sign::wells};
use crate::{
    components::{
        glyph::{State, glyph},
        icon::{Icon, icon},
        moment::span_words,
        panel::Panel,
        refused::Refusal,
        toast::Toasts,
        typed::typed,
    },
    live::Live,
    routes, words,
};

/// What the viewer has begun. It lives as long as the page, whatever loads again meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    reason: RwSignal<String>,
    field: NodeRef<Input>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Refusal>>,
    /// The digest that a passkey is asked to sign just now.
    signing: RwSignal<Option<String>>,
    /// Scripts run: before that, a button could not ask a passkey for anything.
    awake: RwSignal<bool>,
}

impl Desk {
    pub fn new() -> Self {
        let reason = RwSignal::new(String::new());
        let desk = Self {
            reason,
            field: typed(reason),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            signing: RwSignal::new(None),
            awake: RwSignal::new(false),
        };
        Effect::new(move |_| desk.awake.set(true));
        desk
    }

    /// For another change.
    pub fn clear(self) {
        self.reason.set(String::new());
        self.problem.set(None);
    }
}

pub fn signature(view: &ChangeDetail, desk: Desk) -> Option<AnyView> {
    if view.change.state != ChangeState::AwaitingApprovals {
        return None;
    }
    let body = match &view.approvals.block {
        Some(block) => {
            let register = block.needs_passkey.then(|| {
                view! {
                    <a class="btn" href=routes::PASSKEYS>
                        {icon(Icon::Key)}
                        "Register a passkey"
                    </a>
                }
            });
            view! {
                <p class="reason sm" id="why-sign">
                    {icon(Icon::Lock)}
                    <span>{words::sentence(&block.reason)}"."</span>
                </p>
                <div class="buttons">
                    <button type="button" class="btn" aria-disabled="true" aria-describedby="why-sign">
                        {icon(Icon::Key)}
                        "Approve"
                    </button>
                    <button type="button" class="btn" aria-disabled="true" aria-describedby="why-sign">
                        "Reject"
                    </button>
                    {register}
                </div>
            }
            .into_any()
        }
        None => verbs(view, desk),
    };
    let (what, signed, wells) = (what(view), signed(view), wells(&view.change));
    Some(
        view! {
            <div id="sign">
                <Panel id="sign-head" title="Your signature">
                    <div class="panel-body">{what} {signed} {wells} {body}</div>
                </Panel>
            </div>
        }
        .into_any(),
    )
}

/// What one signs for, in a line: on a phone the rest is far above.
fn what(view: &ChangeDetail) -> AnyView {
    let change = &view.change;
    let effect = match words::impact(&change.revision.plan.impact.total()) {
        Some(vms) => words::sentence(&vms),
        None => "Touches no VM".to_owned(),
    };
    view! {
        <p>
            <b>{effect}</b>
            " "
            <span class="muted">{format!("{} for {}", change.id, change.environment)}</span>
        </p>
    }
    .into_any()
}

/// Votes that count are over the very bytes that are shown: others are void.
fn signed(view: &ChangeDetail) -> Option<AnyView> {
    let people: Vec<String> = view.approvals.seats.iter().flat_map(|seats| seats.people.clone()).collect();
    (!people.is_empty()).then(|| {
        view! {
            <p class="reason sm" data-s="ok">
                {glyph(State::Ok)}
                <span>{format!("{} signed these same bytes.", words::list(&people))}</span>
            </p>
        }
        .into_any()
    })
}

fn verbs(view: &ChangeDetail, desk: Desk) -> AnyView {
    let (id, revision) = (view.change.id, view.change.revision.number);
    let environment = view.change.environment.clone();
    // What is overtaken can only be rejected.
    let taken_by = overtaken::by(view);
    let (live, toasts) = (Live::here(), Toasts::here());
    let vote = move |ballot: Ballot| {
        let barred = ballot == Ballot::Approve && taken_by.is_some();
        if barred || desk.busy.get_untracked() || !desk.awake.get_untracked() {
            return;
        }
        if ballot == Ballot::Reject && desk.reason.get_untracked().trim().is_empty() {
            let why = "Say why you reject it: its author has to mend it.";
            desk.problem.set(Some(Refusal::Here(why.to_owned())));
            return;
        }
        desk.busy.set(true);
        desk.problem.set(None);
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            let outcome = sign(desk, id, revision, ballot).await;
            // The page may be gone by now.
            desk.busy.try_set(false);
            desk.signing.try_set(None);
            match outcome {
                Ok(()) => {
                    let (title, detail) = match ballot {
                        Ballot::Approve => (format!("You approved {id}"), "Your signature is stored."),
                        Ballot::Reject => (format!("You rejected {id}"), "It has ended and will not run."),
                    };
                    toasts.say(State::Ok, title, detail);
                    desk.reason.try_set(String::new());
                }
                Err(why) => {
                    desk.problem.try_set(Some(why));
                }
            }
            live.changes_moved();
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = (live, toasts, id, revision);
    };
    let asleep = move || (!desk.awake.get()).then_some("true");
    let barred = move || (taken_by.is_some() || !desk.awake.get()).then_some("true");
    let busy = move || desk.busy.get().then_some("true");
    view! {
        {move || {
                    (!desk.awake.get())
                        .then(|| {
                            view! {
                                <p class="reason sm">
                                    {icon(Icon::Lock)}
                                    <span>"Signing needs scripts: only the browser can ask a passkey. Allow them for this page."</span>
                                </p>
                            }
                        })
                }}
        <div class="field">
            <label for="vote-reason">"Reason, shown to all"</label>
            <input
                class="input"
                type="text"
                id="vote-reason"
                maxlength="2000"
                autocomplete="off"
                placeholder=if taken_by.is_some() { "Needed for a rejection" } else { "Optional for an approval" }
                node_ref=desk.field
                on:input=move |event| desk.reason.set(event_target_value(&event))
            />
        </div>
        <div role="alert">{move || desk.problem.get().map(Refusal::view)}</div>
        <div role="status">
            {move || {
                desk.signing
                    .get()
                    .map(|digest| {
                        view! {
                            <p class="sm muted">"Your passkey is asked to sign"</p>
                            <code class="break">{digest}</code>
                        }
                    })
            }}
        </div>
        {taken_by.map(|by| overtaken::why_not(by, "why-sign"))}
        <div class="buttons">
            <button
                type="button"
                class=if taken_by.is_some() { "btn" } else { "btn primary" }
                aria-disabled=barred
                aria-describedby=taken_by.map(|_| "why-sign")
                aria-busy=busy
                on:click=move |_| vote(Ballot::Approve)
            >
                {icon(Icon::Key)}
                "Approve"
            </button>
            <button
                type="button"
                class="btn"
                aria-disabled=asleep
                aria-busy=busy
                on:click=move |_| vote(Ballot::Reject)
            >
                "Reject"
            </button>
        </div>
        <p class="sm muted">
            {format!(
                "Your passkey signs the exact bytes of revision {revision}, once, for {environment}. One rejection ends the change.",
            )}
        </p>
    }
    .into_any()
}

/// The server's statement, the passkey's signature, the server's verdict.
#[cfg(feature = "hydrate")]
async fn sign(desk: Desk, id: domain::ChangeId, revision: u32, ballot: Ballot) -> Result<(), Refusal> {
    use crate::{api::votes, webauthn};
    let reason = desk.reason.get_untracked();
    let options = votes::begin_vote(id, revision, ballot).await?;
    desk.signing.try_set(Some(options.digest.clone()));
    let answer = webauthn::get(&options).await?;
    votes::finish_vote(id, answer, reason).await.map_err(Refusal::from)
}

/// On a phone the panel is far below: a bar that stays leads there.
pub fn sign_bar(view: &ChangeDetail) -> Option<AnyView> {
    let may = view.change.state == ChangeState::AwaitingApprovals
        && view.approvals.block.is_none()
        && overtaken::by(view).is_none();
    may.then(|| {
        let seats = view.approvals.seats.iter();
        let (signed, needed) = seats.fold((0, 0), |(signed, needed), seats| {
            (signed + seats.people.len() as u64, needed + u64::from(seats.needed))
        });
        let left = view.approvals.expires_at.map(|end| {
            let left = span_words((end - view.now).num_seconds());
            view! { <small>{format!("{left} left")}</small> }
        });
        view! {
            <div class="sign-bar">
                <p>
                    <b>{format!("{} of {} signed", words::number(signed), words::number(needed))}</b>
                    {left}
                </p>
                <a class="btn primary" href="#sign" rel="external">
                    {icon(Icon::Key)}
                    "Compare and sign"
                </a>
            </div>
        }
        .into_any()
    })
}
