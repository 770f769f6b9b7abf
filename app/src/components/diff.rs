//! Before and after of one thing's fields. Before is muted and after has a ground; red and green are for states.

use domain::plan::FieldChange;
use leptos::prelude::*;

/// A table of one group of fields.
pub fn diff(changes: Vec<FieldChange>) -> AnyView {
    table("sr", ["Before".to_owned(), "After".to_owned()], changes)
}

/// The same of two versions neither of which came first: their names stand above them.
pub fn diff_between(versions: [String; 2], changes: Vec<FieldChange>) -> AnyView {
    table("sm", versions, changes)
}

fn table(heads: &'static str, [before, after]: [String; 2], changes: Vec<FieldChange>) -> AnyView {
    let rows = changes
        .into_iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row" class="mono soft">
                        {change.attribute}
                    </th>
                    <td>
                        {match change.before {
                            Some(before) => view! { <del class="mono">{before}</del> }.into_any(),
                            None => view! { <span class="muted">"none"</span> }.into_any(),
                        }}
                    </td>
                    <td>
                        {match change.after {
                            Some(after) => view! { <ins class="mono">{after}</ins> }.into_any(),
                            None => view! { <span class="muted">"none"</span> }.into_any(),
                        }}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="diff">
            <thead class=heads>
                <tr>
                    <th scope="col">"Field"</th>
                    <th scope="col">{before}</th>
                    <th scope="col">{after}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
