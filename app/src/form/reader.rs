//! What a form sent, read as what its fields should be. What means nothing is kept by its field's name, so that one sending
//! tells all that is wrong with it.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use crate::{
    api::FieldProblem,
    components::lines::{read_list, read_map},
    url_state::Query,
};

/// Of a choice between the environment's default, yes and no.
pub const INHERIT: &str = "";
pub const YES: &str = "yes";
pub const NO: &str = "no";

/// The choice as it is sent.
pub const fn chosen(choice: Option<bool>) -> &'static str {
    match choice {
        None => INHERIT,
        Some(true) => YES,
        Some(false) => NO,
    }
}

#[derive(Debug)]
pub struct Reader<'a> {
    values: &'a Query,
    problems: Vec<FieldProblem>,
}

impl<'a> Reader<'a> {
    pub const fn new(values: &'a Query) -> Self {
        Self { values, problems: Vec::new() }
    }

    /// What was read, unless a field means nothing.
    pub fn finish<T>(self, read: T) -> Result<T, Vec<FieldProblem>> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }

    /// What means nothing, where nothing can be read without it.
    pub fn refused(self) -> Vec<FieldProblem> {
        self.problems
    }

    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), message: message.into() });
    }

    /// Without blanks at its ends; None where nothing else was sent.
    pub fn text(&self, field: &str) -> Option<String> {
        self.values.get(field).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub fn ticked(&self, field: &str) -> bool {
        self.values.has(field)
    }

    pub fn list(&self, field: &str) -> Vec<String> {
        read_list(self.values.get(field).unwrap_or_default())
    }

    pub fn entries(&mut self, field: &str) -> BTreeMap<String, String> {
        read_map(self.values.get(field).unwrap_or_default()).unwrap_or_else(|message| {
            self.refuse(field, message);
            BTreeMap::new()
        })
    }

    /// `such` is a number that the field might hold.
    pub fn number(&mut self, field: &str, such: u32) -> Option<u32> {
        let text = self.text(field)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.refuse(field, format!("`{text}` is no whole number: write digits, as {such}"));
        }
        number
    }

    pub fn required_number(&mut self, field: &str, such: u32) -> u32 {
        if self.text(field).is_none() {
            self.refuse(field, format!("it is empty: write a number, as {such}"));
        }
        self.number(field, such).unwrap_or_default()
    }

    /// What says by itself why a text is none of it.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, field: &str) -> Option<T> {
        let parsed = self.text(field)?.parse::<T>();
        parsed.map_err(|error| self.refuse(field, error.to_string())).ok()
    }

    /// None is the environment's default.
    pub fn choice(&mut self, field: &str) -> Option<bool> {
        match self.values.get(field).unwrap_or(INHERIT) {
            INHERIT => None,
            YES => Some(true),
            NO => Some(false),
            other => {
                self.refuse(field, format!("`{other}` is no choice here: yes, no, or empty for the default"));
                None
            }
        }
    }

    /// The one that is sent as this word; the default where none was sent.
    pub fn one_of<T: Copy + Default>(&mut self, field: &str, all: &[T], word: fn(T) -> &'static str) -> T {
        let Some(text) = self.text(field) else { return T::default() };
        let found = all.iter().copied().find(|one| word(*one) == text);
        found.unwrap_or_else(|| {
            self.refuse(field, format!("`{text}` is no choice here"));
            T::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_means_nothing_is_kept_by_its_field() {
        let values = Query::parse("size=many&spot=perhaps&labels=a&surge=x&blank=+");
        let mut reader = Reader::new(&values);
        assert_eq!((reader.text("blank"), reader.number("absent", 5)), (None, None));
        assert_eq!((reader.number("size", 5), reader.choice("spot")), (None, None));
        assert!(reader.entries("labels").is_empty());
        assert_eq!(reader.parsed::<domain::Amount>("surge"), None);
        let problems = reader.finish(()).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["size", "spot", "labels", "surge"]);
        assert_eq!(problems[0].message, "`many` is no whole number: write digits, as 5");
    }

    #[test]
    fn a_choice_is_read_as_it_was_sent() {
        for choice in [None, Some(true), Some(false)] {
            let values = Query::default().with("spot", Some(chosen(choice)));
            let mut reader = Reader::new(&values);
            let read = reader.choice("spot");
            assert_eq!(reader.finish(read), Ok(choice));
        }
    }
}
