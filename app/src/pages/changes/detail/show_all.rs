//! Long lists show a part of themselves, and the address says whether to show them in full: the link works without scripts too.

use domain::{ChangeId, view::change::Folded};
use leptos::prelude::*;

use crate::{routes, url_state::Query, words};

const NAME: &str = "all";

/// Whether the address asks for the whole of the lists.
pub(super) fn asked(query: &Query) -> bool {
    query.get(NAME) == Some("yes")
}

/// `Show all 33 steps` below a list that leaves some out. Below one that would, were it not asked for in full: the way back.
pub(in crate::pages::changes) fn show_all<T>(
    id: ChangeId,
    items: &Folded<T>,
    noun: &'static str,
    few: usize,
    whole: bool,
) -> Option<AnyView> {
    let path = routes::change(id);
    let (href, label) = if items.hidden() > 0 {
        let all = Query::default().with(NAME, Some("yes")).on(&path);
        (all, format!("Show all {}", words::count(u64::from(items.of), noun)))
    } else if whole && items.shown.len() > few {
        (path, format!("Show fewer {noun}s"))
    } else {
        return None;
    };
    Some(
        view! {
            <p>
                <a class="link" href=href data-noscroll="">
                    {label}
                </a>
            </p>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_asks_for_all_in_one_word() {
        let asks = ["all=yes", "all=no", "all=", ""].map(|query| asked(&Query::parse(query)));
        assert_eq!(asks, [true, false, false, false]);
    }
}
