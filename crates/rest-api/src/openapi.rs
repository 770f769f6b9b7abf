//! The OpenAPI 3.1 document of the table of operations.

use serde_json::{Map, Value, json};

use crate::{
    IfMatch, OPERATIONS, Operation, Problem,
    schema::{Definitions, Schema as _},
};

/// The document; docs/openapi.json is this, and a test compares the two.
pub fn openapi() -> Value {
    let mut definitions = Definitions::default();
    let problem = json!({ "description": "Refused", "content": {
        "application/problem+json": { "schema": Problem::schema(&mut definitions) }
    }});
    let moved = json!({
        "description": "What the proposal is about is declared otherwise by now, or its plan is another one: `current` is what \
                        the environment declares, and nothing was proposed",
        "headers": { "ETag": {
            "description": "Of the declaration in force: what If-Match takes next. Absent where `current` is null.",
            "schema": { "type": "string" },
        }},
        "content": problem["content"],
    });
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method.as_str().to_lowercase()] = describe(operation, &mut definitions);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Agent Manager",
            "version": "1",
            "description": "Declare, plan, propose and observe fleets of agent VMs. Every write to a fleet is a change that policy \
                            and people decide on. Errors are explained in docs/errors.md; each answer carries x-request-id.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer",
                "description": "An API token of Settings, API tokens. It acts as its person, within its scopes."
            }},
            "responses": { "Moved": moved, "Problem": problem },
            "schemas": definitions.into_value(),
        },
    })
}

fn describe(operation: &Operation, definitions: &mut Definitions) -> Value {
    let mut parameters: Vec<Value> = operation
        .path_parameters()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(operation.query.iter().map(|parameter| {
        json!({ "name": parameter.name, "in": "query", "description": parameter.about, "schema": { "type": "string" } })
    }));
    if operation.once {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "maxLength": 100 },
            "description": "The same request with the same key is carried out once and answered the same for 24 hours."
        }));
    }
    if operation.if_match != IfMatch::Ignored {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "schema": { "type": "string" },
            "required": operation.if_match == IfMatch::Required,
            "description": "The ETag of the declaration that was read: 412 where what the proposal is about was declared \
                            otherwise since. An edit is about its own noun, texts are about the whole declaration."
        }));
    }
    if operation.etag {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "schema": { "type": "string" },
            "description": "An ETag that is known already: 304 where the answer is still that."
        }));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.about,
        "parameters": parameters,
        "responses": {
            operation.status.to_string(): {
                "description": "Done",
                "content": { "application/json": { "schema": (operation.answer)(definitions) } }
            },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    if operation.if_match != IfMatch::Ignored {
        described["responses"]["412"] = json!({ "$ref": "#/components/responses/Moved" });
    }
    if operation.if_match == IfMatch::Required {
        described["responses"]["428"] = json!({ "$ref": "#/components/responses/Problem" });
    }
    if operation.etag {
        let headers = json!({ "ETag": {
            "description": "Names the answer: what If-None-Match and If-Match take.",
            "schema": { "type": "string" },
        }});
        described["responses"]["304"] =
            json!({ "description": "It is what If-None-Match names.", "headers": headers });
        described["responses"][operation.status.to_string()]["headers"] = headers;
    }
    if let Some(scope) = operation.permission.and_then(domain::Permission::scope) {
        described["description"] = json!(format!("Takes the scope `{scope}`."));
    }
    if let Some(request) = operation.request {
        described["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": request(definitions) } } });
    }
    described
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_and_an_address_of_its_own() {
        let ids: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
        let addresses: BTreeSet<_> =
            OPERATIONS.iter().map(|operation| (operation.method.as_str(), operation.path)).collect();
        assert_eq!((ids.len(), addresses.len()), (OPERATIONS.len(), OPERATIONS.len()));
    }

    #[test]
    fn who_names_a_generation_is_shown_the_newer_one() {
        let document = openapi();
        for operation in OPERATIONS {
            let path = &document["paths"][operation.path][operation.method.as_str().to_lowercase()];
            let heeds = operation.if_match != IfMatch::Ignored;
            assert_eq!(path["responses"]["412"].is_object(), heeds, "{}", operation.id);
        }
        let current = &document["components"]["schemas"]["Problem"]["properties"]["current"];
        assert_eq!(current["anyOf"][0]["$ref"], "#/components/schemas/Declaration");
    }

    #[test]
    fn what_must_be_sent_is_required_and_what_names_an_answer_is_shown() {
        let document = openapi();
        let edit = &document["paths"]["/api/v1/environments/{environment}/changes"]["post"];
        let texts = &document["paths"]["/api/v1/changes"]["post"];
        let if_match = |operation: &Value| {
            let listed = operation["parameters"].as_array().unwrap();
            listed.iter().find(|parameter| parameter["name"] == "If-Match").unwrap().clone()
        };
        assert_eq!(
            (&if_match(edit)["required"], &if_match(texts)["required"]),
            (&json!(true), &json!(false))
        );
        assert!(edit["responses"]["428"].is_object() && texts["responses"]["428"].is_null());
        let declaration = &document["paths"]["/api/v1/environments/{environment}/declaration"]["get"];
        for status in ["200", "304"] {
            assert!(declaration["responses"][status]["headers"]["ETag"].is_object(), "{status}");
        }
        assert!(declaration["responses"]["304"]["content"].is_null(), "it has no body");
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        fn references(value: &Value, into: &mut BTreeSet<String>) {
            match value {
                Value::Object(members) => members.iter().for_each(|(key, member)| match member {
                    Value::String(text) if key == "$ref" => {
                        into.insert(text.clone());
                    }
                    other => references(other, into),
                }),
                Value::Array(items) => items.iter().for_each(|item| references(item, into)),
                _ => {}
            }
        }
        let document = openapi();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some_and(Value::is_object), "{reference}");
        }
    }
}
