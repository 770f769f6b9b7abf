//! The metadata server that a VM sees, at its own address: who it is, its attributes, and tokens that prove it.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    extract::{Query, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Vm, project_number};
use crate::app::App;

/// On a VM's own address: 169.254 read as a port. With a shared address any free port is taken.
pub(crate) const METADATA_PORT: u16 = 9254;

const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const GOOGLE: HeaderValue = HeaderValue::from_static("Google");

#[derive(Debug, Clone)]
struct Server {
    app: App,
    /// Path and id of its VM: another VM of the same name is another VM.
    vm: String,
    id: u64,
}

/// Listens at the VM's address and serves until `stop`. Answers with the base URL.
pub(crate) async fn start(
    app: &App,
    vm: &str,
    id: u64,
    agent: SocketAddr,
    stop: CancellationToken,
) -> std::io::Result<String> {
    let port = if agent.port() == super::address::AGENT_PORT { METADATA_PORT } else { 0 };
    let listener = TcpListener::bind((agent.ip(), port)).await?;
    let base = format!("http://{}", listener.local_addr()?);
    let server = Server { app: app.clone(), vm: vm.to_owned(), id };
    let router = Router::new()
        .route("/", get(async || "computeMetadata/\n"))
        .route("/computeMetadata/v1/instance/service-accounts/default/identity", get(identity))
        .route("/computeMetadata/v1/instance/service-accounts/default/email", get(email))
        .fallback(look_up)
        .layer(middleware::from_fn(demand_flavor))
        .with_state(server);
    let serve = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    app.tasks.spawn(async move {
        if let Err(error) = serve.await {
            tracing::warn!(%error, "a metadata server ended");
        }
    });
    Ok(base)
}

/// The header keeps a VM's careless proxies from giving its secrets away; its absence is a 403.
async fn demand_flavor(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key("x-forwarded-for") || headers.get(FLAVOR) != Some(&GOOGLE) {
        let body = "Missing Metadata-Flavor:Google header.\n";
        return (StatusCode::FORBIDDEN, [(FLAVOR, GOOGLE)], body).into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(FLAVOR, GOOGLE);
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("Metadata Server for VM"));
    response
}

async fn identity(State(server): State<Server>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let Some(audience) = query.get("audience").filter(|audience| !audience.is_empty()) else {
        return (StatusCode::BAD_REQUEST, "non-empty audience parameter required\n").into_response();
    };
    let full = match query.get("format").map(String::as_str) {
        None | Some("standard") => false,
        Some("full") => true,
        Some(_) => return (StatusCode::BAD_REQUEST, "format must be standard or full\n").into_response(),
    };
    let now = server.app.clock.now().stamp;
    let token = server.with_vm(|vm, properties| {
        let email = vm.service_account(properties);
        server.app.issuer.token(vm, &email, audience, full, now)
    });
    match token {
        Some(Ok(token)) => text(token),
        Some(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn email(State(server): State<Server>) -> Response {
    let email = server.with_vm(Vm::service_account);
    email.map_or_else(|| StatusCode::NOT_FOUND.into_response(), text)
}

/// Everything that is a plain value, and folders of those.
async fn look_up(State(server): State<Server>, uri: Uri) -> Response {
    let Some(path) = uri.path().strip_prefix("/computeMetadata/v1/") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(values) = server.values() else { return StatusCode::NOT_FOUND.into_response() };
    if let Some(value) = values.get(path) {
        return text(value.clone());
    }
    let folder = format!("{}/", path.trim_end_matches('/'));
    let folder = if folder == "/" { "" } else { &folder };
    let mut entries: Vec<String> = values
        .keys()
        .filter_map(|key| key.strip_prefix(folder))
        .map(|rest| rest.split_once('/').map_or_else(|| rest.to_owned(), |(name, _)| format!("{name}/")))
        .collect();
    entries.dedup();
    if entries.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    text(entries.join("\n") + "\n")
}

impl Server {
    fn with_vm<T>(&self, ask: impl FnOnce(&Vm, &Value) -> T) -> Option<T> {
        let world = self.app.world();
        let vm = world.vms.get(&self.vm).filter(|vm| vm.id == self.id)?;
        let nothing = Value::Null;
        Some(ask(vm, world.blueprints.get(&vm.blueprint).unwrap_or(&nothing)))
    }

    fn values(&self) -> Option<BTreeMap<String, String>> {
        let mut values = self.with_vm(|vm, properties| {
            let number = project_number(vm.project());
            let machine_type = properties.get("machineType").and_then(Value::as_str).unwrap_or_default();
            let mut values = BTreeMap::from([
                ("instance/id".to_owned(), vm.id.to_string()),
                ("instance/name".to_owned(), vm.name().to_owned()),
                ("instance/zone".to_owned(), format!("projects/{number}/zones/{}", vm.zone())),
                (
                    "instance/hostname".to_owned(),
                    format!("{}.{}.c.{}.internal", vm.name(), vm.zone(), vm.project()),
                ),
                (
                    "instance/machine-type".to_owned(),
                    format!("projects/{number}/machineTypes/{machine_type}"),
                ),
                ("instance/network-interfaces/0/ip".to_owned(), vm.agent.ip().to_string()),
                ("instance/preempted".to_owned(), if vm.preempted { "TRUE" } else { "FALSE" }.to_owned()),
                ("instance/service-accounts/default/email".to_owned(), vm.service_account(properties)),
                ("project/project-id".to_owned(), vm.project().to_owned()),
                ("project/numeric-project-id".to_owned(), number.to_string()),
            ]);
            for (key, value) in vm.attributes(properties) {
                values.insert(format!("instance/attributes/{key}"), value);
            }
            values
        })?;
        for (key, value) in &self.app.config.project_metadata {
            values.insert(format!("project/attributes/{key}"), value.clone());
        }
        Some(values)
    }
}

fn text(value: String) -> Response {
    ([(header::CONTENT_TYPE, "application/text")], value).into_response()
}
