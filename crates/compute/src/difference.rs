//! Which attributes of two resources differ: for the message of a conflict, and to know that nothing is left to do.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// Names of the attributes, in the resource's own spelling. The order in a list means nothing: the service may keep another one.
pub(crate) fn attributes<T: Serialize>(wanted: &T, found: &T) -> Vec<String> {
    let (Ok(Value::Object(mut wanted)), Ok(Value::Object(mut found))) =
        (serde_json::to_value(wanted), serde_json::to_value(found))
    else {
        // Both are structs of ours with text keys, which always have such a value.
        return vec!["everything".to_owned()];
    };
    wanted.values_mut().chain(found.values_mut()).for_each(sort);
    // An attribute that is not set may be left out of either.
    let names: BTreeSet<String> = wanted.keys().chain(found.keys()).cloned().collect();
    names.into_iter().filter(|name| wanted.get(name) != found.get(name)).collect()
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sort);
            items.sort_by_cached_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(sort),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Amount,
        environment::NamedPort,
        pool::{ReplacementMethod, UpdateType},
        resource::{Canary, InstanceGroup, UpdatePolicy},
    };

    use super::*;

    fn group(ports: &[(&str, u16)]) -> InstanceGroup {
        InstanceGroup {
            name: "web".to_owned(),
            base_instance_name: "agent-web".to_owned(),
            description: String::new(),
            template: "t".to_owned(),
            canary: None,
            target_size: 1,
            zones: Vec::new(),
            named_ports: ports
                .iter()
                .map(|&(name, port)| NamedPort { name: name.to_owned(), port })
                .collect(),
            update_policy: UpdatePolicy {
                update_type: UpdateType::Proactive,
                replacement_method: ReplacementMethod::Substitute,
                max_surge: Amount::Fixed(3),
                max_unavailable: Amount::NONE,
            },
            auto_healing: None,
        }
    }

    #[test]
    fn another_order_is_no_difference() {
        let one = group(&[("http", 8080), ("metrics", 9090)]);
        let other = group(&[("metrics", 9090), ("http", 8080)]);
        assert_eq!(attributes(&one, &other), [""; 0]);
    }

    #[test]
    fn what_differs_is_named() {
        let one = group(&[("http", 8080)]);
        let other = InstanceGroup { target_size: 2, ..group(&[("http", 8081)]) };
        assert_eq!(attributes(&one, &other), ["named_ports", "target_size"]);
    }

    #[test]
    fn what_only_one_of_them_has_differs() {
        let plain = group(&[]);
        let canary = Canary { template: "t2".to_owned(), target_size: Amount::Fixed(1) };
        let tried = InstanceGroup { canary: Some(canary), ..group(&[]) };
        assert_eq!(attributes(&plain, &tried), ["canary"]);
        assert_eq!(attributes(&tried, &plain), ["canary"]);
    }
}
