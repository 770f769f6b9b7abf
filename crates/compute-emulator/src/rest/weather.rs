//! Bad weather before the API: calls that are refused or delayed because a fault is switched on.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    extract::{OriginalUri, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{app::App, error::Error, fault::Fault};

/// How much of a refusal each fault owes, by its number: a rate of 0.25 refuses each fourth call.
pub(crate) type Debts = BTreeMap<u64, f64>;

pub(crate) async fn endure(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let (delay, refusal) = look(&app, request.method().as_str(), uri.path());
    if !delay.is_zero() {
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(delay) => {}
        }
    }
    match refusal {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    }
}

fn look(app: &App, method: &str, path: &str) -> (Duration, Option<Error>) {
    let world = app.world();
    if world.faults.is_empty() {
        return (Duration::ZERO, None);
    }
    let mut debts = app.debts();
    let (mut delay, mut refusal) = (Duration::ZERO, None);
    for (id, active) in &world.faults {
        match &active.fault {
            Fault::Latency { milliseconds, calls } if calls.hit(method, path) => {
                delay += Duration::from_millis(*milliseconds);
            }
            Fault::Http { status, rate, calls, canonical } if calls.hit(method, path) => {
                let debt = debts.entry(*id).or_default();
                *debt += rate;
                if *debt >= 1.0 {
                    *debt -= 1.0;
                    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                    refusal.get_or_insert_with(|| Error::switched(status, *canonical));
                }
            }
            _ => {}
        }
    }
    (delay, refusal)
}
