//! One thing that matters now, said in a line above the page.

use leptos::prelude::*;

use super::{
    code_link::code_in_print,
    glyph::{State, glyph},
};
use crate::api::ApiError;

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

/// An error's code, which leads to its fix, and the request's id, by which the server's own log tells more.
pub fn trace(error: &ApiError) -> AnyView {
    let request = error.request_id.clone().map(|id| view! { " Request " <code>{id}</code> });
    view! { <small>" " {code_in_print(error.code.as_str())} {request}</small> }.into_any()
}
