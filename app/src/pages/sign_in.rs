//! The door: one sentence and one button. Signing in itself is the server's.

use leptos::prelude::*;

use crate::{
    components::{
        glyph::{State, glyph},
        title::Title,
    },
    url_state::{Query, use_query},
};

/// Begins the way through the issuer.
const START: &str = "/sign-in/start";

/// Why the person is here, by the word in the address. Free text from an address is never shown.
fn said(query: &Query) -> Option<(State, &'static str)> {
    let Some(error) = query.get("error") else {
        return query.get("signed_out").map(|_| (State::Ok, "You are signed out."));
    };
    let text = match error {
        "expired" => "The sign-in took too long, or began in another window. Try again.",
        "denied" => "The sign-in was cancelled at the issuer.",
        "refused" => "The issuer's answer was not accepted. Try again.",
        "issuer_unavailable" => "The issuer does not answer. Try again in a moment.",
        _ => "Signing in is not possible right now. Try again in a moment.",
    };
    Some((State::Warn, text))
}

#[component]
pub fn SignIn() -> AnyView {
    let query = use_query();
    let start = move || {
        let next = query.with(|query| query.get("next").map(str::to_owned));
        Query::default().with("next", next.as_deref()).on(START)
    };
    let notice = move || {
        query.with(|query| {
            let request = query.get("request").map(str::to_owned);
            said(query).map(|(state, text)| {
                view! {
                    <p class="reason" role="status" data-s=state.as_str()>
                        {glyph(state)}
                        <span>
                            {text}
                            {request.map(|id| view! { <br /> <small>"Request " <code>{id}</code></small> })}
                        </span>
                    </p>
                }
            })
        })
    };
    view! {
        <Title text="Sign in" />
        <div class="cover-sheet">
            <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
                <path d="M1 1h5v5H1zM7.5 1h5v5h-5zM14 1h5v5h-5zM1 7.5h5v5H1zM14 7.5h5v5h-5zM1 14h5v5H1zM7.5 14h5v5h-5z"></path>
                <path class="mark-on" d="M7.5 7.5h5v5h-5z"></path>
            </svg>
            <div>
                <h1>"Agent Manager"</h1>
                <p class="lead">
                    "Declare your fleet of agent VMs, see what a change would do, approve it, and watch it happen."
                </p>
            </div>
            {notice}
            <a class="btn primary" rel="external" href=start>
                "Sign in"
            </a>
            <p class="sm muted">
                "Your organisation's issuer says who you are and which roles you have. Every change keeps your name."
            </p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_address_is_not_repeated() {
        let (_, text) = said(&Query::parse("error=%3Cb%3Eyou%20won")).unwrap();
        assert!(!text.contains("won"));
    }

    #[test]
    fn a_plain_visit_says_nothing() {
        assert_eq!(said(&Query::parse("next=%2F")), None);
        assert_eq!(said(&Query::parse("signed_out=1")).unwrap().0, State::Ok);
    }
}
