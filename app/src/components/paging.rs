//! The foot of a list: what of it is shown, and the ways to its other pages.

use leptos::prelude::*;

use super::icon::{Icon, icon};

/// A way to another page of the list. Without an address there is no such page, and nothing is drawn.
#[derive(Clone, Debug)]
pub struct Way {
    label: &'static str,
    href: Option<String>,
    arrow: Option<Arrow>,
    current: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrow {
    Left,
    Right,
}

impl Way {
    /// To an end of the list, or to where one is.
    pub fn to(label: &'static str, href: Option<String>) -> Self {
        Self { label, href, arrow: None, current: false }
    }

    /// Towards the list's beginning.
    pub fn back(label: &'static str, href: Option<String>) -> Self {
        Self { arrow: Some(Arrow::Left), ..Self::to(label, href) }
    }

    /// Towards its end.
    pub fn onward(label: &'static str, href: Option<String>) -> Self {
        Self { arrow: Some(Arrow::Right), ..Self::to(label, href) }
    }

    /// The page is that one already.
    #[must_use]
    pub fn current(self, current: bool) -> Self {
        Self { current, ..self }
    }

    fn draw(self) -> Option<AnyView> {
        let Self { label, href, arrow, current } = self;
        href.map(|href| {
            view! {
                <a class="btn" href=href aria-current=current.then_some("true")>
                    {(arrow == Some(Arrow::Left)).then(|| icon(Icon::Left))}
                    {label}
                    {(arrow == Some(Arrow::Right)).then(|| icon(Icon::Right))}
                </a>
            }
            .into_any()
        })
    }
}

/// `shown` is what of the list the page has, in words.
pub fn paging(shown: Option<String>, ways: Vec<Way>) -> AnyView {
    // One that is not there keeps its place: who stands on `Older` stands on it on the next page too.
    let ways = ways.into_iter().map(Way::draw).collect_view();
    view! {
        <footer class="panel-foot">
            {shown.map(|shown| view! { <small>{shown}</small> })} {ways}
        </footer>
    }
    .into_any()
}
