//! Why a press did nothing, said beside its form and aloud.

use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    notice::{Notice, request},
};
use crate::{api::ApiError, words};

pub fn refused(error: &ApiError) -> AnyView {
    paragraph(words::sentence(&error.message).into_any())
}

/// With the request's id, by which the server's own log tells more.
pub fn refused_request(error: ApiError) -> AnyView {
    let said = view! {
        {words::sentence(&error.message)}
        {error.request_id.map(|id| view! { <br /> "Request " <code>{id}</code> })}
    };
    paragraph(said.into_any())
}

/// For as long as it is the form's last answer.
pub fn refused_last(answer: Signal<Option<Result<(), ApiError>>>) -> impl IntoView {
    move || answer.get().and_then(Result::err).map(|error| refused(&error))
}

/// At the head of the page that was sent.
pub fn refused_notice(error: ApiError) -> AnyView {
    view! {
        <Notice state=State::Crit role="alert">
            <b>{words::sentence(&error.message)}</b>
            {request(error.request_id)}
        </Notice>
    }
    .into_any()
}

fn paragraph(said: AnyView) -> AnyView {
    view! {
        <p class="reason sm" role="alert" data-s="crit">
            {glyph(State::Crit)}
            <span>{said}</span>
        </p>
    }
    .into_any()
}
