//! Why a press did nothing, said beside its form and aloud, with the code that leads to the fix and the request's id.

use leptos::prelude::*;

use super::{
    code_link::with_code_link,
    glyph::{State, glyph},
    notice::{Notice, trace},
};
use crate::{api::ApiError, words};

/// Why a press did nothing that asks a passkey between two requests.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// A sentence of the page or of the browser: it has no code and no request.
    Here(String),
    Server(ApiError),
}

impl From<String> for Refusal {
    fn from(sentence: String) -> Self {
        Self::Here(sentence)
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Server(error)
    }
}

impl Refusal {
    /// For a place that is read aloud whenever it fills.
    pub fn view(self) -> AnyView {
        match self {
            Self::Here(sentence) => paragraph(sentence.into_any(), None),
            Self::Server(error) => paragraph(said(&error), None),
        }
    }
}

pub fn refused(error: &ApiError) -> AnyView {
    paragraph(said(error), Some("alert"))
}

/// For as long as it is the form's last answer.
pub fn refused_last(answer: Signal<Option<Result<(), ApiError>>>) -> impl IntoView {
    move || answer.get().and_then(Result::err).map(|error| refused(&error))
}

/// At the head of the page that was sent.
pub fn refused_notice(error: ApiError) -> AnyView {
    view! {
        <Notice state=State::Crit role="alert">
            <b>{with_code_link(&words::sentence(&error.message))}</b>
            {trace(&error)}
        </Notice>
    }
    .into_any()
}

fn said(error: &ApiError) -> AnyView {
    view! {
        {with_code_link(&words::sentence(&error.message))}
        <br />
        {trace(error)}
    }
    .into_any()
}

fn paragraph(said: AnyView, role: Option<&'static str>) -> AnyView {
    view! {
        <p class="reason sm" role=role data-s="crit">
            {glyph(State::Crit)}
            <span class="break">{said}</span>
        </p>
    }
    .into_any()
}
