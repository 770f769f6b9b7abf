//! The form of a new API token. Its answer is the one page that shows the secret, so it leads nowhere and is kept nowhere.

use std::collections::BTreeSet;

use axum::{body::Body, extract::Request, response::Response};
use domain::{
    token::Scope,
    view::token::{CreatedToken, NewToken},
};
use http::{HeaderValue, header::CACHE_CONTROL};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

use crate::{
    api::{self, ApiError, Code, request},
    form::Posted,
    form_post,
    pages::settings::tokens::{LIFETIME, Made, NAME},
    routes,
    shell::shell,
    url_state::Query,
};

/// The form's address.
pub const NEW_TOKEN: &str = routes::NEW_TOKEN;

/// The answer to the form's POST. `context` is what the server provides for every page.
pub async fn submit(
    options: LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (made, posted) = match form_post::read(&parts, body).await {
        Ok(values) => {
            let asked = Owner::new().with(|| {
                provide_context(parts.clone());
                context();
                create(&values)
            });
            match asked.await {
                Ok(created) => (Made(Some(created)), Posted::default()),
                Err(problem) => (Made(None), Posted { posted: true, values, problem: Some(problem) }),
            }
        }
        Err(message) => {
            (Made(None), Posted { problem: Some(ApiError::new(Code::Invalid, message)), ..Posted::default() })
        }
    };
    let status = posted.problem.as_ref().map(|problem| api::status(problem.code));
    let context = move || {
        context();
        provide_context(made.clone());
        provide_context(posted.clone());
        if let (Some(options), Some(status)) = (use_context::<ResponseOptions>(), status) {
            options.set_status(status);
        }
    };
    let request = Request::from_parts(parts, Body::empty());
    let mut response = render_app_async_with_context(context, move || shell(options.clone()))(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn create(values: &Query) -> impl Future<Output = Result<CreatedToken, ApiError>> + use<> {
    let asked = request();
    let new = wanted(values);
    async move {
        let asked = asked?;
        let created = control::tokens::create_token(&asked.control, &asked.actor, new).await;
        asked.answer(created)
    }
}

/// What the form asks for. A number that is none asks for no days, which is refused by name.
fn wanted(values: &Query) -> NewToken {
    let chosen = |scope: &Scope| values.has(&format!("scope_{scope}"));
    NewToken {
        name: values.get(NAME).unwrap_or_default().to_owned(),
        scopes: Scope::ALL.into_iter().filter(chosen).collect::<BTreeSet<_>>(),
        lifetime_days: values.get(LIFETIME).and_then(|days| days.trim().parse().ok()).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_asks_for_what_was_ticked() {
        let new = wanted(&Query::parse("name=ci&scope_read=on&scope_plan=on&lifetime_days=30"));
        assert_eq!(new.scopes, BTreeSet::from([Scope::Read, Scope::Plan]));
        assert_eq!((new.name.as_str(), new.lifetime_days), ("ci", 30));
        assert_eq!(wanted(&Query::parse("lifetime_days=soon")).lifetime_days, 0);
    }
}
