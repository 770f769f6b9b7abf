//! Tabs: the routes of one noun. The current one is underlined in ink.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[derive(Clone, Debug)]
pub struct Tab {
    pub label: &'static str,
    pub href: String,
    /// How many things the tab holds, where that is known.
    pub count: Option<usize>,
}

impl Tab {
    pub fn new(label: &'static str, href: impl Into<String>) -> Self {
        Self { label, href: href.into(), count: None }
    }

    pub fn count(mut self, count: usize) -> Self {
        self.count = Some(count);
        self
    }
}

#[component]
pub fn Tabs(
    /// What the tabs are of, for readers of the page by ear.
    label: &'static str,
    tabs: Vec<Tab>,
    /// The address that marks the current tab; a tab is current when its own is the same.
    #[prop(into, optional)]
    current: Option<String>,
) -> AnyView {
    let path = use_location().pathname;
    let links = tabs
        .into_iter()
        .map(|tab| {
            let href = tab.href.clone();
            let current = current.clone();
            let is_current = move || match &current {
                Some(current) => *current == href,
                None => path.get() == href,
            };
            view! {
                <a href=tab.href aria-current=move || is_current().then_some("page")>
                    {tab.label}
                    {tab.count.map(|count| view! { " " <span class="muted">{count}</span> })}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=label>
            {links}
        </nav>
    }
    .into_any()
}
