//! A VM's metadata server: attributes, and a token that says for whom it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Served, any_port};

#[derive(Default)]
struct Declared {
    control_plane: Option<String>,
    project_control_plane: Option<String>,
    tokens_given: u64,
}

pub(crate) struct Metadata {
    served: Served,
    declared: Arc<Mutex<Declared>>,
}

impl Metadata {
    pub(crate) async fn start(control_plane: Option<String>) -> Metadata {
        let declared = Arc::new(Mutex::new(Declared { control_plane, ..Declared::default() }));
        let router =
            Router::new().route("/computeMetadata/v1/{*path}", get(answer)).with_state(Arc::clone(&declared));
        Metadata { served: Served::start(any_port(), router).await, declared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.served.address)
    }

    pub(crate) fn declare_for_the_project(&self, control_plane: String) {
        self.declared.lock().unwrap().project_control_plane = Some(control_plane);
    }
}

async fn answer(
    State(declared): State<Arc<Mutex<Declared>>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    if headers.get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
        return Err(StatusCode::FORBIDDEN);
    }
    let mut declared = declared.lock().unwrap();
    let text = match path.as_str() {
        "instance/name" => "backend-dev-x1y2".to_owned(),
        "instance/id" => "4711".to_owned(),
        "instance/zone" => "projects/123/zones/europe-west1-b".to_owned(),
        "instance/attributes/agent-type" => "backend-developer".to_owned(),
        "instance/attributes/agent-environment" => "dev".to_owned(),
        "instance/attributes/agent-cage-version" => "latest".to_owned(),
        "instance/attributes/agent-manager-url" => {
            declared.control_plane.clone().ok_or(StatusCode::NOT_FOUND)?
        }
        "project/attributes/agent-manager-url" => {
            declared.project_control_plane.clone().ok_or(StatusCode::NOT_FOUND)?
        }
        "instance/service-accounts/default/identity" => {
            declared.tokens_given += 1;
            // Readable by the double of the control plane: who asked, and which token of this VM it is.
            let claims = format!("{}#{}", query.unwrap_or_default(), declared.tokens_given);
            URL_SAFE_NO_PAD.encode(claims)
        }
        _ => return Err(StatusCode::NOT_FOUND),
    };
    Ok(text)
}
