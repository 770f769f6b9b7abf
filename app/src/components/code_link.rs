//! A code, as a link to where docs/errors.md explains it.

use leptos::prelude::*;

use crate::routes;

pub fn code_link(code: impl Into<String>) -> AnyView {
    let code: String = code.into();
    let meaning = routes::error_code(&code);
    view! {
        <a class="muted" href=meaning rel="external">
            <code>{code}</code>
        </a>
    }
    .into_any()
}
