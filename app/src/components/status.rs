//! A state in a row (`status`) and in a title (`badge`): shape, word, colour.

use leptos::prelude::*;

use super::glyph::{State, glyph};

/// The quiet form: the glyph is coloured and the word stays ink.
pub fn status(state: State, word: impl Into<String>) -> impl IntoView {
    view! {
        <span class="status" data-s=state.as_str()>
            {glyph(state)} {word.into()}
        </span>
    }
}

/// The loud form, for titles. Only critical is filled.
pub fn badge(state: State, word: impl Into<String>) -> impl IntoView {
    view! {
        <span class="badge" data-s=state.as_str()>
            {glyph(state)} {word.into()}
        </span>
    }
}
