//! A page that waits for what it shows: drawn whole by the server, kept while newer values load,
//! and kept with a notice when they cannot be loaded.

#[cfg(feature = "ssr")]
use std::task::Poll;

use leptos::prelude::*;

use super::{
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
            {move || {
                let draw = draw.clone();
                Suspend::new(drawn(resource, move |value| {
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
                }))
            }}
        </Transition>
    }
    .into_any()
}

/// What waits is drawn once it is there, unless whoever waited has left meanwhile: with the page went what it is drawn with.
pub async fn drawn<T>(value: impl IntoFuture<Output = T>, draw: impl FnOnce(T) -> AnyView) -> AnyView {
    let value = value.await;
    #[cfg(feature = "ssr")]
    asked_again().await;
    match use_context::<Clock>() {
        Some(_) => draw(value),
        None => ().into_any(),
    }
}

/// Before the server draws a page it looks through it for what is still to be waited for, and throws away what that look drew.
/// Where the value has come by then, the whole page would be drawn twice. A look asks once; whoever draws asks again.
#[cfg(feature = "ssr")]
async fn asked_again() {
    let mut asked = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
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

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::{
        cell::Cell,
        task::{Context, Waker},
    };

    use super::*;

    #[test]
    fn a_look_at_what_is_there_draws_nothing_and_who_asks_again_gets_one_drawing() {
        let owner = Owner::new();
        owner.set();
        Clock::provide(domain::Timestamp::default());
        let drawings = Cell::new(0);
        let mut page = Box::pin(drawn(std::future::ready(7), |value: i32| {
            drawings.set(drawings.get() + value);
            ().into_any()
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(page.as_mut().poll(&mut context).is_pending());
        assert_eq!(drawings.get(), 0);
        assert!(page.as_mut().poll(&mut context).is_ready());
        assert_eq!(drawings.get(), 7);
    }
}
