//! What differs between two declarations, attribute by attribute, in the words of the declaration.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{
    FleetSpec,
    plan::{FieldChange, shortened},
};

/// Attributes that were added, taken away or given another value, in the declaration's order. Templates and pools are
/// known by their names (`agent_pools["web"].target_size`), so that an insertion moves nothing.
pub fn differences(before: &FleetSpec, after: &FleetSpec) -> Vec<FieldChange> {
    let (before, after) = (value(before), value(after));
    let found = compared(Some(&before), &after).into_iter();
    found.map(|(at, before, after)| change(at, before, after)).collect()
}

/// The same for those who agree to it: what is there as a whole on one side alone is told field by field, without the fields
/// that hold nothing and without the lines of scripts. `before` is None where nothing was declared.
pub fn differing_fields(before: Option<&FleetSpec>, after: &FleetSpec) -> Vec<FieldChange> {
    let (before, after) = (before.map(value), value(after));
    let mut told = Vec::new();
    for (at, before, after) in compared(before.as_ref(), &after) {
        match (before.filter(|side| !side.is_null()), after.filter(|side| !side.is_null())) {
            (None, Some(new)) if has_members(new) => {
                let new = leaves(at, new).into_iter();
                told.extend(new.map(|(attribute, after)| FieldChange {
                    attribute,
                    before: None,
                    after: Some(after),
                }));
            }
            (Some(gone), None) if has_members(gone) => {
                let gone = leaves(at, gone).into_iter();
                told.extend(gone.map(|(attribute, before)| FieldChange {
                    attribute,
                    before: Some(before),
                    after: None,
                }));
            }
            _ => told.push(change(at, before, after)),
        }
    }
    told
}

/// Whose a field is, and what it is called there: `agent_pools["web"]` and `target_size`, `environment` and `zones`. None for a
/// path that leads to no field of a noun.
pub fn noun_and_field(attribute: &str) -> Option<(&str, &str)> {
    let at = attribute.find(['.', '['])?;
    let (first, rest) = attribute.split_at(at);
    let end = if rest.starts_with('[') {
        at + rest.find("\"]")? + 2
    } else if first == "environment" {
        at
    } else {
        // All others hold many: here one whose name can stand after a dot.
        at + 1 + rest[1..].find(['.', '['])?
    };
    let (noun, field) = attribute.split_at(end);
    let field = field.strip_prefix('.').unwrap_or(field);
    (!field.is_empty()).then_some((noun, field))
}

/// A declaration is plain data: only a number that is none could fail, and those never get in.
fn value(spec: &FleetSpec) -> Value {
    serde_json::to_value(spec).unwrap_or_default()
}

/// Where two declarations differ, and what each has there.
type Difference<'a> = (String, Option<&'a Value>, Option<&'a Value>);

fn compared<'a>(before: Option<&'a Value>, after: &'a Value) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(String::new(), before, Some(after), &mut found);
    found
}

fn compare<'a>(
    at: String,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    found: &mut Vec<Difference<'a>>,
) {
    if before == after {
        return;
    }
    if let (Some(before), Some(after)) = (before.map(Members::of), after.map(Members::of))
        && let (Some(before), Some(after)) = (before, after)
    {
        let keys: BTreeSet<&str> = before.0.keys().chain(after.0.keys()).copied().collect();
        for key in keys {
            let path = path(&at, key, before.1 || after.1);
            compare(path, before.0.get(key).copied(), after.0.get(key).copied(), found);
        }
        return;
    }
    found.push((at, before, after));
}

fn change(attribute: String, before: Option<&Value>, after: Option<&Value>) -> FieldChange {
    FieldChange { attribute, before: before.and_then(words), after: after.and_then(words) }
}

fn path(at: &str, key: &str, listed: bool) -> String {
    if listed || !plain(key) {
        format!("{at}[\"{key}\"]")
    } else if at.is_empty() {
        key.to_owned()
    } else {
        format!("{at}.{key}")
    }
}

