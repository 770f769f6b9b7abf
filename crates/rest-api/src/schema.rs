//! JSON schemas of what crosses the wire, written by the same lines that declare the types.

use std::collections::BTreeMap;

use domain::{
    AgentType, ChangeId, ChangeState, Permission, Role, Timestamp,
    agent::AgentState,
    alert::{AlertKind, AlertState},
    approvals::Ballot,
    autoscaling::AutoscalingMode,
    command::{CommandState, Verb},
    edit::Edit,
    plan::Risk,
    token::Scope,
    view::rollout::{RolloutState, SquareState, VersionRole},
};
use serde_json::{Map, Value, json};

/// The schemas that others refer to, by the name of their type.
#[derive(Debug, Default)]
pub struct Definitions(BTreeMap<&'static str, Value>);

/// One member of an object.
#[derive(Debug)]
pub struct Property {
    pub name: &'static str,
    pub about: String,
    pub schema: Value,
    pub required: bool,
}

impl Definitions {
    pub fn into_value(self) -> Value {
        Value::Object(self.0.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect())
    }

    /// A reference to the object's schema, which is written down once. `closed`: other members are refused.
    pub fn object(
        &mut self,
        name: &'static str,
        about: &str,
        closed: bool,
        properties: impl FnOnce(&mut Self) -> Vec<Property>,
    ) -> Value {
        if !self.0.contains_key(name) {
            self.0.insert(name, Value::Null);
            let listed = properties(self);
            let required: Vec<&str> =
                listed.iter().filter(|property| property.required).map(|property| property.name).collect();
            let mut schema = Map::from_iter([
                ("type".to_owned(), json!("object")),
                ("description".to_owned(), json!(about.trim())),
                ("required".to_owned(), json!(required)),
            ]);
            let members = listed.into_iter().map(|property| {
                let mut schema = property.schema;
                let about = property.about.trim();
                if let (Value::Object(schema), false) = (&mut schema, about.is_empty()) {
                    schema.insert("description".to_owned(), json!(about));
                }
                (property.name.to_owned(), schema)
            });
            schema.insert("properties".to_owned(), Value::Object(members.collect()));
            if closed {
                schema.insert("additionalProperties".to_owned(), json!(false));
            }
            self.0.insert(name, Value::Object(schema));
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

pub trait Schema {
    /// May be left out of a request.
    const OPTIONAL: bool = false;

    fn schema(into: &mut Definitions) -> Value;
}

macro_rules! plain {
    ($($type:ty => $schema:tt,)*) => {
        $(impl Schema for $type {
            fn schema(_: &mut Definitions) -> Value { json!($schema) }
        })*
    };
}

plain! {
    String => { "type": "string" },
    bool => { "type": "boolean" },
    u16 => { "type": "integer", "minimum": 0, "maximum": 65535 },
    u32 => { "type": "integer", "minimum": 0, "format": "int64" },
    u64 => { "type": "integer", "minimum": 0, "format": "int64" },
    i64 => { "type": "integer", "format": "int64" },
    f64 => { "type": "number" },
    Timestamp => { "type": "string", "format": "date-time" },
    ChangeId => { "type": "string", "pattern": "^chg-[1-9][0-9]*$" },
    Value => {},
    Map<String, Value> => { "type": "object" },
}

/// Words of the domain, each with a list of all of them.
macro_rules! words {
    ($($type:ty,)*) => {
        $(impl Schema for $type {
            fn schema(_: &mut Definitions) -> Value {
                let words: Vec<Value> = <$type>::ALL.iter().map(|word| json!(word)).collect();
                json!({ "type": "string", "enum": words })
            }
        })*
    };
}

words! {
    AgentState, AgentType, AlertKind, AlertState, AutoscalingMode, Ballot, ChangeState, CommandState, Permission, Risk, Role,
    RolloutState, Scope, SquareState, Verb, VersionRole,
}

/// An edit by its verb; the noun it carries is whole, by the names of the Terraform module.
impl Schema for Edit {
    fn schema(_: &mut Definitions) -> Value {
        let verbs = [
            "create_template",
            "update_template",
            "stage_template",
            "roll_template",
            "retire_template",
            "create_pool",
            "update_pool",
            "scale_pool",
            "set_pool_template",
            "delete_pool",
            "create_firewall_rule",
            "update_firewall_rule",
            "delete_firewall_rule",
            "update_environment",
        ];
        json!({
            "type": "object",
            "required": ["edit"],
            "properties": {
                "edit": { "type": "string", "enum": verbs },
                "name": { "type": "string", "description": "Of the pool or template" },
                "key": { "type": "string", "description": "Of the firewall rule" },
                "template_name": { "type": "string" },
                "target_size": { "type": "integer", "minimum": 0 },
                "pool": { "type": "object", "description": "As in `agent_pools` of the declaration" },
                "template": { "type": "object", "description": "As in `agent_vm_templates` of the declaration" },
                "firewall_rule": { "type": "object", "description": "As in `firewall_rules` of the declaration" },
                "environment": { "type": "object", "description": "As `environment` of the declaration" },
            },
        })
    }
}

impl<T: Schema> Schema for Option<T> {
    const OPTIONAL: bool = true;

    fn schema(into: &mut Definitions) -> Value {
        match T::schema(into) {
            Value::Object(mut schema) if schema.get("type").is_some_and(Value::is_string) => {
                let kind = schema.remove("type").unwrap_or_default();
                if let Some(Value::Array(words)) = schema.get_mut("enum") {
                    words.push(Value::Null);
                }
                schema.insert("type".to_owned(), json!([kind, "null"]));
                Value::Object(schema)
            }
            other => json!({ "anyOf": [other, { "type": "null" }] }),
        }
    }
}

impl<T: Schema> Schema for Box<T> {
    fn schema(into: &mut Definitions) -> Value {
        T::schema(into)
    }
}

impl<T: Schema> Schema for Vec<T> {
    fn schema(into: &mut Definitions) -> Value {
        json!({ "type": "array", "items": T::schema(into) })
    }
}

impl<T: Schema> Schema for BTreeMap<String, T> {
    fn schema(into: &mut Definitions) -> Value {
        json!({ "type": "object", "additionalProperties": T::schema(into) })
    }
}

/// Declares a type of the wire together with its schema; its documentation is the schema's.
/// An `answer` has every member always; a `request` refuses members that it does not know.
macro_rules! wire {
    (@declare [$($derive:meta),*] [$closed:literal] $(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $said:literal])* $field:ident: $type:ty,)*
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[$derive])*
        #[allow(unreachable_pub, reason = "a test declares some of its own")]
        pub struct $name { $($(#[doc = $said])* pub $field: $type,)* }

        impl $crate::schema::Schema for $name {
            fn schema(into: &mut $crate::schema::Definitions) -> serde_json::Value {
                into.object(stringify!($name), concat!($($about),+), $closed, |_into| vec![$(
                    $crate::schema::Property {
                        name: stringify!($field).trim_start_matches("r#"),
                        about: concat!($($said,)* "").to_owned(),
                        schema: <$type as $crate::schema::Schema>::schema(_into),
                        required: !($closed && <$type as $crate::schema::Schema>::OPTIONAL),
                    },
                )*])
            }
        }
    };
    (answer $($rest:tt)*) => { $crate::schema::wire!(@declare [] [false] $($rest)*); };
    (request $($rest:tt)*) => { $crate::schema::wire!(@declare [serde(deny_unknown_fields)] [true] $($rest)*); };
}

pub(crate) use wire;

#[cfg(test)]
mod tests {
    use super::*;

    wire! { request
        /// A thing.
        Thing {
            /// Its name.
            name: String,
            size: Option<u32>,
            role: Option<Role>,
            others: Option<Vec<Thing>>,
        }
    }

    #[test]
    fn a_type_and_its_schema_come_from_the_same_lines() {
        let mut definitions = Definitions::default();
        assert_eq!(Thing::schema(&mut definitions), json!({ "$ref": "#/components/schemas/Thing" }));
        let thing = &definitions.into_value()["Thing"];
        assert_eq!(thing["description"], "A thing.");
        assert_eq!(thing["required"], json!(["name"]));
        assert_eq!(thing["additionalProperties"], false);
        assert_eq!(thing["properties"]["name"], json!({ "type": "string", "description": "Its name." }));
        assert_eq!(thing["properties"]["size"]["type"], json!(["integer", "null"]));
        let words = json!(["viewer", "operator", "approver", "admin", null]);
        assert_eq!(thing["properties"]["role"]["enum"], words);
        let unknown = serde_json::from_str::<Thing>(r#"{"name": "a", "colour": 1}"#);
        assert!(unknown.unwrap_err().to_string().contains("colour"));
        assert_eq!(serde_json::from_str::<Thing>(r#"{"name": "a"}"#).unwrap().size, None);
    }
}
