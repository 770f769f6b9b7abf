//! Lists and objects as written, and `for` expressions, which write them by rule.

use std::{collections::btree_map::Entry as Slot, rc::Rc};

use hcl_edit::expr::{Array, Expression, ForExpr, Object, ObjectKey};

use super::{Context, Evaluated, Evaluator, Scope, start};
use crate::{
    path::Path,
    source::At,
    value::{Entries, Entry, Kind, Value},
};

impl<'t> Evaluator<'t> {
    pub(super) fn array(&mut self, array: &'t Array, at: At, context: Context<'_>) -> Evaluated {
        let mut items = Vec::with_capacity(array.len());
        for (index, item) in array.iter().enumerate() {
            let path = context.path.item(index);
            items.push(self.evaluate(item, context.within(&path)));
        }
        self.list(items, at, context)
    }

    pub(super) fn object(&mut self, object: &'t Object, at: At, context: Context<'_>) -> Evaluated {
        let mut entries = Entries::new();
        for (key, value) in object.iter() {
            let value_at = start(value.expr(), context.file);
            let (name, key_at): (Rc<str>, At) = match key {
                ObjectKey::Ident(name) => (name.as_str().into(), self.key_at(name.as_str(), value_at)),
                ObjectKey::Expression(expr) => {
                    let key_at = start(expr, context.file);
                    let key = self.evaluate(expr, context);
                    (self.text(&key, "a key", key_at, context)?, key_at)
                }
            };
            let path = Path::Field(context.path, &name);
            let value = self.evaluate(value.expr(), context.within(&path));
            if entries.insert(Rc::clone(&name), Entry { key_at, value }).is_some() {
                let message = format!("`{name}` is set twice between the same braces: remove one of them");
                return Err(self.fail(key_at, context, message));
            }
        }
        self.new_object(entries, at, context)
    }

    pub(super) fn new_object(&mut self, entries: Entries, at: At, context: Context<'_>) -> Evaluated {
        self.charge(entries.len(), at, context)?;
        Value::object(entries, at).ok_or_else(|| self.too_deep(at, context))
    }

    /// The tree does not keep where a bare key stands: it is before its value, with `=` or `:` between.
    fn key_at(&self, name: &str, value_at: At) -> At {
        let before =
            self.sources.get(value_at).and_then(|source| source.text.get(..value_at.offset as usize));
        let found = before.and_then(|before| {
            let key = before.trim_end().strip_suffix(['=', ':'])?.trim_end().strip_suffix(name)?;
            u32::try_from(key.len()).ok()
        });
        // With a comment between, the value's own place is near enough.
        At { offset: found.unwrap_or(value_at.offset), ..value_at }
    }

    pub(super) fn for_expression(&mut self, expr: &'t ForExpr, at: At, context: Context<'_>) -> Evaluated {
        let collection = self.evaluate(&expr.intro.collection_expr, context);
        let pairs = self.pairs(&collection, "what `for` walks through", context)?;
        let mut items = Vec::new();
        let mut entries = Entries::new();
        let mut groups: std::collections::BTreeMap<Rc<str>, (At, Vec<Value>)> =
            std::collections::BTreeMap::new();
        for (key, value) in pairs {
            let named = expr.intro.key_var.as_ref();
            let outer = Scope {
                parent: context.scope,
                // Without a name of its own the key is out of reach: no identifier is empty.
                name: named.map_or("", |name| name.as_str()),
                value: key,
            };
            let inner = Scope { parent: Some(&outer), name: expr.intro.value_var.as_str(), value };
            let within = Context { scope: Some(&inner), ..context };
            if let Some(condition) = &expr.cond {
                let wanted = self.evaluate(&condition.expr, within);
                if !self.flag(&wanted, "what follows `if`", start(&condition.expr, context.file), context)? {
                    continue;
                }
            }
            let value = self.evaluate(&expr.value_expr, within);
            let Some(key_expr) = &expr.key_expr else {
                items.push(value);
                continue;
            };
            let key_at = start(key_expr, context.file);
            let key = self.evaluate(key_expr, within);
            let key = self.text(&key, "a key", key_at, context)?;
            if expr.grouping {
                groups.entry(key).or_insert_with(|| (key_at, Vec::new())).1.push(value);
                continue;
            }
            match entries.entry(key) {
                Slot::Vacant(slot) => {
                    slot.insert(Entry { key_at, value });
                }
                Slot::Occupied(slot) => {
                    let message = format!(
                        "this `for` makes the key `{}` twice: make it unique, or group with `...`",
                        slot.key()
                    );
                    return Err(self.fail(key_at, context, message));
                }
            }
        }
        for (key, (key_at, values)) in groups {
            let value = self.list(values, key_at, context)?;
            entries.insert(key, Entry { key_at, value });
        }
        if expr.key_expr.is_some() {
            self.new_object(entries, at, context)
        } else {
            self.list(items, at, context)
        }
    }

    /// Index and item of a list, key and value of an object.
    pub(super) fn pairs(
        &mut self,
        collection: &Value,
        subject: &str,
        context: Context<'_>,
    ) -> Evaluated<Vec<(Value, Value)>> {
        let at = collection.at;
        if let Kind::Object(object) = &collection.kind {
            self.charge(object.entries.len(), at, context)?;
            let pair = |(key, entry): (&Rc<str>, &Entry)| {
                (Value::new(Kind::Text(Rc::clone(key)), entry.key_at), entry.value.clone())
            };
            return Ok(object.entries.iter().map(pair).collect());
        }
        let list = self.items(collection, subject, at, context)?;
        self.charge(list.items.len(), at, context)?;
        let indices = (0_u32..).map(|index| Value::new(Kind::Number(f64::from(index)), at));
        Ok(indices.zip(list.items.iter().cloned()).collect())
    }

    /// A word without quotes.
    pub(super) fn bare_name(&mut self, name: &str, at: At, context: Context<'_>) -> Evaluated {
        if let Some(value) = context.lookup(name) {
            return Ok(value.clone());
        }
        Err(self.fail(
            at,
            context,
            format_args!("`{name}` is not known here: write \"{name}\" if a text is meant"),
        ))
    }

    pub(super) fn expressions<'e>(
        &mut self,
        exprs: impl Iterator<Item = &'t Expression> + 'e,
        context: Context<'_>,
    ) -> Vec<Value>
    where
        't: 'e,
    {
        exprs.map(|expr| self.evaluate(expr, context)).collect()
    }
}
