//! JSON out of values and back, byte for byte as Terraform's `jsonencode` writes it: a fleet that moves here must
//! not see its metadata change.

use serde_json::Value as Json;

use super::{Context, Evaluated, Evaluator};
use crate::{
    source::At,
    value::{Entries, Entry, Kind, Value},
};

impl Evaluator<'_> {
    pub(super) fn json_encode(&mut self, value: &Value, at: At, context: Context<'_>) -> Evaluated {
        let mut missing = Vec::new();
        let mut text = String::new();
        self.write_json(value, &mut text, &mut missing, at, context)?;
        self.unknown(&missing, at, context)?;
        Ok(Value::text(&text, at))
    }

    fn write_json(
        &mut self,
        value: &Value,
        out: &mut String,
        missing: &mut Vec<Value>,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<()> {
        self.charge(1, at, context)?;
        match &value.kind {
            Kind::Null => out.push_str("null"),
            Kind::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Kind::Number(number) => out.push_str(&number.to_string()),
            Kind::Text(text) => self.write_text(text, out, at, context)?,
            Kind::Given(answer) => self.write_text(&answer.text, out, at, context)?,
            Kind::List(list) => {
                for (index, item) in list.items.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    self.write_json(item, out, missing, at, context)?;
                }
                out.push_str(if list.items.is_empty() { "[]" } else { "]" });
            }
            Kind::Object(object) => {
                for (index, (key, entry)) in object.entries.iter().enumerate() {
                    out.push(if index == 0 { '{' } else { ',' });
                    self.write_text(key, out, at, context)?;
                    out.push(':');
                    self.write_json(&entry.value, out, missing, at, context)?;
                }
                out.push_str(if object.entries.is_empty() { "{}" } else { "}" });
            }
            Kind::Unknown(_) | Kind::Poison => missing.push(value.clone()),
        }
        Ok(())
    }

    fn write_text(&mut self, text: &str, out: &mut String, at: At, context: Context<'_>) -> Evaluated<()> {
        self.charge(text.len() / 8, at, context)?;
        for c in Json::from(text).to_string().chars() {
            match c {
                // Terraform keeps JSON harmless within HTML and JavaScript.
                '<' => out.push_str("\\u003c"),
                '>' => out.push_str("\\u003e"),
                '&' => out.push_str("\\u0026"),
                '\u{2028}' => out.push_str("\\u2028"),
                '\u{2029}' => out.push_str("\\u2029"),
                other => out.push(other),
            }
        }
        Ok(())
    }

    pub(super) fn json_decode(&mut self, text: &str, at: At, context: Context<'_>) -> Evaluated {
        match serde_json::from_str(text) {
            Ok(json) => self.json_value(json, at, context),
            Err(error) => Err(self.fail(at, context, format_args!("`jsondecode` needs JSON: {error}"))),
        }
    }

    pub(super) fn json_value(&mut self, json: Json, at: At, context: Context<'_>) -> Evaluated {
        self.charge(1, at, context)?;
        let kind = match json {
            Json::Null => Kind::Null,
            Json::Bool(flag) => Kind::Flag(flag),
            Json::Number(number) => Kind::Number(number.as_f64().unwrap_or_default()),
            Json::String(text) => return self.new_text(&text, at, context),
            Json::Array(items) => {
                let items = items.into_iter().map(|item| self.json_value(item, at, context));
                let items = items.collect::<Evaluated<Vec<_>>>()?;
                return self.list(items, at, context);
            }
            Json::Object(pairs) => {
                let mut entries = Entries::new();
                for (key, value) in pairs {
                    let value = self.json_value(value, at, context)?;
                    entries.insert(key.into(), Entry { key_at: at, value });
                }
                return self.new_object(entries, at, context);
            }
        };
        Ok(Value::new(kind, at))
    }
}
