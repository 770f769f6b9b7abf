//! What differs between two declarations, attribute by attribute, in the words of the declaration.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{FleetSpec, plan::FieldChange};

/// Attributes that were added, taken away or given another value, in the declaration's order. Templates and pools are
/// known by their names (`agent_pools["web"].target_size`), so that an insertion moves nothing.
pub fn differences(before: &FleetSpec, after: &FleetSpec) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare(String::new(), Some(&value(before)), Some(&value(after)), &mut found);
    found
}

/// A declaration is plain data: only a number that is none could fail, and those never get in.
fn value(spec: &FleetSpec) -> Value {
    serde_json::to_value(spec).unwrap_or_default()
}

fn compare(at: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    if let (Some(before), Some(after)) = (before.map(Members::of), after.map(Members::of))
        && let (Some(before), Some(after)) = (before, after)
    {
        let keys: BTreeSet<&str> = before.0.keys().chain(after.0.keys()).copied().collect();
        for key in keys {
            let path = if before.1 || after.1 || !plain(key) {
                format!("{at}[\"{key}\"]")
            } else if at.is_empty() {
                key.to_owned()
            } else {
                format!("{at}.{key}")
            };
            compare(path, before.0.get(key).copied(), after.0.get(key).copied(), found);
        }
        return;
    }
    found.push(FieldChange { attribute: at, before: before.and_then(words), after: after.and_then(words) });
}

/// The named members of an object, or of a list whose every item has a name of its own; and whether it was a list.
struct Members<'a>(BTreeMap<&'a str, &'a Value>, bool);

impl<'a> Members<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Object(members) => {
                Some(Self(members.iter().map(|(k, v)| (k.as_str(), v)).collect(), false))
            }
            Value::Array(items) => {
                let named: BTreeMap<&str, &Value> =
                    items.iter().filter_map(|item| Some((item.as_object().and_then(name)?, item))).collect();
                (named.len() == items.len()).then_some(Self(named, true))
            }
            _ => None,
        }
    }
}

fn name(object: &Map<String, Value>) -> Option<&str> {
    object.get("name")?.as_str()
}

/// Whether a key can stand after a dot.
fn plain(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            Some(items.iter().filter_map(words).collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Edit, tests::fleet};

    fn lines(before: &FleetSpec, after: &FleetSpec) -> Vec<String> {
        let say = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
        differences(before, after)
            .iter()
            .map(|change| format!("{}: {} > {}", change.attribute, say(&change.before), say(&change.after)))
            .collect()
    }

    #[test]
    fn nothing_differs_from_itself() {
        assert!(differences(&fleet(), &fleet()).is_empty());
    }

    #[test]
    fn a_size_is_one_line() {
        let spec = fleet();
        let scaled = Edit::ScalePool { name: "front".into(), target_size: 3 }.apply(&spec).unwrap();
        assert_eq!(lines(&spec, &scaled), ["agent_pools[\"front\"].target_size: - > 3"]);
    }

    #[test]
    fn an_insertion_moves_nothing() {
        let spec = fleet();
        let mut more = spec.clone();
        more.agent_pools
            .insert(0, crate::pool::PoolSpec::new("batch", crate::AgentType::BackendDeveloper, "web"));
        let found = lines(&spec, &more);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("agent_pools[\"batch\"]: - > {"), "{found:#?}");
    }

    #[test]
    fn lists_of_texts_and_rules_are_named() {
        let spec = fleet();
        let mut other = spec.clone();
        other.environment.zones = vec!["europe-west1-b".into(), "europe-west1-c".into()];
        other.firewall_rules.get_mut("allow-agent-ssh").unwrap().priority = 900;
        assert_eq!(
            lines(&spec, &other),
            [
                "environment.zones:  > europe-west1-b, europe-west1-c",
                "firewall_rules[\"allow-agent-ssh\"].priority: 1000 > 900",
            ]
        );
    }
}
