//! Every route, and the layers around them from the outside in:
//! request id, headers, trace, words for what failed or was refused without any, limits, CSRF, session, gate.

use std::{path::Path, time::Duration};

use app::{
    App,
    form_post::{self, FORMS},
    import_form::submit,
    shell,
    token_form::{self, NEW_TOKEN},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, StatusCode, header},
    middleware,
    routing::post,
};
use leptos_axum::{LeptosRoutes as _, file_and_error_handler_with_context, generate_route_list};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    compression::CompressionLayer,
    csrf::CsrfLayer,
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time::Duration as CookieDuration},
};

use crate::{
    AppState,
    auth::{self, HashedSessions},
    failures, headers, kiosk, own, pages, rest,
};

/// Terraform text of an import, at most, with the form's own bytes.
const LARGEST_FORM: usize = 4 * 1024 * 1024;
/// Until an answer begins: longer than any use-case. The live stream begins at once, and how long it goes on is not counted.
const SLOWEST: Duration = Duration::from_secs(30);
/// Of what is made for one reader. From the fourth on, which is the ordinary one, brotli also parts its input into stretches with codes
/// of their own: much of its time, for a few hundredths of what a page weighs.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(3);

pub fn router(state: AppState) -> Router {
    let sessions = SessionManagerLayer::new(HashedSessions::new(
        state.control.store.clone(),
        state.config.sign_in.lifetime(),
    ))
    .with_name("__Host-agent-manager")
    .with_secure(true)
    .with_http_only(true)
    .with_same_site(SameSite::Lax)
    .with_path("/")
    .with_expiry(Expiry::OnInactivity(CookieDuration::hours(i64::from(state.config.sign_in.session_hours))));

    let context = {
        let control = state.control.clone();
        move || pages::provide(&control)
    };
    let leptos = state.leptos.clone();
    let faces = Router::new()
        .leptos_routes_with_context(&state, generate_route_list(App), context.clone(), {
            let leptos = leptos.clone();
            move || shell(leptos.clone())
        })
        // The import form answers with its own page, with and without scripts.
        .route(
            "/import",
            post({
                let (leptos, context) = (leptos.clone(), context.clone());
                move |request: Request| submit(leptos, context, request)
            }),
        )
        // So does this one: its answer is the one page that shows the secret.
        .route(
            NEW_TOKEN,
            post({
                let (leptos, context) = (leptos.clone(), context.clone());
                move |request: Request| token_form::submit(leptos, context, request)
            }),
        );
    // So do all others.
    let faces = FORMS.iter().fold(faces, |faces, form| {
        let (form, leptos, context) = (*form, leptos.clone(), context.clone());
        faces
            .route(form.path, post(move |request: Request| form_post::answer(form, leptos, context, request)))
    });
    let faces = faces
        .fallback(file_and_error_handler_with_context::<AppState, _>(context, shell))
        .layer(middleware::from_fn_with_state(state.clone(), pages::render_whole))
        .layer(middleware::from_fn(kiosk::keep))
        .layer(DefaultBodyLimit::max(LARGEST_FORM));

    faces
        .merge(auth::router())
        .merge(rest::audit_export::router())
        .merge(rest::costs::router())
        .merge(rest::metrics::router())
        .merge(rest::docs::router())
        .merge(rest::live::router())
        .layer(middleware::from_fn_with_state(state.clone(), auth::require_person))
        .layer(sessions)
        .layer(middleware::from_fn(headers::secure_host_cookies))
        .layer(CsrfLayer::new())
        // Programs show a token and are never asked for a cookie.
        .merge(rest::v1::router(&state))
        // Around those who recognise the asker: a database that takes questions and answers none must not hold them up for ever.
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, SLOWEST))
        // Agents and probes have no session and no cookies; a busy database must not slow them down.
        .merge(rest::agents::router())
        .merge(rest::probes::router())
        .layer(middleware::from_fn(failures::tell))
        .layer(CompressionLayer::new().quality(COMPRESSION))
        // A release compresses these once, when it is built; compressing wasm for each visitor takes seconds.
        .merge(files(&state.config.http.site_root))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(middleware::from_fn(headers::secure))
        .layer(middleware::from_fn(headers::identify))
        .with_state(state)
}

/// As they were built, for everybody. The page for what does not exist would answer in the place of one that has no route.
fn files(site_root: &Path) -> Router<AppState> {
    let unchanging =
        SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let packed = ServeDir::new(site_root.join("pkg")).precompressed_br().precompressed_gzip();
    let favicon = ServeFile::new(site_root.join("favicon.svg"));
    Router::new()
        .nest_service(own::FILES, ServiceBuilder::new().layer(unchanging.clone()).service(packed))
        .route_service(own::FAVICON, ServiceBuilder::new().layer(unchanging).service(favicon))
        .layer(middleware::from_fn(failures::tell))
}

fn span<B>(request: &http::Request<B>) -> tracing::Span {
    let id = request.extensions().get::<headers::RequestId>().map_or("", |id| id.0.as_str());
    // The path alone: a query may hold what somebody typed.
    tracing::info_span!("request", request_id = id, method = %request.method(), path = request.uri().path())
}
