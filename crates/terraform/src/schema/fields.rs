//! The attributes of one object, taken by name. What is left at the end is unknown to the schema.

use std::collections::BTreeMap;

use domain::{
    AgentType, Amount,
    environment::{CustomMetric, NamedPort},
};

use super::Reader;
use crate::{
    nearest::nearest,
    path::Path,
    source::At,
    value::{Entries, Value},
};

/// Beyond that, all names in a message are no help.
const MOST_NAMES_LISTED: usize = 30;

const METRIC_KINDS: [&str; 3] = ["GAUGE", "DELTA_PER_SECOND", "DELTA_PER_MINUTE"];

pub(super) struct Fields<'r, 'p, 't> {
    pub(super) reader: &'r mut Reader<'t>,
    pub(super) path: &'p Path<'p>,
    /// Of the object itself.
    pub(super) at: At,
    entries: Entries,
    asked: Vec<&'static str>,
}

macro_rules! scalar {
    ($($name:ident -> $type:ty;)*) => {
        $(
            pub(super) fn $name(&mut self, name: &'static str) -> Option<$type> {
                let value = self.take(name)?;
                self.reader.$name(&value, &self.path.field(name))
            }
        )*
    };
}

impl<'r, 'p, 't> Fields<'r, 'p, 't> {
    pub(super) const fn new(
        reader: &'r mut Reader<'t>,
        path: &'p Path<'p>,
        at: At,
        entries: Entries,
    ) -> Self {
        Self { reader, path, at, entries, asked: Vec::new() }
    }

    scalar! {
        text -> String;
        flag -> bool;
        number -> f64;
        whole -> u32;
        amount -> Amount;
        port -> u16;
        texts -> Vec<String>;
        text_map -> BTreeMap<String, String>;
    }

    /// None where it is absent, null or not known.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        let entry = self.entries.remove(name)?;
        self.reader.known(entry.value, &self.path.field(name))
    }

    /// Empty where it could not be read; then the declaration is dropped in the end.
    pub(super) fn required_text(&mut self, name: &'static str) -> String {
        let at = self.place_of(name);
        let Some(value) = self.required(name) else { return String::new() };
        let text = self.reader.text(&value, &self.path.field(name)).unwrap_or_default();
        if text.is_empty() && value.as_text().is_some() {
            self.reader.refuse(at, &self.path.field(name), "must not be empty");
        }
        text
    }

    pub(super) fn required(&mut self, name: &'static str) -> Option<Value> {
        let absent = self.entries.get(name).is_none_or(|entry| entry.value.is_null());
        if absent {
            self.reader.refuse(self.at, &self.path.field(name), "is required: add it");
        }
        self.take(name)
    }

    /// Asks the user where the text does not say.
    pub(super) fn asked_text(&mut self, name: &'static str) -> String {
        if self.entries.get(name).is_none_or(|entry| entry.value.is_null()) {
            let value = self.reader.evaluator.ask(name, self.at);
            self.entries.insert(name.into(), crate::value::Entry { key_at: self.at, value });
        }
        self.required_text(name)
    }

    /// Any type will do where it could not be read: the declaration is dropped in the end.
    pub(super) fn agent_type(&mut self) -> AgentType {
        let name = "agent_type";
        let anything = AgentType::BackendDeveloper;
        let Some(value) = self.required(name) else { return anything };
        let path = self.path.field(name);
        let Some(text) = self.reader.text(&value, &path) else { return anything };
        text.parse().unwrap_or_else(|_| {
            let complaint = one_of(&text, &AgentType::ALL.map(AgentType::as_str));
            self.reader.refuse(value.at, &path, complaint);
            anything
        })
    }

    pub(super) fn choice(&mut self, name: &'static str, known: &[&str]) -> String {
        let value = self.required(name);
        value.and_then(|value| self.chosen(&value, name, known)).unwrap_or_default()
    }

    /// None where it is absent: the default.
    pub(super) fn optional_choice(&mut self, name: &'static str, known: &[&str]) -> Option<String> {
        let value = self.take(name)?;
        self.chosen(&value, name, known)
    }

    fn chosen(&mut self, value: &Value, name: &'static str, known: &[&str]) -> Option<String> {
        let path = self.path.field(name);
        let text = self.reader.text(value, &path)?;
        if !known.contains(&text.as_str()) {
            self.reader.refuse(value.at, &path, one_of(&text, known));
        }
        Some(text)
    }

    /// A list of objects, each read by `read`.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Fields<'_, '_, 't>) -> T,
    ) -> Option<Vec<T>> {
        let value = self.take(name)?;
        let path = self.path.field(name);
        let list = self.reader.list(&value, &path)?;
        let mut objects = Vec::with_capacity(list.items.len());
        for (index, item) in list.items.iter().enumerate() {
            let path = path.item(index);
            if item.is_null() {
                self.reader.refuse(item.at, &path, "must be an object, found null");
            }
            objects.extend(Fields::read(self.reader, item, &path, &read));
        }
        Some(objects)
    }

    /// None where it is no object.
    pub(super) fn read<T>(
        reader: &mut Reader<'t>,
        value: &Value,
        path: &Path<'_>,
        read: impl FnOnce(&mut Fields<'_, '_, 't>) -> T,
    ) -> Option<T> {
        let value = reader.known(value.clone(), path)?;
        let object = reader.object(&value, path)?;
        let mut fields = Fields::new(reader, path, value.at, object.entries.clone());
        let result = read(&mut fields);
        fields.finish();
        Some(result)
    }

    pub(super) fn named_ports(&mut self, name: &'static str) -> Option<Vec<NamedPort>> {
        self.objects(name, |port| {
            let name = port.required_text("name");
            let value = port.required("port");
            let path = port.path.field("port");
            let port = value.and_then(|value| port.reader.port(&value, &path)).unwrap_or_default();
            NamedPort { name, port }
        })
    }

    pub(super) fn custom_metrics(&mut self, name: &'static str) -> Option<Vec<CustomMetric>> {
        self.objects(name, |metric| {
            let name = metric.required_text("name");
            let value = metric.required("target");
            let path = metric.path.field("target");
            let target = value.and_then(|value| metric.reader.number(&value, &path)).unwrap_or_default();
            CustomMetric { name, target, kind: metric.choice("type", &METRIC_KINDS) }
        })
    }

    /// Where the attribute's value stands, or the object.
    pub(super) fn place_of(&self, name: &str) -> At {
        self.entries.get(name).map_or(self.at, |entry| entry.value.at)
    }

    /// Reports what the schema does not have.
    pub(super) fn finish(self) {
        for (name, entry) in &self.entries {
            let path = self.path.field(name);
            let fix = match nearest(name, self.asked.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if self.asked.len() <= MOST_NAMES_LISTED => {
                    format!("remove it, or use one of {}", self.asked.join(", "))
                }
                None => "remove it: the vm-management module has no such attribute".to_owned(),
            };
            self.reader.refuse(entry.key_at, &path, format_args!("is not an attribute; {fix}"));
        }
    }
}

fn one_of(found: &str, known: &[&str]) -> String {
    let meant = nearest(found, known.iter().copied());
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    format!("must be one of {}, found {}{meant}", known.join(", "), crate::value::Short(found))
}
