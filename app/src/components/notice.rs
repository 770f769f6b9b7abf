//! One thing that matters now, said in a line above the page.

use leptos::prelude::*;

use super::glyph::{State, glyph};

#[component]
pub fn Notice(
    state: State,
    /// `alert` is read aloud at once, `status` in the next pause; without one it is read where it stands.
    #[prop(optional)]
    role: Option<&'static str>,
    /// Its name to readers by ear, where its words alone do not say what it is about.
    #[prop(optional)]
    label: Option<&'static str>,
    children: Children,
) -> AnyView {
    view! {
        <section class="panel cluster notice" role=role aria-label=label data-s=state.as_str()>
            {glyph(state)} <p>{children()}</p>
        </section>
    }
    .into_any()
}

/// By which the server's own log tells more.
pub fn request(id: Option<String>) -> AnyView {
    id.map(|id| view! { <small>" Request " <code>{id}</code></small> }).into_any()
}
