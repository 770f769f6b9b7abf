//! A list whose parts stay while the page around them is drawn anew: what somebody types into one is neither lost nor found in
//! its neighbour when others come and go.

use std::hash::Hash;

use leptos::{
    prelude::*,
    tachys::{reactive_graph::OwnedView, view::keyed::keyed},
};

/// What the parts live under: the page. A drawing of it ends with the next one, and with it all that it made.
#[derive(Clone, Debug)]
pub struct Kept(Owner);

impl Kept {
    /// Called where the page is made, and not where it is drawn.
    pub fn here() -> Self {
        Self(Owner::current().unwrap_or_default())
    }

    /// A part is drawn once for as long as its key is there: what changes of it meanwhile is a signal, or part of the key.
    pub fn list<T, K>(
        &self,
        items: Vec<T>,
        key: impl Fn(&T) -> K + Send + 'static,
        draw: impl Fn(T) -> AnyView + Send + 'static,
    ) -> AnyView
    where
        T: Send + 'static,
        K: Eq + Hash + 'static,
    {
        let page = self.0.clone();
        let part = move |_: usize, item: T| {
            let own = page.with(Owner::new);
            let view = own.with(|| draw(item));
            (drop::<usize>, OwnedView::new_with_owner(view, own))
        };
        keyed(items, key, part).into_any()
    }
}
