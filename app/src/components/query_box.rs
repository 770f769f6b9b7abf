//! The query box of a list: one line of words, each of them below as a chip that takes it away, and a few questions that are
//! asked often. A plain form: all of it is in the address, with or without scripts.

use domain::list_query::{Key, ListQuery, WordProblem};
use leptos::prelude::*;

use super::{
    field::{Bound, TextField},
    icon::{Icon, icon},
};
use crate::url_state::Query;

/// The name in the address.
pub const WORDS: &str = "q";

/// What the address asks of a list. An older address has the state apart from the words.
pub fn words_of(query: &Query, keys: &[Key]) -> String {
    let words = query.get(WORDS).unwrap_or_default();
    let apart = query.get("state").map(|state| format!("state:{state}"));
    match apart.and_then(|state| ListQuery::parse(&format!("{words} {state}"), keys).ok()) {
        Some(both) => both.to_string(),
        None => words.to_owned(),
    }
}

/// The address that asks this instead, from the list's beginning on.
pub fn asking(query: &Query, words: &ListQuery, path: &str) -> String {
    let bare =
        ["state", "before", "after"].into_iter().fold(query.clone(), |bare, name| bare.with(name, None));
    bare.with(WORDS, Some(&words.to_string())).on(path)
}

/// One that is asked often: what it is called, and its words.
pub type Preset = (&'static str, &'static str);

/// `read` is what the words of the address say. `hint` names the keys by an example.
pub fn query_box(
    query: &Query,
    path: &'static str,
    read: &Result<ListQuery, Vec<WordProblem>>,
    (keys, hint): (&[Key], &'static str),
    presets: &[Preset],
) -> AnyView {
    let problem = read.as_ref().err().map(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("{}.", told.join("; "))
    });
    let words = Bound { name: WORDS.to_owned(), value: words_of(query, keys), problem: problem.into() };
    let kept = ["environment", "waiting", "author"].into_iter().filter_map(|name| {
        query.get(name).map(|value| view! { <input type="hidden" name=name value=value.to_owned() /> })
    });
    let kept = kept.collect_view();
    let chips = read.as_ref().map_or_else(|_| Vec::new(), |words| chips(query, path, words));
    let asked = (!chips.is_empty()).then(|| {
        view! {
            <div class="cluster" role="group" aria-label="Words of the query">
                {chips}
            </div>
        }
    });
    let presets = presets
        .iter()
        .filter_map(|(label, words)| {
            let words = ListQuery::parse(words, keys).ok()?;
            let current = read.as_ref().is_ok_and(|read| *read == words).then_some("true");
            Some(view! {
                <a class="chip" href=asking(query, &words, path) aria-current=current>
                    {*label}
                </a>
            })
        })
        .collect_view();
    view! {
        <form class="cluster query" method="get" action=path role="search" aria-label="Find in the list">
            {kept}
            <TextField
                field=words
                label="Find"
                hint=hint
                mono=true
            />
            <button type="submit" class="btn">
                {icon(Icon::Search)}
                "Find"
            </button>
            <div class="choice" role="group" aria-label="Often asked">
                {presets}
            </div>
            {asked}
        </form>
    }
    .into_any()
}

fn chips(query: &Query, path: &str, words: &ListQuery) -> Vec<AnyView> {
    let chip = |(at, word): (usize, &domain::list_query::Word)| {
        let word = word.to_string();
        view! {
            <a class="chip" href=asking(query, &words.without(at), path) aria-label=format!("Remove {word}")>
                {word.clone()}
                {icon(Icon::X)}
            </a>
        }
        .into_any()
    };
    words.words().iter().enumerate().map(chip).collect()
}

#[cfg(test)]
mod tests {
    use domain::list_query::INSTANCE_KEYS;

    use super::*;

    #[test]
    fn an_older_address_is_asked_as_words() {
        let words = |address: &str| words_of(&Query::parse(address), INSTANCE_KEYS);
        assert_eq!(words("state=ill"), "state:ill");
        assert_eq!(words("state=ill&q=web"), "web state:ill");
        assert_eq!(words("state=purple"), "");
        assert_eq!(words("state=ill&q=state:late"), "state:late");
        assert_eq!(words("q=size:4"), "size:4");
    }

    #[test]
    fn a_chip_leads_to_the_same_without_its_word() {
        let query = Query::parse("environment=dev&state=ill&q=web&before=chg-4");
        let words = ListQuery::parse(&words_of(&query, INSTANCE_KEYS), INSTANCE_KEYS).unwrap();
        assert_eq!(asking(&query, &words.without(1), "/instances"), "/instances?environment=dev&q=web");
        assert_eq!(asking(&query, &ListQuery::default(), "/instances"), "/instances?environment=dev");
        let second = Query::parse("q=web&after=web/us-central1-a/web-1");
        assert_eq!(
            asking(&second, &words.without(1), "/instances"),
            "/instances?q=web",
            "from the first page on"
        );
    }
}
