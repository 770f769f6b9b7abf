//! People: who may do what here? Roles come from the organisation's sign-in; nothing about them is changed here.

use domain::view::person::{PersonList, PersonRow};
use leptos::prelude::*;

use super::{crumbs, events};
use crate::{
    api,
    components::{loaded::loaded, moment::ago, page_head::PageHead, table::Table, title::Title},
    words,
};

#[component]
pub fn People() -> AnyView {
    let people = Resource::new(|| (), |()| api::people::list_people());
    view! {
        <Title text="People and roles" />
        {loaded(people, "the people", draw)}
    }
    .into_any()
}

fn draw(list: PersonList) -> AnyView {
    let count = words::count(list.people.len() as u64, "account");
    let lead = if list.more {
        format!("The {count} that signed in last.")
    } else {
        format!("{count}, each with the roles of the last sign-in.")
    };
    let lines = list.people.into_iter().map(line).collect_view();
    view! {
        <PageHead title="People and roles" crumbs=crumbs("People and roles") lead=move || lead.clone() />
        <section class="panel" aria-label="People">
            <Table label="People">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Roles"</th>
                        <th scope="col">"Groups"</th>
                        <th scope="col">"Address"</th>
                        <th scope="col" class="num">
                            "Last sign-in"
                        </th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
            <p class="panel-foot sm muted">
                "Roles and groups are your organisation's to give: they change with the next sign-in. Viewers read; operators \
                 propose; approvers vote on changes of others; admins propose too, set budgets, and end sessions and \
                 tokens of others."
            </p>
        </section>
    }
    .into_any()
}

fn line(person: PersonRow) -> AnyView {
    let roles: Vec<String> = person.roles.iter().map(ToString::to_string).collect();
    let listed = |items: &[String]| if items.is_empty() { "none".to_owned() } else { words::list(items) };
    view! {
        <tr>
            <th scope="row">
                <a href=events("actor", &person.sub) title="What they did">
                    {person.name}
                </a>
            </th>
            <td>{listed(&roles)}</td>
            <td>{listed(&person.groups)}</td>
            <td>{person.email}</td>
            <td class="num">{ago(person.last_sign_in)}</td>
        </tr>
    }
    .into_any()
}
