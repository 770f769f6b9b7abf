//! The order of a list: heads of columns that are links, so that it is in the address and works without scripts.

use domain::list_order::{Column, ListOrder};
use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    icon::{Icon, icon},
};
use crate::url_state::Query;

/// The name in the address.
pub const SORT: &str = "sort";

/// The order that the address asks for, as it is written there.
pub fn asked(query: &Query) -> Option<String> {
    query.get(SORT).map(str::to_owned)
}

/// How the list at `path` stands, and the addresses by which it stands otherwise.
#[derive(Debug)]
pub struct Order<'a, T: 'static> {
    query: &'a Query,
    path: &'static str,
    columns: &'static [Column<T>],
    now: Option<ListOrder>,
}

impl<'a, T: 'static> Order<'a, T> {
    pub fn of(query: &'a Query, path: &'static str, columns: &'static [Column<T>]) -> Self {
        let now = query.get(SORT).and_then(|text| ListOrder::parse(text, columns).ok());
        Self { query, path, columns, now }
    }

    /// Where the address asks for an order that there is not: what to write instead. The list stands as it does by itself.
    pub fn problem(&self) -> Option<AnyView> {
        let problem = ListOrder::parse(self.query.get(SORT)?, self.columns).err()?;
        let notice = view! {
            <div class="cluster query">
                <p class="reason sm" role="alert" data-s="warn">
                    {glyph(State::Warn)}
                    <span>{format!("{problem}.")}</span>
                </p>
            </div>
        };
        Some(notice.into_any())
    }

    /// The head of the column that is called so in the address. `class` is that of its cells.
    pub fn head(&self, name: &str, label: &'static str, class: &'static str) -> AnyView {
        let Some(column) = self.columns.iter().find(|column| column.name == name) else {
            return view! {
                <th scope="col" class=class>
                    {label}
                </th>
            }
            .into_any();
        };
        let stands = self.now.filter(|now| now.column == column.name);
        let direction = stands.map(|now| if now.downwards { "descending" } else { "ascending" });
        view! {
            <th scope="col" class=class aria-sort=direction>
                <a class="order" href=self.leads(column)>
                    {label}
                    {stands.is_some().then(|| icon(Icon::Down))}
                </a>
            </th>
        }
        .into_any()
    }

    fn leads(&self, column: &Column<T>) -> String {
        let next = ListOrder::pressed(self.now, column).to_string();
        self.query.clone().with(SORT, Some(&next)).on(self.path)
    }
}

#[cfg(test)]
mod tests {
    use domain::list_order::POOL_COLUMNS;

    use super::*;

    #[test]
    fn a_head_leads_to_its_order_within_the_same_view() {
        let leads = |address: &str| -> Vec<String> {
            let query = Query::parse(address);
            let order = Order::of(&query, "/pools", POOL_COLUMNS);
            POOL_COLUMNS[..2].iter().map(|column| order.leads(column)).collect()
        };
        assert_eq!(leads(""), ["/pools?sort=name", "/pools?sort=-size"]);
        assert_eq!(
            leads("sort=-size&environment=dev"),
            ["/pools?environment=dev&sort=name", "/pools?environment=dev&sort=size"]
        );
        assert_eq!(leads("sort=colour"), ["/pools?sort=name", "/pools?sort=-size"]);
    }
}
