//! Whom the token speaks for.

use axum::Json;
use rest_api::Me;

use super::v1::{Asked, Routes};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("load_me", load_me)
}

/// Needs no scope: what a token cannot do is best learned here.
async fn load_me(asked: Asked) -> Json<Me> {
    Json(Me::from(&asked.actor))
}
