//! A text in which the changes and incidents that it names are links: `waits for chg-28`, `held by inc-2`.

use domain::ChangeId;
use leptos::prelude::*;

use crate::routes;

pub(super) fn linked(text: &str) -> AnyView {
    let pieces = pieces(text).into_iter().map(|piece| match piece.href {
        Some(href) => view! {
            <a class="link" href=href>
                {piece.text}
            </a>
        }
        .into_any(),
        None => piece.text.into_any(),
    });
    pieces.collect_view().into_any()
}

#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    href: Option<String>,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    for word in text.split_inclusive(' ') {
        let name = word.trim_end_matches([' ', ',', '.', ':', ';']);
        let Some(href) = page_of(name) else {
            plain.push_str(word);
            continue;
        };
        if !plain.is_empty() {
            pieces.push(Piece { text: std::mem::take(&mut plain), href: None });
        }
        pieces.push(Piece { text: name.to_owned(), href: Some(href) });
        plain.push_str(&word[name.len()..]);
    }
    if !plain.is_empty() {
        pieces.push(Piece { text: plain, href: None });
    }
    pieces
}

fn page_of(name: &str) -> Option<String> {
    if let Ok(id) = name.parse::<ChangeId>() {
        return Some(routes::change(id));
    }
    let number = name.strip_prefix("inc-")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| routes::incident(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_and_incidents_are_links_and_all_else_stays_as_it_is() {
        let plain = |text: &str| Piece { text: text.to_owned(), href: None };
        let change = |id: i64| {
            let id = ChangeId(id);
            Piece { text: id.to_string(), href: Some(routes::change(id)) }
        };
        let text = "Waits for chg-28, which waits for web-2. chg-29";
        let expected = [plain("Waits for "), change(28), plain(", which waits for web-2. "), change(29)];
        assert_eq!(pieces(text), expected);
        let incident = Piece { text: "inc-2".to_owned(), href: Some(routes::incident("inc-2")) };
        assert_eq!(pieces("the brake of inc-2: see"), [plain("the brake of "), incident, plain(": see")]);
        for other in ["", "inc-", "inc-x", "chg-0 and chg-", "no name"] {
            let whole: Vec<Piece> = (!other.is_empty()).then(|| plain(other)).into_iter().collect();
            assert_eq!(pieces(other), whole, "{other}");
        }
    }
}
