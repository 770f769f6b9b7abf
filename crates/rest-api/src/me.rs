//! Whom the token speaks for.

use domain::{
    Actor, Permission, Role,
    token::{Reach, Scope},
};

use crate::schema::wire;

wire! { answer
    /// Whom the request's token speaks for, and what it may do.
    Me {
        /// The issuer's subject.
        id: String,
        name: String,
        roles: Vec<Role>,
        scopes: Vec<Scope>,
        /// What roles and scopes allow together.
        permissions: Vec<Permission>,
    }
}

impl From<&Actor> for Me {
    fn from(actor: &Actor) -> Self {
        let scopes = match &actor.reach {
            Reach::Whole => Scope::ALL.to_vec(),
            Reach::Scoped(scopes) => scopes.iter().copied().collect(),
        };
        Self {
            id: actor.id.clone(),
            name: actor.name.clone(),
            roles: actor.roles.iter().copied().collect(),
            scopes,
            permissions: Permission::ALL.into_iter().filter(|permission| actor.may(*permission)).collect(),
        }
    }
}
