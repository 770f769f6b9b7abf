//! Reads fleets that are written down as Terraform: `.tf` and `.tfvars` texts in, a declaration, or what is wrong or
//! missing, out. Evaluates what can be known from the texts alone; the rest is asked of the user by its reference.
//! Pure: nothing is fetched, no Terraform is run, and no text makes it panic or take long.

mod brackets;
mod choose;
mod declarations;
mod evaluate;
mod nearest;
mod parse;
mod path;
mod read;
mod report;
mod schema;
mod source;
mod value;

pub use read::read;
pub use report::format_error;
