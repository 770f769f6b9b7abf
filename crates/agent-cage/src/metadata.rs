//! What the VM's metadata server tells an agent: who it is, where the control plane is, and a token that proves it.

use reqwest::{Client, StatusCode};
use serde::Serialize;

use crate::wire::{self, WireError};

/// Said where the template declared nothing; the control plane decides what to make of it.
const UNDECLARED: &str = "unknown";

/// Fixed for the life of the VM.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) zone: String,
    #[serde(skip)]
    pub(crate) agent_type: String,
    #[serde(skip)]
    pub(crate) environment: String,
    /// What the template asked to run, which may be a word like `latest`.
    #[serde(skip)]
    pub(crate) declared_version: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Metadata {
    client: Client,
    root: String,
}

impl Metadata {
    pub(crate) fn new(client: Client, base: &str) -> Metadata {
        Metadata { client, root: format!("{}/computeMetadata/v1", base.trim_end_matches('/')) }
    }

    pub(crate) async fn identity(&self) -> Result<Identity, WireError> {
        let zone = self.required("instance/zone").await?;
        Ok(Identity {
            name: self.required("instance/name").await?,
            id: self.required("instance/id").await?,
            // `projects/NUMBER/zones/ZONE`
            zone: zone.rsplit('/').next().unwrap_or(&zone).to_owned(),
            agent_type: self.declared("agent-type").await?.unwrap_or_else(|| UNDECLARED.to_owned()),
            environment: self.declared("agent-environment").await?.unwrap_or_else(|| UNDECLARED.to_owned()),
            declared_version: self.declared("agent-cage-version").await?,
        })
    }

    /// The instance's own attribute wins over the project's; `None` when neither declares one.
    pub(crate) async fn control_plane_url(&self) -> Result<Option<String>, WireError> {
        let own = self.declared("agent-manager-url").await?;
        let url = match own {
            Some(url) => Some(url),
            None => self.get("project/attributes/agent-manager-url", &[]).await?,
        };
        let url = url.map(|url| url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty());
        if let Some(url) = &url {
            wire::check_base_url(url)?;
        }
        Ok(url)
    }

    /// A fresh token that names this VM, for this audience alone.
    pub(crate) async fn identity_token(&self, audience: &str) -> Result<String, WireError> {
        let path = "instance/service-accounts/default/identity";
        self.get(path, &[("audience", audience), ("format", "full")]).await?.ok_or_else(|| {
            WireError::Malformed(
                "the metadata server gives no identity token: has the VM a service account?".into(),
            )
        })
    }

    async fn declared(&self, attribute: &str) -> Result<Option<String>, WireError> {
        self.get(&format!("instance/attributes/{attribute}"), &[]).await
    }

    async fn required(&self, path: &str) -> Result<String, WireError> {
        let missing = || WireError::Malformed(format!("the metadata server does not know {path}"));
        self.get(path, &[]).await?.ok_or_else(missing)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<String>, WireError> {
        let mut url = reqwest::Url::parse(&format!("{}/{path}", self.root))
            .map_err(|error| WireError::Malformed(error.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let response = self.client.get(url).header("Metadata-Flavor", "Google").send().await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => {
                let bytes = wire::body(response).await?;
                let text = String::from_utf8(bytes)
                    .map_err(|_| WireError::Malformed(format!("metadata {path} is not UTF-8")))?;
                Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
            }
            status => Err(WireError::Refused {
                status: status.as_u16(),
                code: "metadata_refused".into(),
                detail: path.to_owned(),
            }),
        }
    }
}
