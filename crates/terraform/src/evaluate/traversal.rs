//! References, and the steps into what they name: `local.sizes.large`, `var.zones[0]`, `local.pools[*].name`.

use std::fmt::Write as _;

use hcl_edit::{
    Decorated,
    expr::{Expression, Traversal, TraversalOperator},
};

use super::{Context, Evaluated, Evaluator, start};
use crate::{
    nearest::did_you_mean,
    source::At,
    value::{Kind, Value},
};

type Steps<'t> = &'t [Decorated<TraversalOperator>];

impl<'t> Evaluator<'t> {
    pub(super) fn traversal(&mut self, traversal: &'t Traversal, at: At, context: Context<'_>) -> Evaluated {
        let steps = traversal.operators.as_slice();
        let Expression::Variable(root) = &traversal.expr else {
            let value = self.evaluate(&traversal.expr, context);
            return self.walk(value, steps, at, context);
        };
        let root = root.as_str();
        if let Some(value) = context.lookup(root) {
            return self.walk(value.clone(), steps, at, context);
        }
        if context.constant {
            let message =
                "a variable's value cannot refer to anything: write the value itself, or use a local";
            return Err(self.fail(at, context, message));
        }
        let attributes =
            steps.iter().take_while(|step| matches!(***step, TraversalOperator::GetAttr(_))).count();
        match (root, steps) {
            ("local" | "var", [first, rest @ ..]) => {
                let TraversalOperator::GetAttr(name) = &**first else {
                    return Err(self.fail(at, context, format_args!("a name must follow `{root}.`")));
                };
                let value = if root == "local" {
                    self.local(name.as_str(), at, context)
                } else {
                    self.variable(name.as_str(), at, context)
                };
                self.walk(value, rest, at, context)
            }
            ("each" | "count" | "self", _) => Err(self.fail(
                at,
                context,
                format_args!(
                    "`{root}` has no meaning here: the module is imported once, without for_each or count"
                ),
            )),
            ("module" | "data" | "path" | "terraform", _) => self.reference(root, steps, at, context),
            // A resource's type has its provider's name before an underscore.
            _ if root.contains('_') && attributes >= 2 => self.reference(root, steps, at, context),
            _ => {
                let meant = did_you_mean(root, ["local", "var", "module", "data"]);
                let meant = if meant.is_empty() { "; write it in quotes if a text is meant" } else { &meant };
                Err(self.fail(
                    at,
                    context,
                    format_args!("`{root}` is nothing that can be referred to{meant}"),
                ))
            }
        }
    }

    /// Known to Terraform only. It is named as written, with the values of what stands in its brackets.
    fn reference(&mut self, root: &str, steps: Steps<'t>, at: At, context: Context<'_>) -> Evaluated {
        let mut name = root.to_owned();
        for step in steps {
            // Writing to a String cannot fail.
            let _ = match &**step {
                TraversalOperator::GetAttr(attribute) => write!(name, ".{}", attribute.as_str()),
                TraversalOperator::LegacyIndex(index) => write!(name, ".{}", **index),
                TraversalOperator::AttrSplat(_) => write!(name, ".*"),
                TraversalOperator::FullSplat(_) => write!(name, "[*]"),
                TraversalOperator::Index(expr) => {
                    let index = self.evaluate(expr, context);
                    if let Kind::Number(number) = index.kind {
                        write!(name, "[{number}]")
                    } else {
                        let key = self.text(&index, "an index", start(expr, context.file), context)?;
                        write!(name, "[{key:?}]")
                    }
                }
            };
            self.charge(1 + name.len() / 8, at, context)?;
        }
        Ok(self.ask(&name, at))
    }

    fn walk(&mut self, mut value: Value, steps: Steps<'t>, at: At, context: Context<'_>) -> Evaluated {
        for (index, step) in steps.iter().enumerate() {
            let rest = steps.get(index + 1..).unwrap_or_default();
            value = match &**step {
                TraversalOperator::GetAttr(name) => self.attribute(&value, name.as_str(), at, context)?,
                TraversalOperator::LegacyIndex(index) => {
                    self.item(&value, *index.value() as f64, at, context)?
                }
                TraversalOperator::Index(expr) => {
                    let index = self.evaluate(expr, context);
                    self.unknown([&value, &index], at, context)?;
                    let collection = self.answered(&value, context)?;
                    if matches!(collection.kind, Kind::Object(_)) {
                        let key = self.text(&index, "a key in brackets", at, context)?;
                        self.attribute(&collection, &key, at, context)?
                    } else {
                        let index = self.number(&index, "an index in brackets", at, context)?;
                        self.item(&collection, index, at, context)?
                    }
                }
                TraversalOperator::AttrSplat(_) => {
                    let is_attribute =
                        |step: &Decorated<TraversalOperator>| matches!(**step, TraversalOperator::GetAttr(_));
                    let each = rest.iter().take_while(|step| is_attribute(step)).count();
                    let (each, after) = rest.split_at(each);
                    let list = self.splat(&value, each, at, context)?;
                    return self.deeper(at, context, |evaluator| evaluator.walk(list, after, at, context));
                }
                TraversalOperator::FullSplat(_) => return self.splat(&value, rest, at, context),
            };
        }
        Ok(value)
    }

    fn splat(&mut self, value: &Value, each: Steps<'t>, at: At, context: Context<'_>) -> Evaluated {
        self.unknown([value], at, context)?;
        let items = match self.answered(value, context)?.kind {
            Kind::Null => Vec::new(),
            Kind::List(list) => {
                self.charge(list.items.len(), at, context)?;
                list.items.clone()
            }
            kind => vec![Value::new(kind, value.at)],
        };
        let items = self.deeper(at, context, |evaluator| {
            items
                .into_iter()
                .map(|item| evaluator.walk(item, each, at, context))
                .collect::<Evaluated<Vec<_>>>()
        })?;
        self.list(items, at, context)
    }

    pub(super) fn attribute(&mut self, value: &Value, name: &str, at: At, context: Context<'_>) -> Evaluated {
        self.charge(1, at, context)?;
        let object = self.entries(value, format_args!("what has the attribute `{name}`"), at, context)?;
        match object.entries.get(name) {
            Some(entry) => Ok(entry.value.clone()),
            None => {
                let meant = did_you_mean(name, object.entries.keys().map(|key| &**key));
                Err(self.fail(at, context, format_args!("there is no `{name}` in this object{meant}")))
            }
        }
    }

    pub(super) fn item(&mut self, value: &Value, index: f64, at: At, context: Context<'_>) -> Evaluated {
        self.charge(1, at, context)?;
        let list = self.items(value, "what has an index", at, context)?;
        // Saturates: a fraction, a negative or a huge index finds nothing, or is caught here.
        let found = if index.fract() == 0.0 && index >= 0.0 { list.items.get(index as usize) } else { None };
        found.cloned().ok_or_else(|| {
            let length = list.items.len();
            self.fail(at, context, format_args!("there is no item {index} in this list of {length}"))
        })
    }
}
