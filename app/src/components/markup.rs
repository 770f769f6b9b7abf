//! Markup as one text, for what never moves once it is drawn. Each element of a view is an allocation on the server, a comment in the
//! page and a node to find when the page wakes: a list of fifty events is a thousand of them, and not one of them moves.
//!
//! Tags, names of attributes and glyphs are the program's own words. All else is escaped, and nothing goes around that.

use super::glyph::State;

#[derive(Clone, Debug, Default)]
pub struct Markup(String);

impl Markup {
    #[must_use]
    pub fn open(mut self, tag: &'static str, attributes: &[(&'static str, &str)]) -> Self {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape(value, &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
        self
    }

    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        escape(text, &mut self.0);
        self
    }

    /// A sentence: what stands between backticks is code. One without its partner is a letter like any other.
    #[must_use]
    pub fn prose(self, text: &str) -> Self {
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return self.text(text);
        }
        parts.into_iter().enumerate().fold(self, |markup, (index, part)| {
            if index.is_multiple_of(2) { markup.text(part) } else { markup.element("code", &[], part) }
        })
    }

    #[must_use]
    pub fn close(mut self, tag: &'static str) -> Self {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        self
    }

    /// An element with nothing but text.
    #[must_use]
    pub fn element(self, tag: &'static str, attributes: &[(&'static str, &str)], text: &str) -> Self {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// As [`super::glyph::glyph`] draws it.
    #[must_use]
    pub fn glyph(mut self, state: State) -> Self {
        self.0.push_str(state.drawn());
        self
    }

    /// What an element's `inner_html` is.
    pub fn into_html(self) -> String {
        self.0
    }
}

/// For an element's text and for a quoted attribute alike.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_within_each_other() {
        let html = Markup::default()
            .open("p", &[])
            .text("Mara proposed ")
            .element("a", &[("class", "link"), ("href", "/changes/chg-1")], "chg-1")
            .close("p");
        assert_eq!(
            html.into_html(),
            "<p>Mara proposed <a class=\"link\" href=\"/changes/chg-1\">chg-1</a></p>"
        );
        let sign = Markup::default().glyph(State::Crit).into_html();
        assert!(sign.starts_with("<i ") && sign.contains(" g-crit\"") && sign.ends_with("</i>"), "{sign}");
    }

    #[test]
    fn what_a_sentence_quotes_is_code() {
        let prose = |text: &str| Markup::default().prose(text).into_html();
        assert_eq!(prose("`latest` is no version"), "<code>latest</code> is no version");
        assert_eq!(
            prose("no pool uses `a` or `<b>`."),
            "no pool uses <code>a</code> or <code>&lt;b&gt;</code>."
        );
        assert_eq!(prose("one ` alone"), "one ` alone");
    }

    #[test]
    fn what_somebody_wrote_is_never_markup() {
        let hostile = "\"><script>alert('a & b')</script>";
        let html = Markup::default().element("a", &[("href", hostile)], hostile).into_html();
        let inert = "&quot;&gt;&lt;script&gt;alert('a &amp; b')&lt;/script&gt;";
        assert_eq!(html, format!("<a href=\"{inert}\">{inert}</a>"));
    }
}
