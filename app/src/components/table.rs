//! Rows under a head. What is wider than its place scrolls sideways; a region that scrolls is reached by the keyboard and has a name.
//! Of the class `cards` each row is a card on a phone: its first link is the whole card's, and a cell begins with its `data-label`.

use leptos::prelude::*;

/// Holds the `<thead>` and the `<tbody>`.
#[component]
pub fn Table(
    /// What the rows are.
    #[prop(into)]
    label: String,
    /// Of the table.
    #[prop(default = "table")]
    class: &'static str,
    /// Of the region around it.
    #[prop(default = "scroll")]
    region: &'static str,
    children: Children,
) -> AnyView {
    view! {
        <div class=region tabindex="0" role="group" aria-label=label>
            <table class=class>{children()}</table>
        </div>
    }
    .into_any()
}
