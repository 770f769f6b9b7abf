//! `/logout`: RP-initiated. The issuer keeps no session of its own, so all there is to do is to send people back.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use url::Url;

use crate::page;
use crate::provider::Provider;
use crate::signing::Kind;

#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    id_token_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

pub(crate) async fn by_link(
    State(provider): State<Arc<Provider>>,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    match query {
        Ok(Query(parameters)) => log_out(&provider, parameters),
        Err(rejection) => page::refused(StatusCode::BAD_REQUEST, &rejection.body_text()),
    }
}

pub(crate) async fn by_form(
    State(provider): State<Arc<Provider>>,
    form: Result<Form<Parameters>, FormRejection>,
) -> Response {
    match form {
        Ok(Form(parameters)) => log_out(&provider, parameters),
        Err(rejection) => page::refused(StatusCode::BAD_REQUEST, &rejection.body_text()),
    }
}

fn log_out(provider: &Provider, parameters: Parameters) -> Response {
    let refuse = |reason: &str| page::refused(StatusCode::BAD_REQUEST, reason);
    let client = provider.config.client_id.as_str();
    // However old: people sign out long after their token ended.
    if let Some(hint) = &parameters.id_token_hint
        && provider.read(Kind::Id, hint).is_none_or(|claims| claims["aud"] != client)
    {
        return refuse("The id_token_hint was not issued here to this client.");
    }
    if parameters.client_id.is_some_and(|id| id != client) {
        return refuse("There is no such client here.");
    }
    let Some(uri) = parameters.post_logout_redirect_uri else {
        return page::signed_out();
    };
    match Url::parse(&uri) {
        Ok(mut url) if provider.is_of_client(&uri) => {
            if let Some(state) = parameters.state {
                url.query_pairs_mut().append_pair("state", &state);
            }
            (StatusCode::SEE_OTHER, [(header::LOCATION, String::from(url))]).into_response()
        }
        _ => refuse(&format!("The address {uri:?} does not belong to this client.")),
    }
}
