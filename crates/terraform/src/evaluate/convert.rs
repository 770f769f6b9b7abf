//! What an operation or a function needs of a value: the conversion, or an error that names who needed it.

use std::{fmt::Display, rc::Rc};

use super::{Context, Evaluated, Evaluator};
use crate::{
    source::At,
    value::{Kind, List, Object, Value},
};

impl Evaluator<'_> {
    pub(super) fn text(
        &mut self,
        value: &Value,
        subject: impl Display,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<Rc<str>> {
        self.converted(value, value.as_text(), "a string", subject, at, context)
    }

    pub(super) fn number(
        &mut self,
        value: &Value,
        subject: impl Display,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<f64> {
        self.converted(value, value.as_number(), "a number", subject, at, context)
    }

    pub(super) fn flag(
        &mut self,
        value: &Value,
        subject: impl Display,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<bool> {
        self.converted(value, value.as_flag(), "true or false", subject, at, context)
    }

    pub(super) fn items(
        &mut self,
        value: &Value,
        subject: impl Display,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<Rc<List>> {
        let found = match self.answered(value, context)?.kind {
            Kind::List(list) => Some(list),
            _ => None,
        };
        self.converted(value, found, "a list", subject, at, context)
    }

    pub(super) fn entries(
        &mut self,
        value: &Value,
        subject: impl Display,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<Rc<Object>> {
        let found = match self.answered(value, context)?.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        };
        self.converted(value, found, "an object", subject, at, context)
    }

    /// An answer to a reference, read as JSON where it is that; any other value as it is.
    pub(crate) fn answered(&mut self, value: &Value, context: Context<'_>) -> Evaluated {
        match &value.kind {
            Kind::Given(answer) if answer.text.starts_with(['[', '{']) => {
                self.charge(answer.text.len() / 8, value.at, context)?;
                match serde_json::from_str(&answer.text) {
                    Ok(json) => self.json_value(json, value.at, context),
                    Err(_) => Ok(value.clone()),
                }
            }
            _ => Ok(value.clone()),
        }
    }

    fn converted<T>(
        &mut self,
        value: &Value,
        found: Option<T>,
        wanted: &str,
        subject: impl Display,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<T> {
        match (found, &value.kind) {
            (Some(found), _) => Ok(found),
            (None, Kind::Unknown(_) | Kind::Poison) => Err(value.clone()),
            (None, _) => {
                Err(self.fail(at, context, format_args!("{subject} must be {wanted}, found {value}")))
            }
        }
    }
}
