//! A flat sheet with a hairline: head, body, foot.

use leptos::prelude::*;

/// A section with its own heading; `aside` stands at the right of the heading.
#[component]
pub fn Panel(
    /// Of the heading, unique on the page.
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(into, optional)] aside: ViewFn,
    children: Children,
) -> AnyView {
    view! {
        <section class="panel" aria-labelledby=id>
            <header class="panel-head">
                <h2 id=id>{title}</h2>
                {aside.run()}
            </header>
            {children()}
        </section>
    }
    .into_any()
}
