//! Key figures side by side, parted by hairlines.

use leptos::prelude::*;

/// A figure with its name above and what it means below.
#[derive(Clone, Debug)]
pub struct Facet {
    pub name: &'static str,
    pub figure: String,
    /// Small, behind the figure: `of 64`.
    pub unit: String,
    /// May be empty.
    pub detail: String,
}

/// The figures as a list of terms.
pub fn facets(items: Vec<Facet>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|facet| {
            // None of something is quiet, none of so many is not.
            let none = facet.figure == "0" && facet.unit.is_empty();
            view! {
                <div>
                    <dt class="sm">{facet.name}</dt>
                    <dd class=if none { "figure muted" } else { "figure" }>{facet.figure} " " <small>{facet.unit}</small></dd>
                    {(!facet.detail.is_empty())
                        .then(|| {
                            view! {
                                <dd>
                                    <small>{facet.detail}</small>
                                </dd>
                            }
                        })}
                </div>
            }
        })
        .collect_view();
    view! { <dl class="facets">{items}</dl> }
}
