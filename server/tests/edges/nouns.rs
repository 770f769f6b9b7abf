//! Costs, alerts, rollouts and autoscaling as programs read them: their shape, and what is refused.

use control::costs;
use domain::{
    Actor, ObservedFleet, Role,
    alert::{AlertKind, AlertState, Judgement},
    incident::Cause,
    token::Scope,
};
use reqwest::StatusCode;
use rest_api::{AlertList, Autoscaling, Costs, PoolRollout};
use sqlx::PgPool;
use store::NewIncident;

use crate::{app::TestApp, large_fleet::run, rest::problem, verdicts::olga};

const POOL: &str = "/api/v1/environments/dev/pools/backend-pool";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_pool_is_sized_by_and_rolls_is_read_before_it_was_seen(pool: PgPool) {
    let app = TestApp::start(pool).await;
    run(&app, &[]).await;
    let token = app.token("vera", &[Role::Viewer], &[Scope::Read]).await;
    let rollout: PoolRollout = app.read(&token, &format!("{POOL}/rollout")).await.json().await.unwrap();
    assert_eq!((rollout.environment.as_str(), rollout.pool.as_str()), ("dev", "backend-pool"));
    assert_eq!(rollout.rollout, None, "nothing was seen yet");

    let scaled: Autoscaling = app.read(&token, &format!("{POOL}/autoscaling")).await.json().await.unwrap();
    let declared = scaled.declared.unwrap();
    assert_eq!((declared.min_replicas, declared.max_replicas), (1, 5));
    assert_eq!((scaled.observed, scaled.recommended_size, scaled.window), (None, None, 3600));
    assert!(scaled.samples.is_empty(), "{:?}", scaled.samples);
    let least = scaled.monthly_at_minimum.unwrap();
    assert!(least.unknown.is_empty() && least.known_usd.parse::<f64>().unwrap() > 0.0, "{least:?}");
    let day: Autoscaling =
        app.read(&token, &format!("{POOL}/autoscaling?window=86400")).await.json().await.unwrap();
    assert_eq!(day.window, 86_400);

    for window in ["5", "long"] {
        let wrong = app.read(&token, &format!("{POOL}/autoscaling?window={window}")).await;
        let refused = problem(wrong, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
        assert_eq!(refused.errors[0].field, "window");
    }
    for path in ["pools/none/rollout", "pools/none/autoscaling"] {
        let nowhere = app.read(&token, &format!("/api/v1/environments/dev/{path}")).await;
        let refused = problem(nowhere, StatusCode::NOT_FOUND, "not_found").await;
        assert!(refused.detail.contains("pool none in dev"), "{}", refused.detail);
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_months_costs_are_read_with_the_budget(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Admin], &[Scope::Read]).await;
    run(&app, &[]).await;
    let of_dev = "/api/v1/environments/dev/costs";
    let unseen: Costs = app.read(&token, of_dev).await.json().await.unwrap();
    assert_eq!((unseen.as_of, unseen.forecast_usd, unseen.days.len()), (None, None, 0));

    let control = app.control();
    let now = control.clock.now();
    let mut tx = control.store.begin().await.unwrap();
    tx.set_observed("dev", &ObservedFleet::default(), now, 1).await.unwrap();
    tx.commit().await.unwrap();
    let admin = Actor { roles: [Role::Admin].into(), ..olga() };
    costs::set_budget(control, &admin, "dev", 0, "1500.50").await.unwrap();
    let costs: Costs = app.read(&token, of_dev).await.json().await.unwrap();
    let today = now.date_naive().to_string();
    assert_eq!((costs.environment.as_str(), costs.month.as_str()), ("dev", &today[..7]));
    assert_eq!((costs.total.total_usd.as_str(), costs.total.vm_seconds), ("0", 0), "nothing ran");
    assert_eq!(costs.days.last().unwrap().day, today);
    assert_eq!(costs.forecast_usd.as_deref(), Some("0"));
    assert!(costs.pools.is_empty() && !costs.price_book.is_empty());
    let budget = costs.budget.unwrap();
    assert_eq!((budget.monthly_usd.as_str(), budget.spent_usd.as_str()), ("1500.5", "0"));
    let past: Costs = app.read(&token, &format!("{of_dev}?month=2024-02")).await.json().await.unwrap();
    assert_eq!((past.month.as_str(), past.days.len(), past.forecast_usd), ("2024-02", 29, None));

    for month in ["2026", "2026-13", "2026-11-22"] {
        let wrong = app.read(&token, &format!("{of_dev}?month={month}")).await;
        let refused = problem(wrong, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
        assert_eq!(refused.errors[0].field, "month", "{month}");
    }
    let nowhere = app.read(&token, "/api/v1/environments/none/costs").await;
    problem(nowhere, StatusCode::NOT_FOUND, "not_found").await;
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn alerts_are_read_with_the_incidents(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let control = app.control();
    let now = control.clock.now();
    let judged = Judgement {
        kind: AlertKind::MissedHeartbeats,
        state: AlertState::Firing,
        value: "6 of 40 agents are silent".to_owned(),
        limit: "above 10 %".to_owned(),
    };
    let cause = Cause::Alert(AlertKind::MissedHeartbeats);
    let new = NewIncident {
        environment: None,
        cause: &cause,
        title: "Heartbeats are missed",
        why: "6 of 40",
        at: now,
    };
    let mut tx = control.store.begin().await.unwrap();
    tx.set_alert(&judged, now).await.unwrap();
    let id = tx.open_incident(&new).await.unwrap().unwrap();
    tx.commit().await.unwrap();

    let token = app.token("vera", &[Role::Viewer], &[Scope::Read]).await;
    let list: AlertList = app.read(&token, "/api/v1/alerts").await.json().await.unwrap();
    let [alert] = &list.alerts[..] else { panic!("{:?}", list.alerts) };
    assert_eq!((alert.kind, alert.state), (judged.kind, AlertState::Firing));
    assert_eq!((alert.value.as_str(), alert.title.as_str()), (judged.value.as_str(), judged.kind.title()));
    let [incident] = &list.open_incidents[..] else { panic!("{:?}", list.open_incidents) };
    assert_eq!(
        (incident.id.clone(), incident.cause.as_str()),
        (format!("inc-{id}"), "alert/missed_heartbeats")
    );
    assert_eq!((incident.environment.clone(), incident.closed_at, incident.holds_now), (None, None, false));
    assert!(list.closed_incidents.is_empty(), "{:?}", list.closed_incidents);

    let blind = app.token("olga", &[Role::Operator], &[Scope::Propose]).await;
    problem(app.read(&blind, "/api/v1/alerts").await, StatusCode::FORBIDDEN, "forbidden").await;
    app.stop().await;
}
