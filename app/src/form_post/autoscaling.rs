//! The form of a pool's autoscaling.

use domain::edit::Edit;

use super::{Done, FormRoute, Submitted, refused};
use crate::pages::pools::autoscaling::form::read;

pub(super) const EDIT: FormRoute =
    FormRoute { path: "/pools/{environment}/{name}/autoscaling/edit", act: edit };

fn edit(form: Submitted) -> Done {
    Box::pin(async move {
        let (environment, name) = (form.param("environment"), form.param("name"));
        let declared =
            control::autoscaling::load_autoscaling_form(&form.control, &form.actor, environment, name)
                .await?;
        let pool = read(&form.values, &declared.pool).map_err(refused)?;
        form.propose_edit(environment, &Edit::UpdatePool { name: name.to_owned(), pool }).await
    })
}
