//! One thing that just happened, said in the corner until it is dismissed or the next one comes.

use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    icon::{Icon, icon},
};

#[derive(Clone, Debug)]
pub struct Message {
    pub state: State,
    pub title: String,
    pub detail: String,
}

#[derive(Clone, Copy, Debug)]
pub struct Toasts(RwSignal<Option<Message>>);

impl Toasts {
    /// Once, above all pages.
    pub fn provide() -> Self {
        let toasts = Self(RwSignal::new(None));
        provide_context(toasts);
        toasts
    }

    pub fn here() -> Self {
        expect_context()
    }

    pub fn say(self, state: State, title: impl Into<String>, detail: impl Into<String>) {
        self.0.set(Some(Message { state, title: title.into(), detail: detail.into() }));
    }

    /// The place where they show; always there, so that it is announced when it fills.
    pub fn view(self) -> impl IntoView {
        view! {
            <div role="status" aria-live="polite">
                {move || {
                    self.0
                        .get()
                        .map(|message| {
                            view! {
                                <div class="toast" data-s=message.state.as_str()>
                                    {glyph(message.state)}
                                    <p>
                                        <b>{message.title}</b>
                                        <small>{message.detail}</small>
                                    </p>
                                    <button
                                        type="button"
                                        aria-label="Dismiss"
                                        on:click=move |_| self.0.set(None)
                                    >
                                        {icon(Icon::X)}
                                    </button>
                                </div>
                            }
                        })
                }}
            </div>
        }
    }
}
