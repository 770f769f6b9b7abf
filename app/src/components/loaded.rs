//! A page that waits for what it shows: drawn whole by the server, kept while newer values load,
//! and kept with a notice when they cannot be loaded.

use leptos::prelude::*;

use super::{
    canvas::Canvas,
    empty::failure,
    glyph::State,
    moment::{Clock, utc},
    notice::{Notice, trace},
};
use crate::api::ApiError;

/// Draws the resource's value. `what` is its name in a sentence: "the pool".
pub fn loaded<T, V>(
    resource: Resource<Result<T, ApiError>>,
    what: &'static str,
    draw: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    // What was last loaded, and when by the server's clock.
    let last = StoredValue::new(None::<(T, domain::Timestamp)>);
    let clock = Clock::here();
    view! {
        <Transition fallback=waiting>
            {
                let canvas = Canvas::here();
                move || {
                    let draw = draw.clone();
                    canvas.drawing(resource, move |value| {
                        let (value, notice) = match value {
                            Ok(value) => {
                                // The server draws once and has no use for what it drew before.
                                if cfg!(feature = "hydrate") {
                                    last.set_value(Some((value.clone(), clock.now_untracked())));
                                }
                                (value, None)
                            }
                            Err(error) => match last.get_value() {
                                Some((value, at)) => (value, Some(old_values(error, at).into_any())),
                                None => return failure(error, what, true).into_any(),
                            },
                        };
                        #[cfg(feature = "hydrate")]
                        super::focus::keep_focus();
                        view! {
                            {notice}
                            {draw(value).into_any()}
                        }
                            .into_any()
                    })
                }
            }
        </Transition>
    }
    .into_any()
}

fn waiting() -> AnyView {
    view! {
        <p class="loading muted" role="status">
            "Loading"
        </p>
    }
    .into_any()
}

fn old_values(error: ApiError, at: domain::Timestamp) -> AnyView {
    view! {
        <Notice state=State::Warn role="alert">
            <b>{format!("As of {}. ", utc(at))}</b>
            <span class="soft">{error.message.clone()}</span>
            {trace(&error)}
        </Notice>
    }
    .into_any()
}
