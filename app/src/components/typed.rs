//! A field of one line that a signal holds, both ways: what somebody typed before scripts ran is taken over and not wiped.

use leptos::{html::Input, prelude::*};

/// The node of the field that shows `text`; the field itself says by `on:input` what is typed from then on.
pub fn typed(text: RwSignal<String>) -> NodeRef<Input> {
    let node = NodeRef::<Input>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |taken: Option<bool>| {
        let words = text.get();
        let Some(field) = node.get() else { return taken.unwrap_or_default() };
        let shown = field.value();
        if taken != Some(true) && words.is_empty() && !shown.is_empty() {
            text.set(shown);
        } else if shown != words {
            field.set_value(&words);
        }
        true
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = text;
    node
}
