//! Who may what: everything that can be asked of the server, asked by everybody; its own routes are asked in `doors`. The tables in `server/tests/verdicts` are the
//! promise; what is new, or answers otherwise, does not pass until its line is written.

use std::collections::{BTreeMap, BTreeSet};

use app::{App, form_post::FORMS};
use control::import::{self, Expected};
use development_issuer::demo_personas;
use domain::{
    Actor, AgentType, Role,
    actor::ActorKind,
    pool::PoolSpec,
    token::{Reach, Scope},
    view::import::{ImportInput, Reading},
};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use reqwest::{RequestBuilder, Response, StatusCode, header};
use rest_api::{Method, OPERATIONS, Problem};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    app::{Cookies, TestApp, location},
    rest::{ALL, texts},
};

/// A table's lines; those with `#` are for its readers.
pub(crate) fn assert_kept(lines: &[String], table: &str) {
    let kept: Vec<&str> = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(lines, kept, "the verdicts as they are:\n{}", lines.join("\n"));
}

/// What a path's parameters are filled with: nothing of that name exists.
fn fill(path: &str) -> String {
    let values = BTreeMap::from([("{change}", "chg-999"), ("{zone}", "us-central1-a")]);
    path.split('/')
        .map(|part| if part.starts_with('{') { values.get(part).copied().unwrap_or("none") } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// A request that is well-formed.
fn request_of(id: &str) -> Value {
    match id {
        "plan_edit" | "propose_edit" => json!({ "edit": { "edit": "delete_pool", "name": "none" } }),
        "make_plan" | "propose_change" => json!({ "files": [] }),
        _ => json!({}),
    }
}

/// Whether it asks for a token, which roles may, and which scope their token needs.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_operation_keeps_its_golden_verdict(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mut by_role = Vec::new();
    for role in Role::ALL {
        by_role.push(app.token(role.as_str(), &[role], ALL).await);
    }
    let mut by_scope = Vec::new();
    for scope in Scope::ALL {
        by_scope
            .push((scope, app.token("root", &[Role::Operator, Role::Admin, Role::Approver], &[scope]).await));
    }
    let mut lines = Vec::new();
    for operation in OPERATIONS {
        let path = fill(operation.path);
        let may = async |token: &str| {
            let answer = match operation.method {
                Method::Get => app.read(token, &path).await,
                Method::Post => {
                    app.post(token, &path, &request_of(operation.id), &[("if-match", "\"1\"")]).await
                }
            };
            let status = answer.status();
            assert!(
                status != StatusCode::METHOD_NOT_ALLOWED && !status.is_server_error(),
                "{}: {status}",
                operation.id
            );
            if status == StatusCode::NOT_FOUND {
                let refused: Problem = answer.json().await.unwrap();
                assert_ne!(
                    refused.detail, "there is nothing at this address",
                    "{} is not mounted",
                    operation.id
                );
            }
            if status == StatusCode::FORBIDDEN { "no" } else { "yes" }
        };
        let url = format!("{}{path}", app.url);
        let bare = match operation.method {
            Method::Get => app.http.get(url),
            Method::Post => app.http.post(url).header("if-match", "\"1\"").json(&request_of(operation.id)),
        };
        let nobody =
            if bare.send().await.unwrap().status() == StatusCode::UNAUTHORIZED { "no" } else { "yes" };
        let mut line = format!("{:<22}{nobody:<10}", operation.id);
        for token in &by_role {
            line.push_str(&format!("{:<10}", may(token).await));
        }
        let mut scopes = Vec::new();
        for (scope, token) in &by_scope {
            if may(token).await == "yes" {
                scopes.push(scope.as_str());
            }
        }
        line.push_str(&if scopes.len() == ALL.len() { "any".to_owned() } else { scopes.join(",") });
        lines.push(line);
    }
    assert_kept(&lines, include_str!("../verdicts/operations.txt"));
    app.stop().await;
}

/// Nobody, and somebody of each role alone, in the order of the tables' columns.
pub(crate) async fn everybody(app: &TestApp) -> Vec<Cookies> {
    let mut all = vec![Cookies::default()];
    for role in Role::ALL {
        let alone = demo_personas().into_iter().find(|persona| persona.roles == [role.as_str()]).unwrap();
        all.push(app.sign_in(&alone.subject).await);
    }
    all
}

/// A line of a table from the answers that everybody got.
fn line(name: &str, width: usize, verdicts: &[bool]) -> String {
    let cells: String =
        verdicts.iter().map(|may| format!("{:<10}", if *may { "yes" } else { "no" })).collect();
    format!("{name:<width$}{}", cells.trim_end())
}

/// How a page sends a function's arguments.
enum Sent {
    Form(&'static str),
    Json(Value),
}

/// Arguments that are well-formed: of what does not exist, so that nothing comes of them.
fn arguments(function: &str) -> Sent {
    use Sent::{Form, Json};
    let answer = json!({
        "challenge": [0], "credential_id": [0], "client_data_json": [0], "authenticator_data": [0], "signature": [0],
    });
    match function {
        "list_alerts"
        | "list_autoscaling"
        | "list_environments"
        | "list_passkeys"
        | "list_people"
        | "list_pools"
        | "list_sessions"
        | "list_templates"
        | "list_tokens"
        | "load_costs"
        | "load_firewall_rule_form"
        | "load_fleet"
        | "load_health"
        | "load_instances"
        | "load_me"
        | "load_policy"
        | "load_pool_form"
        | "load_template_form"
        | "verify_audit" => Form(""),
        "cancel_change" | "load_revision" => Form("id=chg-999"),
        "load_change" => Form("id=chg-999&whole=false"),
        "load_agent_status"
        | "load_cloud_errors"
        | "load_instance"
        | "load_instance_history"
        | "load_serial_end"
        | "load_serial_page"
        | "restart_agent"
        | "start_agent"
        | "stop_agent" => Form("zone=us-central1-a&name=none"),
        "find_by_name" => Form("text=none"),
        "load_audit_event" => Form("seq=999"),
        "load_changes" => Form("whose=waiting_for_me"),
        "load_autoscaling" => Form("environment=none&pool=none&window=3600"),
        "load_autoscaling_form" | "load_pool_costs" | "load_pool_firewall" | "load_pool_timeline" => {
            Form("environment=none&pool=none")
        }
        "load_firewall_rule" => Form("environment=none&key=none"),
        "load_pool" | "load_pool_overview" | "load_pool_rollout" | "load_template" => {
            Form("environment=none&name=none")
        }
        "close_incident" | "overrule_brake" => Form("id=999&reason=none"),
        "revoke_passkey" => Form("id=00"),
        "set_budget" => Form("environment=none&revision=0&monthly=100"),
        "collapse_sidebar" => Form("collapsed=true"),
        "set_single_keys" => Form("on=true"),
        "set_theme" => Form("theme=dark"),
        "begin_registration" => Json(json!({})),
        "begin_vote" => Json(json!({ "id": "chg-999", "revision": 1, "ballot": "approve" })),
        "finish_registration" => Json(json!({ "label": "none", "answer": {
            "challenge": [0], "client_data_json": [0], "attestation_object": [0],
        }})),
        "finish_vote" => Json(json!({ "id": "chg-999", "answer": answer, "reason": "" })),
        "load_audit" => Json(json!({ "query": {} })),
        "load_firewall" => Json(json!({ "environment": null, "question": null })),
        "preview_edit" => {
            let edit = json!({ "edit": "delete_pool", "name": "none" });
            Json(json!({ "environment": "none", "edit": edit, "begun": null }))
        }
        "replay_autoscaling" => {
            let draft = PoolSpec::new("none", AgentType::Architect, "none");
            Json(json!({ "environment": "none", "draft": draft }))
        }
        "preview_import" => Json(json!({ "input": { "files": [], "references": {}, "module": null } })),
        unknown => panic!("{unknown}: write down arguments for it"),
    }
}

impl TestApp {
    /// As an open page of ours sends it.
    pub(crate) fn sends(&self, path: &str, cookies: &Cookies) -> RequestBuilder {
        self.http
            .post(format!("{}{path}", self.url))
            .header(header::COOKIE, cookies.header())
            .header("sec-fetch-site", "same-origin")
    }

    async fn call(&self, path: &str, sent: &Sent, cookies: &Cookies) -> Response {
        let request = self.sends(path, cookies).header(header::ACCEPT, "application/json");
        let request = match sent {
            Sent::Json(body) => request.json(body),
            Sent::Form(body) => {
                request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(*body)
            }
        };
        request.send().await.unwrap()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_server_function_keeps_its_golden_verdict(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let all = everybody(&app).await;
    let paths: BTreeSet<&str> = server_fn_paths().map(|(path, _)| path).collect();
    let mut lines = Vec::new();
    for path in paths {
        let name = path.strip_prefix("/fn/").unwrap();
        let sent = arguments(name);
        let mut verdicts = Vec::new();
        for (who, cookies) in all.iter().enumerate() {
            let status = app.call(path, &sent, cookies).await.status();
            let refusal = if who == 0 { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
            // Arguments that cannot be read are answered as a fault, and prove nothing.
            let served = status.is_success() || matches!(status.as_u16(), 404 | 409 | 412 | 422);
            assert!(served || status == refusal, "{name}, asked by {who}: {status}");
            verdicts.push(served);
        }
        lines.push(line(name, 30, &verdicts));
    }
    assert_kept(&lines, include_str!("../verdicts/functions.txt"));
    app.stop().await;
}

/// A page that may not be seen would answer 403; nobody is led to sign in.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_page_keeps_its_golden_verdict(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let all = everybody(&app).await;
    let listed = generate_route_list(App);
    let pages: BTreeSet<&str> = listed.iter().map(|route| route.path()).collect();
    let mut lines = Vec::new();
    for page in pages {
        let path = fill(page);
        let mut verdicts = Vec::new();
        for (who, cookies) in all.iter().enumerate() {
            let answer = app.page(&path, cookies).await;
            let status = answer.status();
            let led_away = status == StatusCode::SEE_OTHER && location(&answer).starts_with("/sign-in");
            let refused = if who == 0 { led_away } else { status == StatusCode::FORBIDDEN };
            let served = !led_away && !status.is_server_error() && status != StatusCode::UNAUTHORIZED;
            assert!(served || refused, "{page}, asked by {who}: {status}");
            verdicts.push(!refused);
        }
        lines.push(line(page, 46, &verdicts));
    }
    assert_kept(&lines, include_str!("../verdicts/pages.txt"));
    app.stop().await;
}

pub(crate) fn olga() -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: "olga".to_owned(),
        name: "Olga".to_owned(),
        roles: [Role::Operator].into(),
        reach: Reach::Whole,
        authn: "oidc".to_owned(),
        request_id: "request-1".to_owned(),
    }
}

/// Development as the example declares it, though nothing of it runs: forms look at what they are about.
pub(crate) async fn declare(app: &TestApp) {
    let (control, actor) = (app.control(), olga());
    let input: ImportInput = serde_json::from_value(texts()).unwrap();
    let preview = import::preview_import(control, &actor, input.clone()).await.unwrap();
    let Reading::Complete { desired } = preview.reading else { panic!("a complete import") };
    let expected = Expected { digest: None, generation: None };
    let change = import::propose_expected(control, &actor, input, expected, "").await.unwrap();
    let mut tx = control.store.begin().await.unwrap();
    tx.declare_environment(&desired, 0, change, control.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a form is about, and its fields as they can be read. The plan that it was seen with is another one, so that nothing
/// is proposed.
fn filled(form: &str) -> (String, &'static str) {
    let (noun, fields) = match form {
        "/firewall/new" | "/firewall/{environment}/{key}/edit" => (
            "allow-web",
            "environment=dev&key=allow-web&direction=INGRESS&priority=1000&action=allow&traffic=tcp+443",
        ),
        "/firewall/{environment}/{key}/delete" => ("allow-web", ""),
        "/pools/new" => ("", "environment=dev&name=other&template_name=backend-dev"),
        "/pools/{environment}/{name}/act" => ("backend-pool", "verb=restart&instance=none"),
        "/pools/{environment}/{name}/autoscaling/edit" => {
            ("backend-pool", "enable_autoscaling=on&min_replicas=1&max_replicas=6")
        }
        "/pools/{environment}/{name}/delete" => ("backend-pool", "confirm=backend-pool"),
        "/pools/{environment}/{name}/edit" => {
            ("backend-pool", "name=backend-pool&template_name=backend-dev&min_replicas=1&max_replicas=6")
        }
        "/pools/{environment}/{name}/promote" | "/pools/{environment}/{name}/roll-back" => {
            ("backend-pool", "")
        }
        "/pools/{environment}/{name}/resize" => ("backend-pool", "target_size=3"),
        "/pools/{environment}/{name}/version" => ("backend-pool", "version=backend-dev&how=all"),
        "/templates/new" | "/templates/{environment}/{name}/edit" => (
            "backend-dev",
            "environment=dev&name=backend-dev&agent_type=backend-developer&workspace_size_gb=50",
        ),
        "/templates/{environment}/{name}/retire" => ("backend-dev", ""),
        // To read is for everybody, and nothing else is done there.
        "/audit" => ("", ""),
        // What is one's own: everybody is told what is wrong with it.
        "/settings/sessions" => ("", ""),
        "/settings/tokens" => ("", "id=none"),
        "/settings/tokens/new" => ("", "name=&lifetime_days=0"),
        unknown => panic!("{unknown}: write down its fields"),
    };
    let path = form.replace("{environment}", "dev").replace("{name}", noun).replace("{key}", noun);
    (path, fields)
}

const BOUNDARY: &str = "----form";

/// The import form, which sends files.
fn import_form() -> String {
    let fields =
        [("file_name", "main.tf"), ("file_text", "module \"x\" {}"), ("digest", "0"), ("intent", "propose")];
    let part = |(name, text)| {
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    format!("{}--{BOUNDARY}--\r\n", fields.map(part).concat())
}

/// One who may is told that the fleet moved, or what is wrong with what it is about; who may not, is told so before.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_form_keeps_its_golden_verdict(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    let all = everybody(&app).await;
    let mut lines = Vec::new();
    for form in
        FORMS.iter().map(|form| form.path).chain(["/import", "/settings/tokens/new"]).collect::<BTreeSet<_>>()
    {
        let mut verdicts = Vec::new();
        for (who, cookies) in all.iter().enumerate() {
            let request = if form == "/import" {
                let kind = format!("multipart/form-data; boundary={BOUNDARY}");
                app.sends(form, cookies).header(header::CONTENT_TYPE, kind).body(import_form())
            } else {
                let (path, fields) = filled(form);
                app.sends(&path, cookies)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(format!("intent=propose&base_generation=1&digest=none&{fields}"))
            };
            let answer = request.header(header::ACCEPT, "text/html").send().await.unwrap();
            let status = answer.status();
            // Nobody is led away from what was typed.
            let refusal = if who == 0 { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
            let refused = status == refusal;
            let heard = matches!(status.as_u16(), 404 | 409 | 412 | 422);
            assert!(heard || refused, "{form}, sent by {who}: {status} {}", location(&answer));
            verdicts.push(heard);
        }
        lines.push(line(form, 46, &verdicts));
    }
    assert_kept(&lines, include_str!("../verdicts/forms.txt"));
    app.stop().await;
}
