//! `/api/v1` over real HTTP: by token alone, honest about methods and types, once for each key.

use domain::{
    Role,
    command::{Acknowledgement, CommandState, Outcome},
    heartbeat::{Heartbeat, HeartbeatMetrics, HeartbeatStatus},
    instance::{CurrentAction, Instance, InstanceStatus},
    token::Scope,
};
use reqwest::{Response, StatusCode, header};
use rest_api::Problem;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{Cookies, TestApp};

pub(crate) const ALL: &[Scope] = &Scope::ALL;

pub(crate) async fn problem(answer: Response, status: StatusCode, code: &str) -> Problem {
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "{answer:?}");
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.status(), status);
    let problem: Problem = answer.json().await.unwrap();
    assert_eq!(
        (problem.code.as_str(), problem.status, problem.request_id == id),
        (code, status.as_u16(), true)
    );
    assert_eq!(problem.r#type, format!("/docs/errors.md#:~:text={code}"));
    problem
}

pub(crate) fn texts() -> Value {
    let text = include_str!("../../../examples/basic.tf");
    json!({
        "files": [{ "name": "main.tf", "text": text }],
        "references": {
            "module.networking.vpc_id": "global/networks/genesis",
            "module.networking.subnet_id": "regions/us-central1/subnetworks/genesis",
        },
    })
}

