//! What bodies may look like: names, types and choices of each field, as the service's schema has them. Checks what clients
//! send and brings numbers into the form in which the service would give them back. The tables are in the modules below;
//! a test holds them against Google's discovery document.

pub(crate) mod autoscaler;
#[cfg(test)]
mod discovery;
pub(crate) mod firewall;
pub(crate) mod group;
pub(crate) mod health_check;
pub(crate) mod template;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use serde_json::{Map, Value};

use crate::error::Error;

#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    Bool,
    Int32,
    /// 64 bits travel as decimal text.
    Int64,
    Double,
    Bytes,
    Choice(&'static [&'static str]),
    List(&'static Shape),
    Map(&'static Shape),
    Object(Fields),
}

pub(crate) type Fields = &'static [(&'static str, Shape)];

/// What a null means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// The field is absent: in whole resources.
    Absent,
    /// The field is to be removed: in merge patches.
    Kept,
}

/// Checks a body against its fields and returns it normalised.
pub(crate) fn check(
    fields: Fields,
    body: Map<String, Value>,
    nulls: Nulls,
) -> Result<Map<String, Value>, Error> {
    object(fields, body, "resource", nulls)
}

fn object(
    fields: Fields,
    body: Map<String, Value>,
    at: &str,
    nulls: Nulls,
) -> Result<Map<String, Value>, Error> {
    let mut checked = Map::new();
    for (name, value) in body {
        let Some((_, shape)) = fields.iter().find(|(known, _)| *known == name) else {
            return Err(Error::malformed(format!(
                "Invalid JSON payload received. Unknown name \"{name}\" at '{at}': Cannot find field."
            )));
        };
        if value.is_null() {
            if nulls == Nulls::Kept {
                checked.insert(name, value);
            }
            continue;
        }
        let at = format!("{at}.{name}");
        checked.insert(name, shape.check(value, &at, nulls)?);
    }
    Ok(checked)
}

impl Shape {
    fn check(&self, value: Value, at: &str, nulls: Nulls) -> Result<Value, Error> {
        let wrong = |value: &Value, kind: &str| {
            Error::malformed(format!("Invalid value at '{at}' ({kind}), {value}"))
        };
        match (self, value) {
            (Self::Text, Value::String(text)) => Ok(Value::String(text)),
            (Self::Bool, Value::Bool(flag)) => Ok(Value::Bool(flag)),
            (Self::Int32, value) => match integer(&value).and_then(|n| i32::try_from(n).ok()) {
                Some(n) => Ok(n.into()),
                None => Err(wrong(&value, "TYPE_INT32")),
            },
            (Self::Int64, value) => match integer(&value) {
                Some(n) => Ok(n.to_string().into()),
                None => Err(wrong(&value, "TYPE_INT64")),
            },
            (Self::Double, Value::Number(n)) => Ok(Value::Number(n)),
            (Self::Double, Value::String(text)) => match text.parse::<f64>() {
                Ok(n) if n.is_finite() => Ok(n.into()),
                _ => Err(wrong(&Value::String(text), "TYPE_DOUBLE")),
            },
            (Self::Bytes, Value::String(text)) => match decode(&text) {
                Some(bytes) => Ok(URL_SAFE.encode(bytes).into()),
                None => Err(wrong(&Value::String(text), "TYPE_BYTES")),
            },
            (Self::Choice(choices), Value::String(text)) => {
                if choices.contains(&text.as_str()) {
                    return Ok(Value::String(text));
                }
                Err(Error::invalid(at, &text, &format!("Must be one of [{}].", choices.join(", "))))
            }
            (Self::List(shape), Value::Array(items)) => items
                .into_iter()
                .enumerate()
                .map(|(i, item)| shape.check(item, &format!("{at}[{i}]"), Nulls::Absent))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            (Self::Map(shape), Value::Object(entries)) => entries
                .into_iter()
                .filter(|(_, value)| nulls == Nulls::Kept || !value.is_null())
                .map(|(key, value)| {
                    if value.is_null() {
                        return Ok((key, value));
                    }
                    let at = format!("{at}[{key}]");
                    shape.check(value, &at, nulls).map(|value| (key, value))
                })
                .collect::<Result<_, _>>()
                .map(Value::Object),
            (Self::Object(fields), Value::Object(body)) => object(fields, body, at, nulls).map(Value::Object),
            (Self::Text | Self::Choice(_), value) => Err(wrong(&value, "TYPE_STRING")),
            (Self::Bool, value) => Err(wrong(&value, "TYPE_BOOL")),
            (Self::Double, value) => Err(wrong(&value, "TYPE_DOUBLE")),
            (Self::Bytes, value) => Err(wrong(&value, "TYPE_BYTES")),
            (Self::List(_), value) => Err(wrong(&value, "a list")),
            (Self::Map(_) | Self::Object(_), value) => Err(wrong(&value, "an object")),
        }
    }
}

/// Integers may come as number, as whole double and as text.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64().or_else(|| {
            let double = n.as_f64()?;
            (double.fract() == 0.0 && double.abs() < 9.0e15).then_some(double as i64)
        }),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Bytes travel as URL-safe base64, padded or not.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: Fields = &[
        ("size", Shape::Int32),
        ("disk", Shape::Int64),
        ("mode", Shape::Choice(&["ON", "OFF"])),
        ("tags", Shape::List(&Shape::Text)),
        ("labels", Shape::Map(&Shape::Text)),
        ("print", Shape::Bytes),
    ];

    fn run(body: Value, nulls: Nulls) -> Result<Value, Error> {
        let Value::Object(body) = body else { panic!("an object") };
        check(FIELDS, body, nulls).map(Value::Object)
    }

    #[test]
    fn numbers_take_the_service_s_form() {
        let body = run(json!({"size": "3", "disk": 20, "print": "AAECAwQFBgc"}), Nulls::Absent).unwrap();
        assert_eq!(body, json!({"size": 3, "disk": "20", "print": "AAECAwQFBgc="}));
        assert_eq!(run(json!({"size": 3.0}), Nulls::Absent).unwrap(), json!({"size": 3}));
    }

    #[test]
    fn wrong_types_names_and_choices_are_refused() {
        for body in [
            json!({"size": 3.5}),
            json!({"size": true}),
            json!({"colour": 1}),
            json!({"mode": "on"}),
            json!({"tags": "a"}),
            json!({"print": "a+b/"}),
        ] {
            assert!(run(body.clone(), Nulls::Absent).is_err(), "{body}");
        }
    }

    #[test]
    fn a_null_is_absent_or_kept() {
        let body = json!({"size": null, "labels": {"a": null}});
        assert_eq!(run(body.clone(), Nulls::Absent).unwrap(), json!({"labels": {}}));
        assert_eq!(run(body.clone(), Nulls::Kept).unwrap(), body);
    }
}
