//! Revoking API tokens.

use control::{Error, tokens};
use domain::token::TokenId;

use super::{Done, FormRoute, Submitted};
use crate::{pages::settings::tokens::ID, routes};

pub const REVOKE: FormRoute = FormRoute { path: routes::TOKENS, act: revoke };

fn revoke(submitted: Submitted) -> Done {
    Box::pin(async move {
        let id: TokenId = submitted
            .value(ID)
            .parse()
            .map_err(|error: domain::token::InvalidTokenId| Error::invalid(ID, error.to_string()))?;
        tokens::revoke_token(&submitted.control, &submitted.actor, id).await?;
        Ok(routes::TOKENS.to_owned())
    })
}