impl TestApp {
    pub(crate) async fn post(
        &self,
        token: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.url)).bearer_auth(token).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn read(&self, token: &str, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_lets_in_and_nothing_else_does(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let bare = app.get("/api/v1/me").await;
    assert!(bare.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
    problem(bare, StatusCode::UNAUTHORIZED, "unauthorized").await;
    problem(app.read("am_nonsense", "/api/v1/me").await, StatusCode::UNAUTHORIZED, "token_invalid").await;
    let cookies = app.sign_in("mara").await;
    problem(app.page("/api/v1/me", &cookies).await, StatusCode::UNAUTHORIZED, "unauthorized").await;

    let token = app.token("olga", &[Role::Operator], &[Scope::Read]).await;
    let me: rest_api::Me = app.read(&token, "/api/v1/me").await.json().await.unwrap();
    assert_eq!((me.id.as_str(), me.roles, me.scopes), ("olga", vec![Role::Operator], vec![Scope::Read]));
    // A token opens no page.
    let page =
        app.http.get(format!("{}/live?environment=dev", app.url)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(app.page("/pools", &Cookies::default()).await.status(), StatusCode::SEE_OTHER);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn methods_types_and_sizes_are_told_honestly(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    let wrong = app.http.delete(format!("{}/api/v1/me", app.url)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(wrong.headers()[header::ALLOW], "GET,HEAD");
    problem(wrong, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").await;
    problem(app.read(&token, "/api/v1/nowhere").await, StatusCode::NOT_FOUND, "not_found").await;
    let html = app
        .http
        .get(format!("{}/api/v1/me", app.url))
        .bearer_auth(&token)
        .header(header::ACCEPT, "text/html");
    problem(html.send().await.unwrap(), StatusCode::NOT_ACCEPTABLE, "not_acceptable").await;
    let form = app.http.post(format!("{}/api/v1/plan", app.url)).bearer_auth(&token).body("a=b");
    problem(form.send().await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type").await;
    let unknown = app.post(&token, "/api/v1/plan", &json!({ "files": [], "colour": 1 }), &[]).await;
    let refused = problem(unknown, StatusCode::BAD_REQUEST, "malformed").await;
    assert!(refused.detail.contains("colour"), "{}", refused.detail);
    let large = json!({ "files": [{ "name": "main.tf", "text": "x".repeat(5 << 20) }] });
    let large = app.post(&token, "/api/v1/plan", &large, &[]).await;
    problem(large, StatusCode::PAYLOAD_TOO_LARGE, "body_too_large").await;
    for path in ["/api/v1/changes?state=odd", "/api/v1/changes?cursor=1", "/api/v1/changes/7"] {
        problem(app.read(&token, path).await, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
    }
    problem(app.read(&token, "/api/v1/changes/chg-7").await, StatusCode::NOT_FOUND, "not_found").await;
    problem(app.read(&token, "/api/v1/environments/x").await, StatusCode::NOT_FOUND, "not_found").await;
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refusal_s_type_leads_to_where_its_code_is_explained(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let path = "/api/v1/environments/dev/pools";
    let refused = problem(app.get(path).await, StatusCode::UNAUTHORIZED, "unauthorized").await;
    // As a client resolves it: against what was asked for.
    let asked = reqwest::Url::parse(&format!("{}{path}", app.url)).unwrap();
    let meaning = asked.join(&refused.r#type).unwrap();
    assert_eq!(meaning.fragment(), Some(":~:text=unauthorized"));
    let vera = app.sign_in("vera").await;
    let explained = app.page(meaning.path(), &vera).await;
    assert_eq!(explained.status(), StatusCode::OK);
    assert!(explained.text().await.unwrap().contains("### unauthorized"));
    app.stop().await;
}

/// Overlooked, it would list everything.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_misspelt_name_of_a_query_is_refused_but_by_pages(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    let vera = app.sign_in("vera").await;
    for (path, known) in [
        ("/api/v1/changes", "environment, state, cursor"),
        ("/api/v1/audit-events", "environment, change, cursor"),
        ("/api/v1/environments", "none"),
        ("/api/v1/environments/dev/pools", "none"),
        ("/api/v1/environments/dev/instances", "pool, name, cursor"),
        ("/api/v1/environments/dev/costs", "month"),
        ("/api/v1/environments/dev/pools/web/autoscaling", "window"),
        ("/api/v1/alerts", "none"),
        ("/audit.jsonl", "environment, actor, action, object, change, from, until, before, after"),
        ("/costs.csv", "environment, month"),
        ("/live", "environment, rows, after"),
    ] {
        let address = format!("{path}?enviroment=dev");
        let answer = match path.starts_with("/api/") {
            true => app.read(&token, &address).await,
            false => app.page(&address, &vera).await,
        };
        let refused = problem(answer, StatusCode::BAD_REQUEST, "unknown_parameter").await;
        assert_eq!(refused.errors[0].field, "enviroment", "{path}");
        let told = format!("`enviroment` is no parameter of this address: it takes {known}");
        assert_eq!(refused.detail, told, "{path}");
    }
    let page = app.page("/changes?enviroment=dev&utm_source=mail", &vera).await;
    assert_eq!(page.status(), StatusCode::OK, "a link may carry more than a page reads");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_fleet_is_planned_proposed_once_and_read_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    let planned: rest_api::PlanAnswer =
        app.post(&token, "/api/v1/plan", &texts(), &[]).await.json().await.unwrap();
    let plan = planned.plan.unwrap();
    assert!(plan.violations.is_empty() && plan.text.contains("instance group"), "{}", plan.text);
    let impact = &plan.impact;
    assert_eq!(
        (impact.monthly_usd_before.as_deref(), impact.capacity.len()),
        (Some("0"), 0),
        "nothing is there"
    );
    assert!(impact.monthly_usd_after.is_some(), "{impact:?}");
    assert!(impact.traffic_gained.iter().any(|gain| gain.direction == "INGRESS"), "{impact:?}");

    let mut body = texts();
    body["digest"] = json!(planned.digest.unwrap());
    body["reason"] = json!("by a program");
    let key = [("idempotency-key", "k-1")];
    let first = app.post(&token, "/api/v1/changes", &body, &key).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let first: Value = first.json().await.unwrap();
    let again = app.post(&token, "/api/v1/changes", &body, &key).await;
    assert_eq!(
        (again.status(), &again.headers()["idempotency-replayed"]),
        (StatusCode::CREATED, &"true".parse().unwrap())
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let other = app.post(&token, "/api/v1/changes", &texts(), &key).await;
    problem(other, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused").await;

    let list: rest_api::ChangeList = app.read(&token, "/api/v1/changes").await.json().await.unwrap();
    assert_eq!((list.changes.len(), list.next), (1, None));
    let id = first["id"].as_str().unwrap();
    let change: rest_api::Change =
        app.read(&token, &format!("/api/v1/changes/{id}")).await.json().await.unwrap();
    assert_eq!((change.reason.as_str(), change.proposed_by_name.as_str()), ("by a program", "olga"));
    let declared = change.differences.unwrap();
    let environment = declared.fields.iter().find(|field| field.attribute == "environment.environment");
    let values = environment.map(|field| (field.before.as_deref(), field.after.as_deref()));
    assert_eq!((declared.first, values), (true, Some((None, Some("dev")))), "{declared:?}");
    let log: rest_api::AuditEventList =
        app.read(&token, &format!("/api/v1/audit-events?change={id}")).await.json().await.unwrap();
    assert!(log.audit_events.iter().any(|event| event.action == "propose_change"), "{log:?}");

    // Nothing applies it here, so that the environment has no generation yet.
    let stale = app.post(&token, "/api/v1/changes", &texts(), &[("if-match", "\"7\"")]).await;
    let refused = problem(stale, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    assert!(refused.detail.contains("generation 0, not 7"), "{}", refused.detail);
    let cancelled = app.post(&token, &format!("/api/v1/changes/{id}/cancel"), &json!({}), &[]).await;
    assert_eq!(
        cancelled.json::<rest_api::Proposed>().await.unwrap().state,
        Some(domain::ChangeState::Cancelled)
    );
    let again = app.post(&token, &format!("/api/v1/changes/{id}/cancel"), &json!({}), &[]).await;
    problem(again, StatusCode::CONFLICT, "conflict").await;
    app.stop().await;
}

/// A VM of development whose agent has not spoken yet.
pub(crate) fn instance(name: &str) -> Instance {
    Instance {
        name: name.to_owned(),
        id: Some("7".to_owned()),
        zone: "us-central1-a".to_owned(),
        group: "web".to_owned(),
        status: InstanceStatus::Running,
        current_action: CurrentAction::None,
        template: None,
        address: None,
        created_at: None,
        probe: None,
        last_error: None,
    }
}

pub(crate) fn heartbeat(sequence: u64) -> Heartbeat {
    Heartbeat {
        boot_id: "b".to_owned(),
        sequence,
        uptime_seconds: 1,
        version: "0.1.0".to_owned(),
        status: HeartbeatStatus::Healthy,
        agent_type: "backend-developer".to_owned(),
        environment: "dev".to_owned(),
        metrics: HeartbeatMetrics {
            tasks_completed_total: 0,
            cpu_utilization_percent: 1.0,
            memory_usage_bytes: 1,
            disk_usage_percent: 1.0,
        },
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agent_is_asked_once_and_what_it_said_is_read_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let control = app.control();
    let now = || control.clock.now();
    control.live.sync("dev", vec![("web".to_owned(), instance("web-1"))], now());
    let operator = app.token("olga", &[Role::Operator], ALL).await;
    let of = |name: &str, verb: &str| format!("/api/v1/instances/us-central1-a/{name}/agent/{verb}");
    let ask = async |token: &str, verb: &str| app.post(token, &of("web-1", verb), &json!({}), &[]).await;

    let mute = problem(ask(&operator, "stop").await, StatusCode::CONFLICT, "conflict").await;
    assert!(mute.detail.contains("has never spoken"), "{}", mute.detail);
    control.live.beat("dev", "web-1", "7", heartbeat(1), now()).unwrap();
    let viewer = app.token("vera", &[Role::Viewer], ALL).await;
    let reader = app.token("omar", &[Role::Operator], &[Scope::Read, Scope::Propose]).await;
    for (token, verb) in [(&viewer, "start"), (&viewer, "stop"), (&viewer, "restart"), (&reader, "restart")] {
        problem(ask(token, verb).await, StatusCode::FORBIDDEN, "forbidden").await;
    }
    let runs = problem(ask(&operator, "start").await, StatusCode::CONFLICT, "conflict").await;
    assert!(runs.detail.contains("it runs already"), "{}", runs.detail);
    let nowhere = app.post(&operator, &of("web-2", "stop"), &json!({}), &[]).await;
    problem(nowhere, StatusCode::NOT_FOUND, "not_found").await;

    // Who may only command learns the command's name, and reads no more.
    let blind = app.token("otto", &[Role::Operator], &[Scope::Operate]).await;
    let key = [("idempotency-key", "k-1")];
    let asked = app.post(&blind, &of("web-1", "stop"), &json!({}), &key).await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let asked: Value = asked.json().await.unwrap();
    assert_eq!(asked, json!({ "id": "cmd-1", "command": "stop", "state": "pending" }));
    let again = app.post(&blind, &of("web-1", "stop"), &json!({}), &key).await;
    assert_eq!(
        (again.status(), &again.headers()["idempotency-replayed"]),
        (StatusCode::ACCEPTED, &"true".parse().unwrap())
    );
    problem(ask(&blind, "stop").await, StatusCode::CONFLICT, "conflict").await;
    problem(app.read(&blind, &of("web-1", "commands")).await, StatusCode::FORBIDDEN, "forbidden").await;

    let commands = async || -> Vec<rest_api::Command> {
        let listed: rest_api::CommandList =
            app.read(&reader, &of("web-1", "commands")).await.json().await.unwrap();
        listed.commands
    };
    let listed = commands().await;
    assert_eq!((listed.len(), listed[0].asked_by_name.as_str()), (1, "otto"), "{listed:?}");
    assert_eq!((listed[0].state, listed[0].ended_at), (CommandState::Pending, None));
    control.live.set_commands(control.store.list_pending_commands().await.unwrap());
    let done =
        Acknowledgement { id: "cmd-1".into(), outcome: Outcome::Done, detail: "work is stopped".into() };
    control.live.hear("dev", "web-1", "7", (heartbeat(2), vec![done]), now()).unwrap();
    let ended = loop {
        let listed = commands().await;
        if listed[0].ended_at.is_some() {
            break listed;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!((ended[0].state, ended[0].detail.as_str()), (CommandState::Done, "work is stopped"));
    app.stop().await;
}

#[test]
fn the_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let document = format!("{}\n", serde_json::to_string_pretty(&rest_api::openapi()).unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == document, "docs/openapi.json is out of date: `cargo xtask generate` renews it");
}
