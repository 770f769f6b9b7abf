//! Functions of lists, sets and objects. A set is a list here, sorted and each item once.

use std::{cmp::Ordering, collections::BTreeSet, rc::Rc};

use super::Call;
use crate::{
    evaluate::{Evaluated, Evaluator},
    value::{Entries, Entry, Kind, List, Value},
};

impl Evaluator<'_> {
    pub(super) fn collection_function(&mut self, call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let items = match (call.name, call.arguments) {
            ("sensitive" | "nonsensitive", [value]) => return Ok(value.clone()),
            ("length", [value]) => return self.length(value, call),
            ("merge", objects) => return self.merge(objects, call),
            ("tomap", [value]) => {
                self.entries(value, call.subject(), at, context)?;
                return Ok(value.clone());
            }
            ("lookup", [object, key, default @ ..]) => {
                let key = self.text(key, "the key that `lookup` looks up", at, context)?;
                let object = self.entries(object, call.subject(), at, context)?;
                return match (object.entries.get(&key), default) {
                    (Some(entry), _) => Ok(entry.value.clone()),
                    (None, [default]) => Ok(default.clone()),
                    (None, _) => {
                        Err(self.fail(at, context, format_args!("`lookup` finds no `{key}`: add a default")))
                    }
                };
            }
            ("keys" | "values", [object]) => {
                let object = self.entries(object, call.subject(), at, context)?;
                let pairs = object.entries.iter();
                if call.name == "keys" {
                    pairs.map(|(key, entry)| Value::new(Kind::Text(Rc::clone(key)), entry.key_at)).collect()
                } else {
                    pairs.map(|(_, entry)| entry.value.clone()).collect()
                }
            }
            ("zipmap", [keys, values]) => return self.zipmap(keys, values, call),
            ("coalesce", values) => {
                let filled =
                    |value: &&Value| !value.is_null() && value.as_text().is_none_or(|text| !text.is_empty());
                return match values.iter().find(filled) {
                    Some(value) => Ok(value.clone()),
                    None => Err(self.fail(at, context, "`coalesce` found nothing but null and empty texts")),
                };
            }
            ("coalescelist", lists) => {
                for list in lists {
                    if !self.items(list, call.subject(), at, context)?.items.is_empty() {
                        return Ok(list.clone());
                    }
                }
                return Err(self.fail(at, context, "`coalescelist` found nothing but empty lists"));
            }
            ("concat" | "setunion", lists) => {
                let mut all = Vec::new();
                for list in lists {
                    let list = self.items(list, call.subject(), at, context)?;
                    self.charge(list.items.len(), at, context)?;
                    all.extend_from_slice(&list.items);
                }
                if call.name == "setunion" { self.set(all, call)? } else { all }
            }
            ("contains" | "index", [list, wanted]) => {
                let list = self.items(list, call.subject(), at, context)?;
                let found = self.find(&list, wanted, call)?;
                return match (call.name, found) {
                    ("contains", found) => Ok(Value::new(Kind::Flag(found.is_some()), at)),
                    (_, Some(index)) => Ok(Value::new(Kind::Number(index as f64), at)),
                    (_, None) => Err(self.fail(at, context, format_args!("`index` finds no {wanted}"))),
                };
            }
            ("element", [list, index]) => {
                let index = self.number(index, "the index that `element` is given", at, context)?;
                let length = self.items(list, call.subject(), at, context)?.items.len();
                // It wraps around; an empty list stays without items, and says so.
                let index = if length == 0 { index } else { index.rem_euclid(length as f64) };
                return self.item(list, index, at, context);
            }
            ("slice", [list, from, to]) => {
                let list = self.items(list, call.subject(), at, context)?;
                let from = self.number(from, "where `slice` begins", at, context)?.max(0.0) as usize;
                let to = self.number(to, "where `slice` ends", at, context)?.max(0.0) as usize;
                let Some(part) = list.items.get(from..to) else {
                    let length = list.items.len();
                    let message = format!("`slice` from {from} to {to} is outside of this list of {length}");
                    return Err(self.fail(at, context, message));
                };
                part.to_vec()
            }
            ("one", [list]) => {
                let list = self.items(list, call.subject(), at, context)?;
                return match list.items.as_slice() {
                    [] => Ok(Value::new(Kind::Null, at)),
                    [only] => Ok(only.clone()),
                    more => Err(self.fail(at, context, format_args!("`one` is given {} items", more.len()))),
                };
            }
            ("flatten", [list]) => {
                let list = self.items(list, call.subject(), at, context)?;
                let mut flat = Vec::new();
                self.flatten(&list, &mut flat, call)?;
                flat
            }
            ("setsubtract", [from, less]) => {
                let from = self.items(from, call.subject(), at, context)?;
                let less = self.items(less, call.subject(), at, context)?;
                let mut left = Vec::new();
                for item in &from.items {
                    if self.find(&less, item, call)?.is_none() {
                        left.push(item.clone());
                    }
                }
                self.set(left, call)?
            }
            (name, [list, ..]) => {
                let items = self.items(list, call.subject(), at, context)?.items.clone();
                self.charge(items.len(), at, context)?;
                match name {
                    "reverse" => items.into_iter().rev().collect(),
                    "compact" => {
                        let empty =
                            |value: &Value| value.is_null() || value.as_text().is_some_and(|t| t.is_empty());
                        items.into_iter().filter(|value| !empty(value)).collect()
                    }
                    "distinct" => self.distinct(items, call)?,
                    "sort" => self.sorted(items, call)?,
                    "toset" => self.set(items, call)?,
                    _ => items,
                }
            }
            (_, []) => Vec::new(),
        };
        self.list(items, at, context)
    }

    fn length(&mut self, value: &Value, call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let length = match &self.answered(value, context)?.kind {
            Kind::List(list) => list.items.len(),
            Kind::Object(object) => object.entries.len(),
            Kind::Text(text) => text.chars().count(),
            Kind::Given(answer) => answer.text.chars().count(),
            _ => {
                let message = format!("`length` needs a list, an object or a string, found {value}");
                return Err(self.fail(at, context, message));
            }
        };
        Ok(Value::new(Kind::Number(length as f64), at))
    }

    fn merge(&mut self, objects: &[Value], call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let mut entries = Entries::new();
        for object in objects {
            // Terraform merges null as if it were empty.
            if object.is_null() {
                continue;
            }
            let object = self.entries(object, call.subject(), at, context)?;
            self.charge(object.entries.len(), at, context)?;
            entries.extend(object.entries.iter().map(|(key, entry)| (Rc::clone(key), entry.clone())));
        }
        self.new_object(entries, at, context)
    }

    fn zipmap(&mut self, keys: &Value, values: &Value, call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let keys = self.items(keys, call.subject(), at, context)?;
        let values = self.items(values, call.subject(), at, context)?;
        if keys.items.len() != values.items.len() {
            let message =
                format!("`zipmap` is given {} keys and {} values", keys.items.len(), values.items.len());
            return Err(self.fail(at, context, message));
        }
        let mut entries = Entries::new();
        for (key, value) in keys.items.iter().zip(&values.items) {
            let name = self.text(key, "a key that `zipmap` is given", at, context)?;
            entries.insert(name, Entry { key_at: key.at, value: value.clone() });
        }
        self.new_object(entries, at, context)
    }

    fn find(&mut self, list: &List, wanted: &Value, call: Call<'_>) -> Evaluated<Option<usize>> {
        for (index, item) in list.items.iter().enumerate() {
            if self.equal(item, wanted, call.at, call.context)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn flatten(&mut self, list: &List, flat: &mut Vec<Value>, call: Call<'_>) -> Evaluated<()> {
        for item in &list.items {
            self.charge(1, call.at, call.context)?;
            match &item.kind {
                Kind::List(inner) => self.flatten(inner, flat, call)?,
                // It may turn out to be a list.
                Kind::Unknown(_) | Kind::Poison => return Err(item.clone()),
                _ => flat.push(item.clone()),
            }
        }
        Ok(())
    }

    fn distinct(&mut self, items: Vec<Value>, call: Call<'_>) -> Evaluated<Vec<Value>> {
        // Texts, the usual case, need no comparison of each with each.
        let mut texts: BTreeSet<Rc<str>> = BTreeSet::new();
        let mut kept: Vec<Value> = Vec::new();
        'items: for item in items {
            self.charge(1, call.at, call.context)?;
            if let Kind::Text(text) = &item.kind {
                if texts.insert(Rc::clone(text)) {
                    kept.push(item);
                }
                continue;
            }
            for other in &kept {
                if self.equal(other, &item, call.at, call.context)? {
                    continue 'items;
                }
            }
            kept.push(item);
        }
        Ok(kept)
    }

    fn sorted(&mut self, items: Vec<Value>, call: Call<'_>) -> Evaluated<Vec<Value>> {
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            keyed.push((self.text(&item, "an item to `sort`", call.at, call.context)?, item));
        }
        keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(keyed.into_iter().map(|(_, item)| item).collect())
    }

    fn set(&mut self, items: Vec<Value>, call: Call<'_>) -> Evaluated<Vec<Value>> {
        self.unknown(&items, call.at, call.context)?;
        let mut items = self.distinct(items, call)?;
        items.sort_by(|left, right| match (&left.kind, &right.kind) {
            (Kind::Number(left), Kind::Number(right)) => left.total_cmp(right),
            (Kind::Text(left), Kind::Text(right)) => left.cmp(right),
            // Anything else keeps the order it was written in.
            _ => Ordering::Equal,
        });
        Ok(items)
    }
}
