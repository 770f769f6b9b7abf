//! One stream a tab: what changed in an environment, resumed by Last-Event-ID.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event as Frame, KeepAlive, Sse},
    },
};
use control::{
    Control,
    error::authorize,
    live::{Backlog, Event, News},
};
use domain::{Actor, Permission};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use tower_sessions::{Session, SessionStore as _};

use crate::{AppState, auth::HashedSessions, headers::RequestId, own::Routes, problem::Problem};

/// How long a stream outlives its session at most.
const SESSION_CHECK: Duration = Duration::from_secs(5);

pub fn router() -> Router<AppState> {
    Routes::default().on("/live", live).router()
}

#[derive(Debug, Deserialize)]
struct Watch {
    environment: String,
}

async fn live(
    State(control): State<Control>,
    Extension(actor): Extension<Actor>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    session: Session,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
) -> Response {
    if let Err(error) = authorize(&actor, Permission::ReadFleet) {
        return Problem::from_error(&error, &request_id).into_response();
    }
    let last_seen =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let ended = session_ended(control.clone(), session);
    let frames = frames(&control, watch.environment, last_seen)
        .take_until(control.stop.clone().cancelled_owned())
        .take_until(ended);
    let keep_alive =
        KeepAlive::new().interval(Duration::from_secs(5)).event(Frame::default().event("tick").data("{}"));
    let mut response = Sse::new(frames).keep_alive(keep_alive).into_response();
    // Proxies that buffer would hold the news back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Who signed out sees no more, also in a tab that stayed open. While the database is away nobody's session has ended.
async fn session_ended(control: Control, session: Session) {
    let Some(id) = session.id() else { return };
    let sessions = HashedSessions::new(control.store);
    loop {
        sleep(SESSION_CHECK).await;
        if let Ok(None) = sessions.load(&id).await {
            return;
        }
    }
}

fn frames(
    control: &Control,
    environment: String,
    last_seen: Option<control::live::EventId>,
) -> impl Stream<Item = Result<Frame, Infallible>> + use<> {
    let (backlog, news) = control.live.subscribe(last_seen);
    let first = match backlog {
        Backlog::Events(events) => events.iter().filter_map(|event| frame(event, &environment)).collect(),
        Backlog::Gap(head) => vec![Frame::default().id(head.to_string()).event("reload").data("{}")],
    };
    let rest = BroadcastStream::new(news).filter_map(move |received| {
        let frame = match received {
            Ok(event) => frame(&event, &environment),
            // A tab that reads too slowly loads again instead of missing something.
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(Frame::default().event("reload").data("{}")),
        };
        std::future::ready(frame)
    });
    stream::iter(std::iter::once(Frame::default().event("hello").data("{}")).chain(first)).chain(rest).map(Ok)
}

fn frame(event: &Arc<Event>, environment: &str) -> Option<Frame> {
    // A change's page may be open in a tab that shows another environment, so changes go to all.
    let (name, data) = match &event.news {
        News::Instances(deltas) if event.environment == environment => ("instances", json!(deltas)),
        News::Pools if event.environment == environment => {
            ("pools", json!({ "environment": event.environment }))
        }
        News::Change(id) => ("change", json!({ "environment": event.environment, "id": id })),
        // An incident of the control plane itself concerns every tab, and the list of alerts shows all environments.
        News::Health => ("health", json!({ "environment": event.environment })),
        News::Instances(_) | News::Pools => return None,
    };
    Some(Frame::default().id(event.id.to_string()).event(name).data(data.to_string()))
}
