//! An agent's own `/status`, asked over the VM's network: bounded in time and size, and never followed elsewhere.

use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(2);
const LARGEST: usize = 16 * 1024;

/// Its JSON with indents, or why there is none.
pub(crate) async fn ask(url: &str) -> Result<String, String> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())?;
    let mut response = client.get(url).send().await.map_err(|error| {
        if error.is_timeout() {
            format!("it did not answer within {} s", TIMEOUT.as_secs())
        } else {
            "it cannot be reached from the control plane".to_owned()
        }
    })?;
    if !response.status().is_success() {
        return Err(format!("it answered {}", response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| "its answer broke off".to_owned())? {
        if body.len() + chunk.len() > LARGEST {
            return Err(format!("its answer is larger than {LARGEST} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    let value: Value = serde_json::from_slice(&body).map_err(|_| "its answer is no JSON".to_owned())?;
    serde_json::to_string_pretty(&value).map_err(|error| error.to_string())
}
