//! The fields of one form, by name: whoever draws one gets its text and what is wrong with it along.

use super::{Posted, Problems};
use crate::components::field::Bound;

#[derive(Clone, Debug)]
pub struct FormFields {
    pub posted: Posted,
    pub problems: Problems,
    /// Those that show what is wrong with them by themselves.
    pub names: &'static [&'static str],
    /// What they hold before anything was sent.
    begin: Vec<(&'static str, String)>,
}

impl FormFields {
    pub fn new(
        posted: &Posted,
        problems: Problems,
        names: &'static [&'static str],
        begin: Vec<(&'static str, String)>,
    ) -> Self {
        Self { posted: posted.clone(), problems, names, begin }
    }

    /// The field of that name, to draw.
    pub fn of(&self, name: &'static str) -> Bound {
        debug_assert!(self.names.contains(&name), "{name} is drawn, and is none of {:?}", self.names);
        Bound { name: name.to_owned(), value: self.text(name), problem: self.problems.of(name).into() }
    }

    /// The same of a box to tick.
    pub fn tick(&self, name: &'static str, default: bool) -> Bound {
        Bound { problem: self.of(name).problem, ..Bound::tick(name, self.posted.ticked(name, default)) }
    }

    pub fn text(&self, name: &str) -> String {
        let begin = self.begin.iter().find(|(field, _)| *field == name).map(|(_, text)| text.clone());
        self.posted.value(name, begin.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::{Get as _, Owner};

    use super::*;
    use crate::{api::FieldProblem, url_state::Query};

    #[test]
    fn a_field_comes_with_its_text_and_what_is_wrong_with_it() {
        let owner = Owner::new();
        owner.with(|| {
            let refused = FieldProblem { field: "size".to_owned(), message: "too many".to_owned() };
            let begin = || vec![("size", "3".to_owned())];
            let fields = |posted: &Posted| {
                let problems = Problems::new([refused.clone()], "");
                FormFields::new(posted, problems, &["size", "name", "spot"], begin())
            };
            let opened = fields(&Posted::default());
            assert_eq!([opened.of("size").value, opened.of("name").value], ["3", ""]);
            assert_eq!(opened.of("size").problem.get().as_deref(), Some("Too many"));
            assert_eq!(opened.of("name").problem.get(), None);
            assert!(!opened.tick("spot", true).value.is_empty());
            let sent = Posted { posted: true, values: Query::parse("size=4"), ..Posted::default() };
            assert_eq!(fields(&sent).of("size").value, "4");
            assert!(fields(&sent).tick("spot", true).value.is_empty());
        });
    }
}
