//! Before and after of one thing's fields. Before is muted and after has a ground; red and green are for states.

use domain::plan::FieldChange;
use leptos::prelude::*;

/// A table of one group of fields.
pub fn diff(changes: Vec<FieldChange>) -> AnyView {
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
            <thead class="sr">
                <tr>
                    <th scope="col">"Field"</th>
                    <th scope="col">"Before"</th>
                    <th scope="col">"After"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
