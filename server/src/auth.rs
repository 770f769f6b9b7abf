//! Who is asking: sign-in by OpenID Connect, sessions in Postgres, and the gate before every page.

mod bearer;
mod gate;
mod oidc;
mod routes;
mod session_store;

pub use bearer::require_token;
pub use gate::require_person;
pub use oidc::SignIn;
pub use routes::router;
pub use session_store::HashedSessions;

use std::collections::BTreeSet;

use domain::{Actor, Role, actor::ActorKind, token::Reach};
use serde::{Deserialize, Serialize};

/// The session's key for the person below.
const PERSON: &str = "person";

/// Who signed in, as the issuer's token said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub sub: String,
    pub name: String,
    pub email: String,
    pub roles: BTreeSet<Role>,
    pub groups: BTreeSet<String>,
    /// Seconds since 1970, by the clock of the process that let them in: it ends nothing. Sessions last by their rows' age.
    pub signed_in_at: i64,
}

impl Person {
    pub fn actor(&self, request_id: &str) -> Actor {
        Actor {
            kind: ActorKind::Person,
            id: self.sub.clone(),
            name: self.name.clone(),
            roles: self.roles.clone(),
            reach: Reach::Whole,
            authn: "oidc".to_owned(),
            request_id: request_id.to_owned(),
        }
    }
}
