//! One stream a tab: what changed in an environment, resumed by Last-Event-ID; and the rows of those instances alone that the tab
//! shows, for a fleet of ten thousand has a thousand heartbeats a second.

mod streams;

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::CurrentSession;
use axum::{
    Extension, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event as Frame, KeepAlive, Sse},
    },
};
use control::{
    Control,
    error::{Error, authorize},
    live::{Backlog, Event, EventId, Key, Live, News},
};
use domain::{Actor, Permission, name::is_rfc1035, view::instance::PAGE_ROWS};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use tower_sessions::{Session, SessionStore as _};

pub use self::streams::Streams;
use crate::{AppState, auth::HashedSessions, headers::RequestId, own::Routes, problem::Problem};

/// How long a stream outlives its session at most.
const SESSION_CHECK: Duration = Duration::from_secs(5);

/// A heartbeat reaches the pages that show its instance within this.
const ROWS_EVERY: Duration = Duration::from_millis(250);

pub fn router() -> Router<AppState> {
    Routes::default().on("/live", live).router()
}

#[derive(Debug, Deserialize)]
struct Watch {
    environment: String,
    /// Names of the instances that the page shows, parted by commas.
    #[serde(default)]
    rows: String,
    /// The last event of the stream before this one, where the tab shows other rows now. Who reconnects says it by Last-Event-ID.
    #[serde(default)]
    after: String,
}

impl Watch {
    fn names(&self) -> Result<Vec<String>, Error> {
        // One more than may be: how many more there are is all the same.
        let names = self.rows.split(',').filter(|name| !name.is_empty()).take(PAGE_ROWS + 1);
        let names: Vec<String> = names.map(str::to_owned).collect();
        if names.len() > PAGE_ROWS || !names.iter().all(|name| is_rfc1035(name)) {
            let told = format!("name at most {PAGE_ROWS} instances, parted by commas");
            return Err(Error::invalid("rows", told));
        }
        Ok(names)
    }

    fn after(&self) -> Result<Option<EventId>, Error> {
        let after = Some(self.after.as_str()).filter(|after| !after.is_empty());
        let told = |()| Error::invalid("after", "send the id of an event as the stream told it");
        after.map(str::parse::<EventId>).transpose().map_err(told)
    }
}

async fn live(
    State(AppState { control, streams, config, .. }): State<AppState>,
    Extension(actor): Extension<Actor>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(CurrentSession(own)): Extension<CurrentSession>,
    session: Session,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
) -> Response {
    let asked = authorize(&actor, Permission::ReadFleet).and_then(|()| Ok((watch.names()?, watch.after()?)));
    let (names, after) = match asked {
        Ok(asked) => asked,
        Err(error) => return Problem::from_error(&error, &request_id).into_response(),
    };
    let Some(place) = streams.take(&own) else {
        let told = format!("this session has {} live streams open already: close a tab", streams::MOST);
        return Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", told, &request_id)
            .into_response();
    };
    let resumed = headers.get("last-event-id").filter(|id| !id.is_empty());
    let resumed = resumed.map(|id| id.to_str().map_err(drop).and_then(str::parse::<EventId>));
    let last_seen = resumed.or(after.map(Ok));
    let sessions = HashedSessions::new(control.store.clone(), config.sign_in.lifetime());
    let watched = session_ended(sessions, session);
    let ended = async move {
        // The stream's own, and gone with it, however it ends.
        let _place = place;
        watched.await;
    };
    let frames = frames(&control, watch.environment, names, last_seen)
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
async fn session_ended(sessions: HashedSessions, session: Session) {
    let Some(id) = session.id() else { return };
    loop {
        sleep(SESSION_CHECK).await;
        if let Ok(None) = sessions.load(&id).await {
            return;
        }
    }
}

/// `last_seen`: the last event that was heard; an error where nobody knows any more which one that was.
fn frames(
    control: &Control,
    environment: String,
    names: Vec<String>,
    last_seen: Option<Result<EventId, ()>>,
) -> impl Stream<Item = Result<Frame, Infallible>> + use<> {
    let (backlog, news) = control.live.subscribe(last_seen.and_then(Result::ok));
    let hello = Frame::default().event("hello").data("{}");
    let (first, missed) = match backlog {
        Backlog::Begin(head) if last_seen.is_none() => (vec![hello.id(head.to_string())], Vec::new()),
        Backlog::Events(events) => (vec![hello], events),
        Backlog::Begin(head) | Backlog::Gap(head) => {
            let reload = Frame::default().id(head.to_string()).event("reload").data("{}");
            (vec![hello, reload], Vec::new())
        }
    };
    // Spelled out when they are sent: after a broken connection all tabs come at once, and each may have missed much.
    let own = environment.clone();
    let missed = missed.into_iter().filter_map(move |event| frame(&event, &own));
    let keys = names.into_iter().map(|name| (environment.clone(), name)).collect();
    let rows = rows(control.live.clone(), keys);
    let rest = BroadcastStream::new(news).filter_map(move |received| {
        let frame = match received {
            Ok(event) => frame(&event, &environment),
            // A tab that reads too slowly loads again instead of missing something.
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(Frame::default().event("reload").data("{}")),
        };
        std::future::ready(frame)
    });
    stream::iter(first.into_iter().chain(missed)).chain(stream::select(rest, rows)).map(Ok)
}

/// The rows as they are now, and then those that changed. They have no ids: whoever comes again gets all of them.
fn rows(live: Live, keys: Vec<Key>) -> impl Stream<Item = Frame> {
    let mut ticks = interval(ROWS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looks = stream::unfold((live, keys, ticks, 0), |(live, keys, mut ticks, after)| async move {
        // A page that shows none has nobody look for any.
        if keys.is_empty() {
            return None;
        }
        ticks.tick().await;
        let (rows, last) = live.changed_rows(&keys, after);
        let frame = || Frame::default().event("rows").data(json!(rows).to_string());
        Some(((!rows.is_empty()).then(frame), (live, keys, ticks, last)))
    });
    looks.filter_map(std::future::ready)
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
