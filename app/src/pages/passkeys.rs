//! Settings, Passkeys: with which of my devices do I sign?

use domain::view::approval::{PasskeyList, PasskeyRow};
use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;

use crate::{
    api::{self, passkeys::RevokePasskey},
    components::{
        button::ButtonLink,
        empty::Empty,
        glyph::State,
        icon::{Icon, icon},
        loaded::loaded,
        moment::ago,
        page_head::PageHead,
        panel::Panel,
        refused::{Refusal, refused_last},
        status::status,
        table::Table,
        toast::Toasts,
        typed::typed,
    },
    opening::Opening,
    pages::settings::crumbs,
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn Passkeys() -> AnyView {
    let changed = RwSignal::new(0_u32);
    let revoke = ServerAction::<RevokePasskey>::new();
    let toasts = Toasts::here();
    Effect::new(move |_| {
        if matches!(revoke.value().get(), Some(Ok(()))) {
            toasts.say(State::Ok, "Passkey revoked", "Its votes on changes that have not begun are void.");
            changed.update(|count| *count += 1);
        }
    });
    let own_events = own_events(Opening::here().viewer.map(|viewer| viewer.id).as_deref());
    let passkeys = Resource::new(move || changed.get(), |_| api::passkeys::list_passkeys());
    view! {
        <Title text="Passkeys" />
        <PageHead
            title="Passkeys"
            crumbs=crumbs("Passkeys")
            lead=|| "A passkey signs your votes on changes. Its secret never leaves your device; here is only the half that verifies."
            actions=move || view! { <ButtonLink href=own_events.clone() label="All their events" /> }
        />
        <div class="cols">
            <div class="stack">
                {refused_last(revoke.value().into())}
                {loaded(passkeys, "your passkeys", move |list| draw(list, revoke))}
            </div>
            <aside class="stack" aria-label="Add one">
                {register(changed)}
            </aside>
        </div>
    }
    .into_any()
}

/// What was done to one's own passkeys; nobody else can do anything to them. The log says `passkey 0a1b2c3d`.
fn own_events(viewer: Option<&str>) -> String {
    Query::default().with("actor", viewer).with("object", Some("passkey")).on(routes::AUDIT)
}

fn draw(list: PasskeyList, revoke: ServerAction<RevokePasskey>) -> AnyView {
    let groups = if list.groups.is_empty() {
        "The roster has you in no group, so no policy asks for your signature.".to_owned()
    } else {
        format!("The roster has you in {}.", words::list(&list.groups))
    };
    let body = if list.passkeys.is_empty() {
        view! {
            <Empty title="You have no passkey yet" icon=Icon::Key>
                <p class="soft">"Register one to approve or reject changes."</p>
            </Empty>
        }
        .into_any()
    } else {
        let rows = list.passkeys.into_iter().map(|passkey| row(passkey, revoke)).collect_view();
        view! {
            <Table label="Your passkeys" class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Registered"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">
                            <span class="sr">"Verbs"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-label="Your passkeys">
            {body} <p class="panel-foot sm muted">{groups}</p>
        </section>
    }
    .into_any()
}

fn row(passkey: PasskeyRow, revoke: ServerAction<RevokePasskey>) -> AnyView {
    let revoked = passkey.revoked_at.is_some();
    let (state, word) = if revoked { (State::X, "Revoked") } else { (State::Ok, "In use") };
    let place = if passkey.synced { "synced between devices" } else { "on one device" };
    let label = passkey.label.clone();
    // What cannot be undone takes two steps.
    let verb = (!revoked).then(|| {
        view! {
            <details class="act">
                <summary class="btn">"Revoke" <span class="sr">{format!(" {label}")}</span></summary>
                <ActionForm action=revoke>
                    <input type="hidden" name="id" value=passkey.id.clone() />
                    <p class="sm">{lost(passkey.open_votes)}</p>
                    <button type="submit" class="btn" aria-label=format!("Revoke for good: {label}")>
                        "Revoke for good"
                    </button>
                </ActionForm>
            </details>
        }
    });
    view! {
        <tr>
            <th scope="row">
                {passkey.label} <small>{place}</small>
            </th>
            <td>{status(state, word)}</td>
            <td data-label="Registered">{ago(passkey.created_at)}</td>
            <td data-label="Last used">
                {passkey.last_used_at.map_or_else(|| "never".into_any(), |at| ago(at).into_any())}
            </td>
            <td class="wrap">{verb}</td>
        </tr>
    }
    .into_any()
}

/// What goes with a passkey.
fn lost(open_votes: u32) -> String {
    let votes = match open_votes {
        0 => return "It never signs again. It has no vote on an open change.".to_owned(),
        1 => "its vote on 1 open change becomes void".to_owned(),
        count => format!("its votes on {} become void", words::count(u64::from(count), "open change")),
    };
    format!("It never signs again, and {votes}.")
}

fn register(changed: RwSignal<u32>) -> AnyView {
    let label = RwSignal::new(String::new());
    let field = typed(label);
    let (busy, awake) = (RwSignal::new(false), RwSignal::new(false));
    let problem = RwSignal::new(None::<Refusal>);
    let toasts = Toasts::here();
    Effect::new(move |_| awake.set(true));
    let begin = move || {
        if busy.get_untracked() || !awake.get_untracked() {
            return;
        }
        problem.set(None);
        if label.get_untracked().trim().is_empty() {
            problem.set(Some(Refusal::Here("Name it first, for example Work laptop.".to_owned())));
            return;
        }
        busy.set(true);
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            let outcome = ask(label.get_untracked()).await;
            busy.try_set(false);
            match outcome {
                Ok(()) => {
                    toasts.say(State::Ok, "Passkey registered", "It can sign your votes from now on.");
                    label.try_set(String::new());
                    changed.try_update(|count| *count += 1);
                }
                Err(why) => {
                    problem.try_set(Some(why));
                }
            }
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = (changed, toasts);
    };
    view! {
        <Panel id="register" title="Register a passkey">
            <form
                class="panel-body"
                on:submit=move |event| {
                    event.prevent_default();
                    begin();
                }
            >
                {move || {
                    (!awake.get())
                        .then(|| {
                            view! {
                                <p class="reason sm">
                                    {icon(Icon::Lock)}
                                    <span>"Registering needs scripts: only the browser can ask a device for a passkey."</span>
                                </p>
                            }
                        })
                }}
                <div class="field">
                    <label for="passkey-label">"Name of the device"</label>
                    <input
                        class="input"
                        type="text"
                        id="passkey-label"
                        maxlength="60"
                        autocomplete="off"
                        placeholder="Work laptop"
                        node_ref=field
                        on:input=move |event| label.set(event_target_value(&event))
                    />
                </div>
                <div role="alert">{move || problem.get().map(Refusal::view)}</div>
                <div class="buttons">
                    <button
                        type="button"
                        class="btn primary"
                        aria-disabled=move || (!awake.get()).then_some("true")
                        aria-busy=move || busy.get().then_some("true")
                        on:click=move |_| begin()
                    >
                        {icon(Icon::Key)}
                        "Register passkey"
                    </button>
                </div>
                <p class="sm muted">
                    "Your device asks for its PIN, fingerprint or face. Register a second one, so that a lost device keeps nobody waiting."
                </p>
            </form>
        </Panel>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
async fn ask(label: String) -> Result<(), Refusal> {
    use crate::webauthn;
    let options = api::passkeys::begin_registration().await?;
    let answer = webauthn::create(&options).await?;
    api::passkeys::finish_registration(label, answer).await.map_err(Refusal::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_a_passkey_is_counted() {
        assert_eq!(lost(0), "It never signs again. It has no vote on an open change.");
        assert_eq!(lost(1), "It never signs again, and its vote on 1 open change becomes void.");
        assert_eq!(lost(3), "It never signs again, and its votes on 3 open changes become void.");
    }

    #[test]
    fn the_log_is_asked_for_one_s_own_passkeys_alone() {
        assert_eq!(own_events(Some("sub-1")), "/audit?actor=sub-1&object=passkey");
    }
}
