//! Templates.

use domain::view::template::{TemplateForm, TemplateRow, TemplateView};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

/// None: the templates of all environments. `sort` is as an address writes it.
#[server(prefix = "/fn", endpoint = "list_templates", output = Json)]
pub async fn list_templates(
    environment: Option<String>,
    sort: Option<String>,
) -> Result<Vec<TemplateRow>, ApiError> {
    let request = super::request()?;
    let rows =
        control::templates::list_templates(&request.control, &request.actor, environment.as_deref()).await;
    request.answer(
        rows.map(|rows| {
            domain::list_order::ordered(rows, sort.as_deref(), domain::list_order::TEMPLATE_COLUMNS)
        }),
    )
}

/// `from` and `to` are versions to compare; without both, the usual two are.
#[server(prefix = "/fn", endpoint = "load_template", output = Json)]
pub async fn load_template(
    environment: String,
    name: String,
    from: Option<u32>,
    to: Option<u32>,
) -> Result<TemplateView, ApiError> {
    let request = super::request()?;
    let view = control::templates::load_template(
        &request.control,
        &request.actor,
        &environment,
        &name,
        from.zip(to),
    )
    .await;
    request.answer(view)
}

/// Without a name, the form creates a template; without an environment, in the first one.
#[server(prefix = "/fn", endpoint = "load_template_form", output = Json)]
pub async fn load_template_form(
    environment: Option<String>,
    name: Option<String>,
) -> Result<TemplateForm, ApiError> {
    let request = super::request()?;
    let form = control::templates::load_template_form(
        &request.control,
        &request.actor,
        environment.as_deref(),
        name.as_deref(),
    )
    .await;
    request.answer(form)
}
