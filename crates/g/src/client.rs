//! Calls to `/api/v1`, by the names of its operations.

use std::time::Duration;

use reqwest::{StatusCode, header};
use rest_api::{EnvironmentList, Problem, operation};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    cli::Common,
    failure::{Failure, Kind},
    output::tell,
    settings,
};

/// Longer than the server's own limit.
const PATIENCE: Duration = Duration::from_secs(40);
/// Bytes of an answer, at most.
const LARGEST: usize = 64 * 1024 * 1024;
/// How often a write is sent again whose answer was lost.
const REPEATS: u32 = 3;
/// From a request without an answer to the next one.
pub(crate) const BETWEEN_TRIES: Duration = Duration::from_secs(1);

pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    environment: Option<String>,
}

/// An answer as it came, and its ETag.
pub(crate) struct Answer {
    pub(crate) value: Value,
    pub(crate) tag: Option<String>,
}

/// What came over the wire.
struct Raw {
    status: StatusCode,
    tag: Option<String>,
    body: Vec<u8>,
}

impl Raw {
    /// The request that came first is still being carried out.
    fn is_under_way(&self) -> bool {
        self.status == StatusCode::CONFLICT
            && serde_json::from_slice::<Problem>(&self.body)
                .is_ok_and(|problem| problem.code == "idempotency_key_in_use")
    }
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        Ok(T::deserialize(&self.value)?)
    }
}

impl Client {
    pub(crate) fn new(common: &Common) -> Result<Self, Failure> {
        let usage = |message: String| Failure::new(Kind::Usage, message);
        let url = reqwest::Url::parse(&common.url).map_err(|error| {
            usage(format!("--url {}: {error}; write it as https://manager.example.com", common.url))
        })?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(usage(format!(
                "--url {}: a token goes over https only, but for localhost",
                common.url
            )));
        }
        // One already there serves as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            // A redirect could carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::new(Kind::Inside, error.to_string()))?;
        Ok(Self {
            http,
            url: common.url.trim_end_matches('/').to_owned(),
            token: settings::token(common)?,
            environment: common.environment.clone(),
        })
    }

    /// The environment that the flag names, or the only one there is.
    pub(crate) async fn environment(&self) -> Result<String, Failure> {
        if let Some(name) = &self.environment {
            return Ok(name.clone());
        }
        let list: EnvironmentList = self.get("list_environments", &[], &[]).await?.read()?;
        let names: Vec<String> = list.environments.into_iter().map(|environment| environment.name).collect();
        match names.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Failure::new(
                Kind::Absent,
                "there is no environment yet: `g vm import FILE` declares the first one",
            )),
            several => {
                Err(Failure::new(Kind::Usage, format!("choose one by --environment: {}", several.join(", "))))
            }
        }
    }

    /// The name that was asked for, without looking whether it exists.
    pub(crate) fn named_environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    pub(crate) async fn get(
        &self,
        id: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let request = self.http.get(self.address(id, path)?).query(query);
        let raw = self.exchange(request).await.map_err(|error| self.unreachable(&error))?;
        self.read(&raw)
    }

    /// A write whose answer is lost is asked for again under the same key, so that nothing is done twice.
    pub(crate) async fn post<T: Serialize + Sync>(
        &self,
        id: &str,
        path: &[&str],
        body: &T,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let address = self.address(id, path)?;
        let once = operation(id).is_some_and(|operation| operation.once);
        let key = if once { Some(new_key()?) } else { None };
        let mut repeats = if once { REPEATS } else { 0 };
        let mut lost = false;
        loop {
            let mut request = self.http.post(address.as_str()).json(body);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(key) = &key {
                request = request.header("idempotency-key", key.as_str());
            }
            match self.exchange(request).await {
                // Without a connection nothing was asked yet.
                Err(error) if repeats > 0 && (lost || !error.is_connect()) => lost = true,
                Ok(raw) if repeats > 0 && lost && raw.is_under_way() => {}
                Ok(raw) => return self.read(&raw),
                Err(error) if lost => {
                    let unknown = "whether it took effect is not known: look before you ask again";
                    return Err(self.unreachable(&error).with(unknown));
                }
                Err(error) => return Err(self.unreachable(&error)),
            }
            repeats -= 1;
            tell("no answer yet: g asks again, and nothing is done twice");
            sleep(BETWEEN_TRIES).await;
        }
    }

    /// The operation's path with its parameters filled in, in their order.
    fn address(&self, id: &str, values: &[&str]) -> Result<String, Failure> {
        let operation =
            operation(id).ok_or_else(|| Failure::new(Kind::Inside, format!("no operation {id}")))?;
        let mut values = values.iter();
        let parts = operation.path.split('/').map(|part| match part.strip_prefix('{') {
            Some(_) => values.next().map(|value| encode(value)).unwrap_or_default(),
            None => part.to_owned(),
        });
        Ok(format!("{}{}", self.url, parts.collect::<Vec<_>>().join("/")))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why = if error.is_timeout() { "it took too long" } else { "no connection" };
        Failure::new(Kind::Unreachable, format!("{} does not answer ({why}): is --url right?", self.url))
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Raw, reqwest::Error> {
        let request = request.bearer_auth(&self.token).header(header::ACCEPT, "application/json");
        let answer = request.send().await?;
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        Ok(Raw { status: answer.status(), tag, body: answer.bytes().await?.to_vec() })
    }

    fn read(&self, raw: &Raw) -> Result<Answer, Failure> {
        if raw.body.len() > LARGEST {
            return Err(Failure::new(Kind::Inside, "the server's answer is too large"));
        }
        if raw.status.is_success() {
            return Ok(Answer { value: serde_json::from_slice(&raw.body)?, tag: raw.tag.clone() });
        }
        match serde_json::from_slice::<Problem>(&raw.body) {
            Ok(problem) => Err(Failure::of(&problem)),
            Err(_) => Err(strange(raw.status, &self.url)),
        }
    }
}

/// A random UUID.
fn new_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    random
        .fill(&mut bytes)
        .map_err(|_| Failure::new(Kind::Inside, "this machine has no random numbers to give"))?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}

/// Something that is not Agent Manager answered.
fn strange(status: StatusCode, url: &str) -> Failure {
    let kind = if status.is_server_error() { Kind::Unreachable } else { Kind::Inside };
    Failure::new(kind, format!("{url} answered {status} and is not Agent Manager's API: is --url right?"))
}

/// One segment of a path.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
            // A lone `..` would be taken for the folder above.
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_whatever_it_holds() {
        assert_eq!(encode("web-1"), "web-1");
        assert_eq!(encode("../a b/c"), "%2E%2E%2Fa%20b%2Fc");
    }
}
