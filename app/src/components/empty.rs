//! Nothing to show, and why: nothing yet, filtered away, not allowed, could not load.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    code_link::with_code_link,
    glyph::{State, glyph},
    icon::{Icon, icon, muted_icon},
    notice::trace,
    side_panel::InPanel,
};
use crate::{
    api::{ApiError, Code},
    words,
};

/// Nothing yet, or filtered away: says what to do next.
#[component]
pub fn Empty(#[prop(into)] title: String, icon: Icon, children: Children) -> AnyView {
    view! {
        <div class="empty">
            {muted_icon(icon)}
            <h2>{title}</h2>
            {children()}
        </div>
    }
    .into_any()
}

/// What went wrong with a page or a part of it, with the request's id and the way on.
/// It is the page's only heading when `whole` is set.
pub fn failure(error: ApiError, what: &'static str, whole: bool) -> AnyView {
    failed(error, what, whole, None)
}

/// The same of what a form was sent for. `again` sends the form once more: a plain load would take away what was typed.
pub fn sent_in_vain(error: ApiError, what: &'static str, again: AnyView) -> AnyView {
    failed(error, what, false, Some(again))
}

fn failed(error: ApiError, what: &'static str, whole: bool, again: Option<AnyView>) -> AnyView {
    let location = use_location();
    let here = {
        let path = location.pathname.get_untracked();
        match location.search.get_untracked() {
            search if search.is_empty() => path,
            search => format!("{path}?{search}"),
        }
    };
    let (state, title) = match error.code {
        Code::Unauthenticated => (State::Pending, "You are not signed in".to_owned()),
        Code::Forbidden => (State::None, format!("You may not see {what}")),
        _ if again.is_some() => (State::Warn, format!("{} could not be made", words::sentence(what))),
        // As a heading has it: `Change not found`.
        Code::NotFound => {
            let noun = what.strip_prefix("the ").unwrap_or(what);
            (State::None, format!("{} not found", words::sentence(noun)))
        }
        Code::PreconditionFailed => (State::None, "Deleted meanwhile".to_owned()),
        _ => (State::Warn, format!("{} could not be loaded", words::sentence(what))),
    };
    let action = match error.code {
        Code::Unauthenticated => Some(
            view! {
                <a class="btn primary" rel="external" href=crate::routes::sign_in(&here)>
                    "Sign in"
                </a>
            }
            .into_any(),
        ),
        Code::Forbidden => None,
        _ if again.is_some() => again,
        Code::NotFound | Code::PreconditionFailed => {
            Some(view! { <a class="btn" href="/">"Go to Fleet"</a> }.into_any())
        }
        // A plain load: what the router holds may be what failed.
        _ => Some(
            view! {
                <a class="btn" rel="external" href=here>
                    {icon(Icon::Retry)}
                    "Try again"
                </a>
            }
            .into_any(),
        ),
    };
    let heading = if whole && use_context::<InPanel>().is_none() {
        view! { <h1>{title.clone()}</h1> }.into_any()
    } else {
        view! { <h2>{title.clone()}</h2> }.into_any()
    };
    view! {
        <section class="panel empty" role="alert" data-s=state.as_str() aria-label=title>
            {glyph(state)}
            {heading}
            <p class="soft">{error.message.clone()}</p>
            {action}
            {trace(&error)}
        </section>
    }
    .into_any()
}

/// The same of a part that has a place and a name already: the line that stands there instead.
pub fn could_not_load(error: &ApiError) -> AnyView {
    view! {
        {with_code_link(&words::sentence(&error.message))}
        {trace(error)}
    }
    .into_any()
}
