//! Ending sessions.

use control::{Error, sessions};

use super::{Done, FormRoute, Submitted};
use crate::{
    CurrentSession,
    form::INTENT,
    pages::settings::sessions::{END, END_OTHERS, ID},
    routes,
};

pub const END_SESSIONS: FormRoute = FormRoute { path: routes::SESSIONS, act: end_sessions };

fn end_sessions(submitted: Submitted) -> Done {
    Box::pin(async move {
        let (control, actor) = (&submitted.control, &submitted.actor);
        match submitted.value(INTENT) {
            END => sessions::end_session(control, actor, submitted.value(ID)).await?,
            END_OTHERS => {
                let current = submitted.session.as_ref().and_then(|CurrentSession(id)| id.parse().ok());
                // Without knowing which one asks, it would end itself.
                let current = current.ok_or_else(|| Error::internal("the session that asks has no id"))?;
                sessions::end_other_sessions(control, actor, Some(current)).await?;
            }
            _ => return Err(Error::invalid(INTENT, "press one of the buttons")),
        }
        Ok(routes::SESSIONS.to_owned())
    })
}
