//! People.

use domain::view::person::PersonList;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_people", output = Json)]
pub async fn list_people() -> Result<PersonList, ApiError> {
    let request = super::request()?;
    request.answer(control::people::list_people(&request.control, &request.actor).await)
}
