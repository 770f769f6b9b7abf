//! The least that Axum can do with a heartbeat: take its body and say yes. A process of its own, like the server.

use std::{net::SocketAddr, sync::LazyLock};

use anyhow::Context as _;
use axum::{Json, Router, body::Bytes, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::agents::PATH;

static ACCEPTED: LazyLock<Value> = LazyLock::new(|| json!({ "accepted": true }));

pub(crate) async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} is taken"))?;
    let handler = |_body: Bytes| async { Json(&*ACCEPTED) };
    axum::serve(listener, Router::new().route(PATH, post(handler))).await?;
    Ok(())
}
