//! How the control plane stands: kept for a moment, looked at anew when something moved, told when it is another.

use std::time::Duration;

use control::{live::News, standing};
use domain::view::diagnosis::HealthStatus;
use sqlx::PgPool;

use crate::fixture::Fixture;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn it_is_kept_until_something_moves_and_told_when_it_is_another(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let (_, mut told) = control.live.subscribe(None);
    let unled = standing::of(control).await;
    let worst = (unled.status, unled.part.as_str(), unled.cause.as_str());
    assert_eq!(worst, (HealthStatus::Fail, "Leader", "NobodyLeads"));
    let lease = Duration::from_secs(60);
    assert!(control.store.try_acquire_leadership("a", lease).await.unwrap().is_some());
    assert_eq!(standing::of(control).await, unled, "somebody has just looked");
    assert!(told.try_recv().is_err());

    control.standing.forget();
    let led = standing::of(control).await;
    assert_ne!(led.part, "Leader");
    assert!(matches!(told.try_recv().unwrap().news, News::Health), "who asked before shows the other one");
    control.standing.forget();
    assert_eq!(standing::of(control).await, led);
    assert!(told.try_recv().is_err(), "it is the same");
}
