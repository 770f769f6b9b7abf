//! The viewer's passkeys.

use domain::view::approval::{PasskeyList, RegistrationAnswer, RegistrationOptions};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_passkeys", output = Json)]
pub async fn list_passkeys() -> Result<PasskeyList, ApiError> {
    let request = super::request()?;
    request.answer(control::passkeys::list_passkeys(&request.control, &request.actor).await)
}

#[server(prefix = "/fn", endpoint = "begin_registration", input = Json, output = Json)]
pub async fn begin_registration() -> Result<RegistrationOptions, ApiError> {
    let request = super::request()?;
    request.answer(control::passkeys::begin_registration(&request.control, &request.actor).await)
}

#[server(prefix = "/fn", endpoint = "finish_registration", input = Json, output = Json)]
pub async fn finish_registration(label: String, answer: RegistrationAnswer) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(
        control::passkeys::finish_registration(&request.control, &request.actor, &label, &answer).await,
    )
}

#[server(prefix = "/fn", endpoint = "revoke_passkey", output = Json)]
pub async fn revoke_passkey(id: String) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(control::passkeys::revoke_passkey(&request.control, &request.actor, &id).await)
}
