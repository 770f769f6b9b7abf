//! How a page is served: rendered whole in a task of its own, so that a browser that leaves early
//! does not stop the rendering half-way (leptos 0.8 would then keep the page's reactive owner for ever).

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use control::Control;
use domain::Actor;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use tokio_util::task::TaskTracker;

use crate::headers::{RequestId, content_security_policy};

/// More than any page of ours; a page that grew past it is a fault.
const LARGEST_PAGE: usize = 16 * 1024 * 1024;

pub async fn render_whole(State(control): State<Control>, request: Request, next: Next) -> Response {
    let tasks = control.tasks.clone();
    let page = async move {
        let request = placed(&control, request).await;
        next.run(request).await
    };
    to_its_end(&tasks, page).await
}

/// Empty where it came to none: `failures::tell` says so to whoever asked.
pub(crate) async fn to_its_end(
    tasks: &TaskTracker,
    page: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let rendering = tasks.spawn(async move {
        let (parts, body) = page.await.into_parts();
        let bytes = to_bytes(body, LARGEST_PAGE).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(Response::from_parts(parts, Body::from(bytes)))
    });
    match rendering.await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::error!(error, "a page could not be rendered to its end");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(error) => {
            tracing::error!(%error, "rendering a page stopped");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// With the environment of the instance or the change that it names.
async fn placed(control: &Control, mut request: Request) -> Request {
    let Some(actor) = request.extensions().get::<Actor>().cloned() else { return request };
    let path = request.uri().path().to_owned();
    if let Some(environment) = app::environment_of(control, &actor, &path).await {
        request.extensions_mut().insert(app::OfEnvironment(environment));
    }
    request
}

/// What pages and server functions find in their context: the use-cases, who asks, and by which request.
pub fn provide(control: &Control) {
    provide_context(control.clone());
    if let Some(parts) = use_context::<Parts>() {
        if let Some(actor) = parts.extensions.get::<Actor>() {
            provide_context(actor.clone());
        }
        if let Some(session) = parts.extensions.get::<app::CurrentSession>() {
            provide_context(session.clone());
        }
        if let Some(place) = parts.extensions.get::<app::OfEnvironment>() {
            provide_context(place.clone());
        }
        if let Some(RequestId(id)) = parts.extensions.get::<RequestId>() {
            provide_context(app::RequestId(id.clone()));
        }
    }
    if let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>())
        && let Ok(policy) = HeaderValue::from_str(&content_security_policy(&nonce))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        // A plan is the answer to a form: Back shows it again instead of asking to send the form anew.
        let posted = use_context::<Parts>().is_some_and(|parts| parts.method == Method::POST);
        let cache = if posted { "private, no-cache" } else { "no-store" };
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    }
}
