//! From values to the declaration, attribute by attribute (design: fleet spec). Ranges and relations between attributes
//! are not judged here: the planner does that, for every declaration, wherever it comes from.

mod environment;
mod fields;
mod fleet;
mod reader;

pub(crate) use fleet::fleet;
pub(crate) use reader::Reader;