fn has_members(value: &Value) -> bool {
    Members::of(value).is_some_and(|members| !members.0.is_empty())
}

/// Each field below by its path, with what it holds; those that hold nothing are left out.
fn leaves(at: String, value: &Value) -> Vec<(String, String)> {
    match Members::of(value) {
        Some(Members(members, listed)) => {
            members.into_iter().flat_map(|(key, member)| leaves(path(&at, key, listed), member)).collect()
        }
        None => {
            let said = words(value).filter(|said| !said.is_empty());
            said.map(|said| (at, shortened(&said))).into_iter().collect()
        }
    }
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
    fn what_is_new_as_a_whole_is_told_field_by_field() {
        let spec = fleet();
        let mut more = spec.clone();
        let mut batch = crate::pool::PoolSpec::new("batch", crate::AgentType::BackendDeveloper, "web");
        batch.target_size = Some(4);
        more.agent_pools.insert(0, batch);
        more.agent_vm_templates[0].metadata.insert("startup".into(), "a\nb".into());
        let find = |told: &[FieldChange], attribute: &str| {
            let found = told.iter().find(|change| change.attribute == attribute);
            found.map(|change| (change.before.clone(), change.after.clone()))
        };
        let four = || Some("4".to_owned());
        let size = "agent_pools[\"batch\"].target_size";
        let new = differing_fields(Some(&spec), &more);
        assert_eq!(find(&new, size), Some((None, four())));
        assert_eq!(find(&new, "agent_pools[\"front\"].name"), None, "it stays as it is");
        // One field that differs is there in full.
        let script = "agent_vm_templates[\"web\"].metadata.startup";
        assert_eq!(find(&new, script), Some((None, Some("a\nb".to_owned()))));
        let gone = differing_fields(Some(&more), &spec);
        assert_eq!((find(&gone, size), gone.len()), (Some((four(), None)), new.len()));

        // Where nothing was declared, all of it is new.
        let first = differing_fields(None, &more);
        assert_eq!(find(&first, "environment.environment"), Some((None, Some("dev".to_owned()))));
        assert_eq!(find(&first, script), Some((None, Some("(2 lines, 3 bytes)".to_owned()))));
        assert_eq!(find(&first, "agent_pools[\"front\"].target_size"), None, "it holds nothing");
        assert!(first.iter().all(|change| change.before.is_none() && change.after.is_some()), "{first:#?}");
        assert_eq!(differing_fields(Some(&more), &more), []);
    }

    #[test]
    fn a_field_is_of_its_noun() {
        for (attribute, noun, field) in [
            ("agent_pools[\"web\"].target_size", "agent_pools[\"web\"]", "target_size"),
            ("agent_pools[\"a.b\"].canary.size", "agent_pools[\"a.b\"]", "canary.size"),
            ("agent_vm_templates[\"web\"].labels[\"a-b\"]", "agent_vm_templates[\"web\"]", "labels[\"a-b\"]"),
            ("environment.zones", "environment", "zones"),
            ("environment.labels[\"cost-center\"]", "environment", "labels[\"cost-center\"]"),
            ("firewall_rules.ssh.priority", "firewall_rules.ssh", "priority"),
            ("firewall_rules[\"allow-ssh\"].priority", "firewall_rules[\"allow-ssh\"]", "priority"),
        ] {
            assert_eq!(noun_and_field(attribute), Some((noun, field)), "{attribute}");
        }
        for whole in ["", "agent_pools", "agent_pools[\"web\"]", "firewall_rules.ssh", "environment."] {
            assert_eq!(noun_and_field(whole), None, "{whole}");
        }
        // Each that those are told who agree to it.
        let told = differing_fields(None, &fleet());
        assert!(told.iter().all(|change| noun_and_field(&change.attribute).is_some()), "{told:#?}");
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
