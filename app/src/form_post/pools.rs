//! The forms of pools.

use control::pools::load_pool_form;
use domain::edit::Edit;

use super::{Done, FormRoute, Submitted, refused};
use crate::pages::pools::{
    form::{ENVIRONMENT, read},
    verbs,
};

pub(super) const CREATE: FormRoute = FormRoute { path: "/pools/new", act: create };
pub(super) const UPDATE: FormRoute = FormRoute { path: "/pools/{environment}/{name}/edit", act: update };
pub(super) const RESIZE: FormRoute = FormRoute { path: "/pools/{environment}/{name}/resize", act: resize };
pub(super) const VERSION: FormRoute = FormRoute { path: "/pools/{environment}/{name}/version", act: version };
pub(super) const PROMOTE: FormRoute = FormRoute { path: "/pools/{environment}/{name}/promote", act: promote };
pub(super) const ROLL_BACK: FormRoute =
    FormRoute { path: "/pools/{environment}/{name}/roll-back", act: roll_back };
pub(super) const DELETE: FormRoute = FormRoute { path: "/pools/{environment}/{name}/delete", act: delete };
pub(super) const ACT: FormRoute = FormRoute { path: "/pools/{environment}/{name}/act", act: act_on };

fn create(form: Submitted) -> Done {
    Box::pin(async move {
        let environment = form.value(ENVIRONMENT);
        let known = load_pool_form(&form.control, &form.actor, Some(environment), None).await?;
        let pool = read(&form.values, &known.templates, None).map_err(refused)?;
        form.propose_edit(environment, &Edit::CreatePool { pool }).await
    })
}

fn update(form: Submitted) -> Done {
    Box::pin(async move {
        let (environment, name) = (form.param("environment"), form.param("name"));
        let known = load_pool_form(&form.control, &form.actor, Some(environment), Some(name)).await?;
        let pool = read(&form.values, &known.templates, known.pool.as_ref()).map_err(refused)?;
        form.propose_edit(environment, &Edit::UpdatePool { name: name.to_owned(), pool }).await
    })
}

fn resize(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = verbs::resize(form.param("name"), &form.values).map_err(refused)?;
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn version(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = verbs::change_version(form.param("name"), &form.values).map_err(refused)?;
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn promote(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = Edit::PromoteCanary { name: form.param("name").to_owned() };
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn roll_back(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = Edit::RollBackCanary { name: form.param("name").to_owned() };
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn delete(form: Submitted) -> Done {
    Box::pin(async move {
        let name = form.param("name");
        verbs::confirmed(name, &form.values).map_err(refused)?;
        let edit = Edit::DeletePool { name: name.to_owned() };
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn act_on(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = verbs::act_on_instances(form.param("name"), &form.values).map_err(refused)?;
        form.propose_edit(form.param("environment"), &edit).await
    })
}
