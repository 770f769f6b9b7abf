//! Before and after of fields. Before is muted and after has a ground; red and green are for states.

use domain::{edit::noun_and_field, plan::FieldChange};
use leptos::prelude::*;

/// A table of one group of fields.
pub fn diff(changes: Vec<FieldChange>) -> AnyView {
    diff_of("sr", before_and_after(), changes)
}

/// The same of two versions neither of which came first: their names stand above them.
pub fn diff_between(versions: [String; 2], changes: Vec<FieldChange>) -> AnyView {
    diff_of("sm", versions, changes)
}

/// The same of all that a declaration holds: each noun with its fields below it.
pub fn diff_by_noun(changes: &[FieldChange]) -> AnyView {
    let groups = by_noun(changes).into_iter().map(|(noun, fields)| group(noun, "3", fields, row));
    table("diff", "sr", before_and_after().into(), groups.collect_view().into_any())
}

/// What was first declared, each noun with its fields below it: there is no before to hold them against.
pub fn declared_by_noun(changes: &[FieldChange]) -> AnyView {
    let groups = by_noun(changes).into_iter().map(|(noun, fields)| group(noun, "2", fields, first_row));
    table("diff first", "sr", vec!["Declared".to_owned()], groups.collect_view().into_any())
}

fn before_and_after() -> [String; 2] {
    ["Before".to_owned(), "After".to_owned()]
}

fn diff_of(heads: &'static str, versions: [String; 2], changes: Vec<FieldChange>) -> AnyView {
    let rows = changes.into_iter().map(row).collect_view();
    table("diff", heads, versions.into(), view! { <tbody>{rows}</tbody> }.into_any())
}

/// `columns`: after that of the fields.
fn table(class: &'static str, heads: &'static str, columns: Vec<String>, bodies: AnyView) -> AnyView {
    let columns = columns.into_iter().map(|column| view! { <th scope="col">{column}</th> }).collect_view();
    view! {
        <table class=class>
            <thead class=heads>
                <tr>
                    <th scope="col">"Field"</th>
                    {columns}
                </tr>
            </thead>
            {bodies}
        </table>
    }
    .into_any()
}

/// Fields that stand beside each other in the declaration, by the noun that they are of and without its name.
fn by_noun(changes: &[FieldChange]) -> Vec<(Option<String>, Vec<FieldChange>)> {
    let noun = |change: &FieldChange| noun_and_field(&change.attribute).map(|(noun, _)| noun.to_owned());
    let of_noun = |change: &FieldChange| match noun_and_field(&change.attribute) {
        Some((_, field)) => FieldChange { attribute: field.to_owned(), ..change.clone() },
        None => change.clone(),
    };
    changes
        .chunk_by(|one, other| noun(one) == noun(other))
        .map(|same| (noun(&same[0]), same.iter().map(of_noun).collect()))
        .collect()
}

fn group(
    noun: Option<String>,
    columns: &'static str,
    fields: Vec<FieldChange>,
    row: fn(FieldChange) -> AnyView,
) -> AnyView {
    let head = noun.map(|noun| {
        view! {
            <tr>
                <th scope="rowgroup" colspan=columns class="mono">
                    {noun}
                </th>
            </tr>
        }
    });
    let rows = fields.into_iter().map(row).collect_view();
    view! { <tbody>{head} {rows}</tbody> }.into_any()
}

fn row(change: FieldChange) -> AnyView {
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
    .into_any()
}

/// All of them are new, so that none is marked so.
fn first_row(change: FieldChange) -> AnyView {
    view! {
        <tr>
            <th scope="row" class="mono soft">
                {change.attribute}
            </th>
            <td class="mono">{change.after}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_below_their_noun_without_its_name() {
        let change = |attribute: &str| FieldChange {
            attribute: attribute.to_owned(),
            before: None,
            after: Some("1".to_owned()),
        };
        let all = [
            "agent_pools[\"a\"].max_surge",
            "agent_pools[\"a\"].target_size",
            "agent_pools[\"b\"].target_size",
            "environment.region",
        ];
        let grouped: Vec<(Option<String>, Vec<String>)> = by_noun(&all.map(change))
            .into_iter()
            .map(|(noun, fields)| (noun, fields.into_iter().map(|change| change.attribute).collect()))
            .collect();
        let group = |noun: &str, fields: &[&str]| {
            (Some(noun.to_owned()), fields.iter().map(|&field| field.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            grouped,
            [
                group("agent_pools[\"a\"]", &["max_surge", "target_size"]),
                group("agent_pools[\"b\"]", &["target_size"]),
                group("environment", &["region"]),
            ]
        );
        assert_eq!(by_noun(&[change("title")])[0].0, None);
    }
}
