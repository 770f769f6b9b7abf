//! The audit log's form. It asks for a verification, which changes nothing: the page itself answers, so no button of it acts.

use control::Error;

use super::{Done, FormRoute, Submitted};
use crate::{form::INTENT, routes};

pub const VERIFY: FormRoute = FormRoute { path: routes::AUDIT, act: refuse };

fn refuse(_: Submitted) -> Done {
    Box::pin(async { Err(Error::invalid(INTENT, "press the button Verify: nothing else is done here")) })
}
