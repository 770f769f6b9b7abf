//! Which attributes of two resources differ: for the message of a conflict.

use serde::Serialize;
use serde_json::Value;

/// Names of the attributes, in the resource's own spelling. Empty when the two are equal.
pub(crate) fn attributes<T: Serialize + PartialEq>(wanted: &T, found: &T) -> Vec<String> {
    if wanted == found {
        return Vec::new();
    }
    let (Ok(Value::Object(wanted)), Ok(Value::Object(found))) =
        (serde_json::to_value(wanted), serde_json::to_value(found))
    else {
        return vec!["everything".to_owned()];
    };
    wanted
        .iter()
        .filter(|(name, value)| found.get(*name) != Some(value))
        .map(|(name, _)| name.clone())
        .collect()
}
