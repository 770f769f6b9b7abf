//! The title of the window. A page that lies behind a side panel has none: the panel's stands.

use leptos::{prelude::*, text_prop::TextProp};

use super::side_panel::Behind;

#[component]
pub fn Title(#[prop(into)] text: TextProp) -> AnyView {
    match use_context::<Behind>() {
        Some(Behind) => ().into_any(),
        None => view! { <leptos_meta::Title text=text /> }.into_any(),
    }
}
