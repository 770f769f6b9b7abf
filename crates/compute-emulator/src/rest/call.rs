//! A request as all handlers see it: its path is a path of ours, its query a map, its body an object.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequest, OriginalUri, Query, Request},
    http::Method,
};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::error::Error;

#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: BTreeMap<String, String>,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let method = request.method().clone();
        let uri = request
            .extensions()
            .get::<OriginalUri>()
            .map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
        let path = uri.path().trim_start_matches("/compute/v1/").trim_end_matches('/').to_owned();
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
            .map_err(|error| Error::malformed(format!("The query cannot be read: {error}")))?;
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| Error::malformed(format!("The body cannot be read: {error}")))?;
        Ok(Self { method, path, query: pairs.into_iter().collect(), body })
    }
}

impl Call {
    pub(crate) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// `projects/p/…`
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The path without its last segment: the collection of a resource, or the resource of an action.
    pub(crate) fn parent(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// A query parameter. An empty one is absent: clients send `pageToken=` for the first page.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The body as an object; no body is an empty one.
    pub(crate) fn body(&self) -> Result<Map<String, Value>, Error> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(body)) => Ok(body),
            Ok(_) => {
                Err(Error::malformed("Invalid JSON payload received. Root element must be a message.".into()))
            }
            Err(error) => Err(Error::malformed(format!("Invalid JSON payload received. {error}"))),
        }
    }

    /// The id that makes a repeated request the same request.
    pub(crate) fn request_id(&self) -> Result<Option<String>, Error> {
        let Some(id) = self.query("requestId") else { return Ok(None) };
        match uuid::Uuid::parse_str(id) {
            Ok(uuid) if !uuid.is_nil() => Ok(Some(uuid.to_string())),
            _ => Err(Error::invalid("requestId", id, "Must be a UUID other than the zero UUID.")),
        }
    }

    /// What makes two requests the same one: all but the request id and what concerns the transport.
    pub(crate) fn text(&self) -> String {
        let query: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| !name.starts_with('$') && *name != "requestId" && *name != "alt")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let body = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        format!("{} {}?{} {body}", self.method, self.path, query.join("&"))
    }
}
