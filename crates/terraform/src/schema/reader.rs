//! One value to one Rust type. What cannot be converted is reported, what is not known is put on the list of
//! questions; both read as None here, and the declaration that is made without them is dropped in the end.

use std::{collections::BTreeMap, fmt::Display, rc::Rc};

use domain::{Amount, view::import::UnresolvedReference};

use crate::{
    evaluate::{Context, Evaluator},
    path::Path,
    source::{At, Sources},
    value::{Kind, List, Object, Value},
};

/// More are no form that anyone fills in.
const MOST_QUESTIONS: usize = 200;

#[derive(Debug)]
struct Question {
    attribute: String,
    at: At,
}

pub(crate) struct Reader<'t> {
    pub(crate) evaluator: Evaluator<'t>,
    /// By reference: each is asked once, however often it is used.
    questions: BTreeMap<Rc<str>, (usize, Question)>,
}

impl<'t> Reader<'t> {
    pub(crate) const fn new(evaluator: Evaluator<'t>) -> Self {
        Self { evaluator, questions: BTreeMap::new() }
    }

    /// In the order of the text; those without a place in it, which stand at the module, in the schema's order.
    pub(crate) fn questions(self, sources: &Sources<'_>) -> Vec<UnresolvedReference> {
        let mut questions: Vec<_> = self.questions.into_iter().collect();
        questions.sort_by_key(|(_, (order, question))| (question.at, *order));
        let unresolved = |(reference, (_, question)): (Rc<str>, (usize, Question))| {
            let position = sources.position(question.at)?;
            Some(UnresolvedReference {
                reference: reference.to_string(),
                attribute: question.attribute,
                position,
            })
        };
        questions.into_iter().filter_map(unresolved).collect()
    }

    pub(super) fn refuse(&mut self, at: At, path: &Path<'_>, complaint: impl Display) {
        self.evaluator.report.push(at, format!("`{path}` {complaint}"));
    }

    /// None for null, which means the default, as for what is not known.
    pub(super) fn known(&mut self, value: Value, path: &Path<'_>) -> Option<Value> {
        match &value.kind {
            Kind::Null => None,
            Kind::Poison => {
                // Whatever poisons reports; should it ever not, the declaration must not pass for complete.
                if self.evaluator.report.is_empty() {
                    self.refuse(value.at, path, "could not be evaluated");
                }
                None
            }
            Kind::Unknown(needs) => {
                if self.questions.len() + needs.len() > MOST_QUESTIONS {
                    let complaint = format!("needs too many answers: {MOST_QUESTIONS} at most, in all");
                    self.refuse(value.at, path, complaint);
                    return None;
                }
                for (reference, at) in needs.iter() {
                    let order = self.questions.len();
                    let question = || (order, Question { attribute: path.to_string(), at: *at });
                    self.questions.entry(Rc::clone(reference)).or_insert_with(question);
                }
                None
            }
            _ => Some(value),
        }
    }

    fn wrong_type<T>(&mut self, value: &Value, path: &Path<'_>, wanted: &str) -> Option<T> {
        let hint = match (&value.kind, wanted) {
            (Kind::Given(_), "a list") => "; answer in JSON, as in [\"a\", \"b\"]",
            (Kind::Given(_), "an object") => "; answer in JSON, as in {\"a\": \"b\"}",
            (Kind::Text(_) | Kind::Object(_), "a list") => "; put it in brackets",
            _ => "",
        };
        self.refuse(value.at, path, format_args!("must be {wanted}, found {value}{hint}"));
        None
    }

    pub(super) fn text(&mut self, value: &Value, path: &Path<'_>) -> Option<String> {
        match value.as_text() {
            Some(text) => Some(text.to_string()),
            None => self.wrong_type(value, path, "a string"),
        }
    }

    pub(super) fn flag(&mut self, value: &Value, path: &Path<'_>) -> Option<bool> {
        value.as_flag().or_else(|| self.wrong_type(value, path, "true or false"))
    }

    pub(super) fn number(&mut self, value: &Value, path: &Path<'_>) -> Option<f64> {
        value.as_number().or_else(|| self.wrong_type(value, path, "a number"))
    }

    pub(super) fn whole(&mut self, value: &Value, path: &Path<'_>) -> Option<u32> {
        let number = self.number(value, path)?;
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            return Some(number as u32);
        }
        let complaint = if number < 0.0 {
            format!("must not be negative, found {number}")
        } else if number.fract() == 0.0 {
            format!("is too large: found {number}")
        } else {
            format!("must be a whole number, found {number}")
        };
        self.refuse(value.at, path, complaint);
        None
    }

    /// A number, or a share as `"20%"`.
    pub(super) fn amount(&mut self, value: &Value, path: &Path<'_>) -> Option<Amount> {
        if value.as_number().is_some() {
            return self.whole(value, path).map(Amount::Fixed);
        }
        let Some(text) = value.as_text() else {
            return self.wrong_type(value, path, "a whole number, or a share as \"20%\"");
        };
        text.parse().map_err(|error| self.refuse(value.at, path, format_args!("{error}"))).ok()
    }

    pub(super) fn port(&mut self, value: &Value, path: &Path<'_>) -> Option<u16> {
        let number = self.number(value, path)?;
        if number.fract() == 0.0 && (1.0..=f64::from(u16::MAX)).contains(&number) {
            return Some(number as u16);
        }
        self.refuse(value.at, path, format_args!("must be a port from 1 to 65535, found {number}"));
        None
    }

    pub(super) fn list(&mut self, value: &Value, path: &Path<'_>) -> Option<Rc<List>> {
        match self.structure(value, path)?.kind {
            Kind::List(list) => Some(list),
            _ => self.wrong_type(value, path, "a list"),
        }
    }

    pub(super) fn object(&mut self, value: &Value, path: &Path<'_>) -> Option<Rc<Object>> {
        match self.structure(value, path)?.kind {
            Kind::Object(object) => Some(object),
            _ => self.wrong_type(value, path, "an object"),
        }
    }

    fn structure(&mut self, value: &Value, path: &Path<'_>) -> Option<Value> {
        self.evaluator.answered(value, Context::new(value.at.file, path)).ok()
    }

    pub(super) fn texts(&mut self, value: &Value, path: &Path<'_>) -> Option<Vec<String>> {
        let list = self.list(value, path)?;
        let mut texts = Vec::with_capacity(list.items.len());
        for (index, item) in list.items.iter().enumerate() {
            let path = path.item(index);
            if item.is_null() {
                self.refuse(item.at, &path, "must be a string, found null");
            } else if let Some(item) = self.known(item.clone(), &path) {
                texts.extend(self.text(&item, &path));
            }
        }
        Some(texts)
    }

    pub(super) fn text_map(&mut self, value: &Value, path: &Path<'_>) -> Option<BTreeMap<String, String>> {
        let object = self.object(value, path)?;
        let mut texts = BTreeMap::new();
        for (key, entry) in &object.entries {
            let path = path.field(key);
            if entry.value.is_null() {
                self.refuse(entry.value.at, &path, "must be a string, found null");
            } else if let Some(value) = self.known(entry.value.clone(), &path)
                && let Some(text) = self.text(&value, &path)
            {
                texts.insert(key.to_string(), text);
            }
        }
        Some(texts)
    }
}
