//! Terraform's functions, those that real fleets use and that need nothing but their arguments.

mod collection;
mod number;
mod text;

use hcl_edit::expr::{Expression, FuncCall};

use super::{Context, Evaluated, Evaluator};
use crate::{
    nearest::did_you_mean,
    source::At,
    value::{Kind, Value},
};

const ANY: usize = usize::MAX;

#[derive(Clone, Copy)]
enum Family {
    Collection,
    Number,
    Text,
    /// Decides itself what of its arguments is evaluated.
    Attempt,
}

/// Name, least and most arguments.
const FUNCTIONS: [(&str, usize, usize, Family); 55] = [
    ("abs", 1, 1, Family::Number),
    ("can", 1, 1, Family::Attempt),
    ("ceil", 1, 1, Family::Number),
    ("chomp", 1, 1, Family::Text),
    ("coalesce", 1, ANY, Family::Collection),
    ("coalescelist", 1, ANY, Family::Collection),
    ("compact", 1, 1, Family::Collection),
    ("concat", 1, ANY, Family::Collection),
    ("contains", 2, 2, Family::Collection),
    ("distinct", 1, 1, Family::Collection),
    ("element", 2, 2, Family::Collection),
    ("endswith", 2, 2, Family::Text),
    ("flatten", 1, 1, Family::Collection),
    ("floor", 1, 1, Family::Number),
    ("format", 1, ANY, Family::Text),
    ("formatlist", 1, ANY, Family::Text),
    ("index", 2, 2, Family::Collection),
    ("join", 2, 2, Family::Text),
    ("jsondecode", 1, 1, Family::Text),
    ("jsonencode", 1, 1, Family::Text),
    ("keys", 1, 1, Family::Collection),
    ("length", 1, 1, Family::Collection),
    ("lookup", 2, 3, Family::Collection),
    ("lower", 1, 1, Family::Text),
    ("max", 1, ANY, Family::Number),
    ("merge", 1, ANY, Family::Collection),
    ("min", 1, ANY, Family::Number),
    ("nonsensitive", 1, 1, Family::Collection),
    ("one", 1, 1, Family::Collection),
    ("range", 1, 3, Family::Number),
    ("replace", 3, 3, Family::Text),
    ("reverse", 1, 1, Family::Collection),
    ("sensitive", 1, 1, Family::Collection),
    ("setsubtract", 2, 2, Family::Collection),
    ("setunion", 1, ANY, Family::Collection),
    ("slice", 3, 3, Family::Collection),
    ("sort", 1, 1, Family::Collection),
    ("split", 2, 2, Family::Text),
    ("startswith", 2, 2, Family::Text),
    ("substr", 3, 3, Family::Text),
    ("title", 1, 1, Family::Text),
    ("tobool", 1, 1, Family::Text),
    ("tolist", 1, 1, Family::Collection),
    ("tomap", 1, 1, Family::Collection),
    ("tonumber", 1, 1, Family::Text),
    ("toset", 1, 1, Family::Collection),
    ("tostring", 1, 1, Family::Text),
    ("trim", 2, 2, Family::Text),
    ("trimprefix", 2, 2, Family::Text),
    ("trimspace", 1, 1, Family::Text),
    ("trimsuffix", 2, 2, Family::Text),
    ("try", 1, ANY, Family::Attempt),
    ("upper", 1, 1, Family::Text),
    ("values", 1, 1, Family::Collection),
    ("zipmap", 2, 2, Family::Collection),
];

/// A call with its arguments known, as far as the families see it.
#[derive(Clone, Copy)]
struct Call<'c> {
    name: &'static str,
    arguments: &'c [Value],
    at: At,
    context: Context<'c>,
}

impl<'t> Evaluator<'t> {
    pub(super) fn call(&mut self, call: &'t FuncCall, at: At, context: Context<'_>) -> Evaluated {
        let written = call.name.name.as_str();
        let known = FUNCTIONS.iter().find(|(name, ..)| *name == written && !call.name.is_namespaced());
        let Some(&(name, least, most, family)) = known else {
            return Err(self.unknown_function(written, at, context));
        };
        if matches!(family, Family::Attempt) {
            return self.try_or_can(name, call, at, context);
        }
        let mut arguments = self.expressions(call.args.iter(), context);
        if call.args.expand_final()
            && let Some(last) = arguments.pop()
        {
            let spread = self.items(&last, "what `...` spreads", at, context)?;
            self.charge(spread.items.len(), at, context)?;
            arguments.extend(spread.items.iter().cloned());
        }
        if arguments.len() < least || arguments.len() > most {
            let wanted = match (least, most) {
                (least, ANY) => format!("at least {least}"),
                (least, most) if least == most => format!("{least}"),
                (least, most) => format!("{least} to {most}"),
            };
            let message =
                format!("`{name}` needs {wanted} between its parentheses, found {}", arguments.len());
            return Err(self.fail(at, context, message));
        }
        self.unknown(&arguments, at, context)?;
        let call = Call { name, arguments: &arguments, at, context };
        match family {
            Family::Collection => self.collection_function(call),
            Family::Number => self.number_function(call),
            Family::Text | Family::Attempt => self.text_function(call),
        }
    }

    fn unknown_function(&mut self, name: &str, at: At, context: Context<'_>) -> Value {
        if name.starts_with("file") || name.starts_with("templatefile") {
            let message =
                format!("`{name}` reads a file of yours, which is not here: paste its text in its place");
            return self.fail(at, context, message);
        }
        let meant = did_you_mean(name, FUNCTIONS.iter().map(|(name, ..)| *name));
        let meant = if meant.is_empty() { "; write its result in its place" } else { &meant };
        self.fail(at, context, format_args!("the function `{name}` is not known here{meant}"))
    }

    fn try_or_can(&mut self, name: &str, call: &'t FuncCall, at: At, context: Context<'_>) -> Evaluated {
        let arguments: Vec<&'t Expression> = call.args.iter().collect();
        if name == "can" {
            let [only] = arguments.as_slice() else {
                return Err(self.fail(at, context, "`can` takes 1 argument"));
            };
            let value = self.attempt(only, context);
            self.unknown(&value, at, context)?;
            return Ok(Value::new(Kind::Flag(value.is_some()), at));
        }
        match arguments.into_iter().find_map(|argument| self.attempt(argument, context)) {
            Some(value) => Ok(value),
            None => {
                Err(self.fail(at, context, "`try` found no argument without an error: add one that has none"))
            }
        }
    }
}

impl Call<'_> {
    /// As messages name what was handed in.
    fn subject(&self) -> String {
        format!("what `{}` is given", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_listed_once_each_in_order() {
        assert!(FUNCTIONS.is_sorted_by(|left, right| left.0 < right.0));
    }
}
