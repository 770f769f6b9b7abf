//! An address that leads nowhere.

use leptos::prelude::*;

use crate::components::{page_head::PageHead, title::Title};

#[component]
pub fn NotFound() -> AnyView {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found" />
        <PageHead
            title="Page not found"
            lead=|| "There is nothing at this address. The link may be old, or mistyped."
        />
        <a class="btn" href="/">
            "Go to Fleet"
        </a>
    }
    .into_any()
}
