//! Environments by name.

use store::Environment;

use crate::{Control, Error};

pub(crate) async fn require(control: &Control, name: &str) -> Result<Environment, Error> {
    let found = control.store.get_environment(name).await?;
    found.ok_or_else(|| Error::NotFound(format!("environment {name}")))
}
