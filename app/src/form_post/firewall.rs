//! The forms of firewall rules.

use domain::edit::Edit;

use super::{Done, FormRoute, Submitted, refused};
use crate::pages::firewall::form::{ENVIRONMENT, read};

pub(super) const CREATE: FormRoute = FormRoute { path: "/firewall/new", act: create };
pub(super) const UPDATE: FormRoute = FormRoute { path: "/firewall/{environment}/{key}/edit", act: update };
pub(super) const DELETE: FormRoute = FormRoute { path: "/firewall/{environment}/{key}/delete", act: delete };

fn create(form: Submitted) -> Done {
    Box::pin(async move {
        let (key, firewall_rule) = read(&form.values).map_err(refused)?;
        form.propose_edit(form.value(ENVIRONMENT), &Edit::CreateFirewallRule { key, firewall_rule }).await
    })
}

fn update(form: Submitted) -> Done {
    Box::pin(async move {
        let (_, firewall_rule) = read(&form.values).map_err(refused)?;
        let edit = Edit::UpdateFirewallRule { key: form.param("key").to_owned(), firewall_rule };
        form.propose_edit(form.param("environment"), &edit).await
    })
}

fn delete(form: Submitted) -> Done {
    Box::pin(async move {
        let edit = Edit::DeleteFirewallRule { key: form.param("key").to_owned() };
        form.propose_edit(form.param("environment"), &edit).await
    })
}
