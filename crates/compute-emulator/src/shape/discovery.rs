//! The tables against Google's discovery document: no field, type or choice that it does not have.

use serde_json::Value;

use super::{Fields, Shape};

#[test]
fn every_table_is_part_of_the_discovery_document() {
    #[expect(clippy::disallowed_methods, reason = "the document is no part of the repository: xtask says where it is")]
    let file = std::env::var("COMPUTE_DISCOVERY").expect(
        "COMPUTE_DISCOVERY is not set: `cargo xtask setup` provides Google's discovery document and `cargo xtask test` says \
         where it is",
    );
    let text = std::fs::read(&file).unwrap_or_else(|error| panic!("COMPUTE_DISCOVERY={file}: {error}"));
    let document: Value = serde_json::from_slice(&text).unwrap();
    let mut wrong = Vec::new();
    for (name, fields) in [
        ("Autoscaler", super::autoscaler::AUTOSCALER),
        ("Firewall", super::firewall::FIREWALL),
        ("HealthCheck", super::health_check::HEALTH_CHECK),
        ("InstanceGroupManager", super::group::GROUP),
        ("InstanceTemplate", super::template::TEMPLATE),
        ("RegionInstanceGroupManagersApplyUpdatesRequest", super::group::APPLY_UPDATES),
        ("RegionInstanceGroupManagersDeleteInstancesRequest", super::group::DELETE_INSTANCES),
        ("RegionInstanceGroupManagersRecreateRequest", super::group::INSTANCES),
        ("RegionInstanceGroupManagersAbandonInstancesRequest", super::group::INSTANCES),
        ("RegionInstanceGroupManagersStartInstancesRequest", super::group::INSTANCES),
        ("RegionInstanceGroupManagersStopInstancesRequest", super::group::STOP_INSTANCES),
        ("RegionInstanceGroupManagersCreateInstancesRequest", super::group::CREATE_INSTANCES),
        ("RegionInstanceGroupManagersSetTemplateRequest", super::group::SET_TEMPLATE),
    ] {
        compare_fields(&document, fields, &document["schemas"][name], name, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compare_fields(document: &Value, fields: Fields, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    for (name, shape) in fields {
        match schema["properties"].get(name) {
            Some(schema) => compare(document, shape, schema, &format!("{at}.{name}"), wrong),
            None => wrong.push(format!("{at}.{name} is no field")),
        }
    }
}

fn compare(document: &Value, shape: &Shape, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return compare(document, shape, &document["schemas"][name], at, wrong);
    }
    let kind = (schema["type"].as_str().unwrap_or_default(), schema["format"].as_str().unwrap_or_default());
    let fits = match (shape, kind) {
        (Shape::Object(fields), ("object", _)) => {
            compare_fields(document, fields, schema, at, wrong);
            true
        }
        (Shape::Map(inner), ("object", _)) => {
            compare(document, inner, &schema["additionalProperties"], &format!("{at}{{}}"), wrong);
            true
        }
        (Shape::List(inner), ("array", _)) => {
            compare(document, inner, &schema["items"], &format!("{at}[]"), wrong);
            true
        }
        (Shape::Choice(choices), ("string", _)) => {
            let known = schema["enum"].as_array().cloned().unwrap_or_default();
            choices.iter().all(|choice| known.contains(&Value::from(*choice)))
        }
        (Shape::Text, ("string", ""))
        | (Shape::Bool, ("boolean", _))
        | (Shape::Int32, ("integer", "int32"))
        | (Shape::Int64, ("string", "int64" | "uint64"))
        | (Shape::Double, ("number", "double"))
        | (Shape::Bytes, ("string", "byte")) => true,
        _ => false,
    };
    if !fits {
        wrong.push(format!("{at} is {shape:?} here and {kind:?} there"));
    }
}
