//! Environments by name.

use store::Environment;

use crate::{Control, Error};

/// Refuses what no environment can be called before the database chokes on it.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if name.contains('\0') { Err(absent(name)) } else { Ok(()) }
}

fn absent(name: &str) -> Error {
    Error::NotFound(format!("environment {}", name.escape_debug()))
}

pub(crate) async fn require(control: &Control, name: &str) -> Result<Environment, Error> {
    check(name)?;
    let found = control.store.get_environment(name).await?;
    found.ok_or_else(|| absent(name))
}
