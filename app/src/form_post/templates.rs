//! The forms of templates.

use domain::edit::Edit;

use super::{Done, FormRoute, Submitted, refused};
use crate::pages::templates::form::{ENVIRONMENT, read, read_edit};

pub(super) const CREATE: FormRoute = FormRoute { path: "/templates/new", act: create };
pub(super) const UPDATE: FormRoute = FormRoute { path: "/templates/{environment}/{name}/edit", act: update };
pub(super) const RETIRE: FormRoute =
    FormRoute { path: "/templates/{environment}/{name}/retire", act: retire };

fn create(form: Submitted) -> Done {
    Box::pin(async move {
        let template = read(&form.values).map_err(refused)?;
        form.propose_edit(form.value(ENVIRONMENT), &Edit::CreateTemplate { template }).await
    })
}

fn update(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = read_edit(form.param("name"), &form.values).map_err(refused)?;
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn retire(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = Edit::RetireTemplate { name: form.param("name").to_owned() };
        form.propose_edit(form.param("environment"), &edit).await
    })
}
