//! People: who may do what here? Roles come from the organisation's sign-in; nothing about them is changed here.

use domain::{
    Permission, Role,
    view::person::{PersonList, PersonRow},
};
use leptos::prelude::*;

use super::{crumbs, events};
use crate::{
    api,
    components::{
        loaded::loaded, moment::ago, page_head::PageHead, panel::Panel, table::Table, title::Title,
    },
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
        let whose = if list.people.len() == 1 { "with" } else { "each with" };
        format!("{count}, {whose} the roles of its last sign-in.")
    };
    let rights = rights()
        .into_iter()
        .map(|(holders, deeds)| {
            view! {
                <dt>{holders}</dt>
                <dd>{deeds}</dd>
            }
        })
        .collect_view();
    let lines = list.people.into_iter().map(line).collect_view();
    view! {
        <PageHead title="People and roles" crumbs=crumbs("People and roles") lead=move || lead.clone() />
        <div class="stack">
            <section class="panel" aria-label="People">
                <Table label="People" class="table cards">
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
                    "Roles and groups are your organisation's to give: they change with the next sign-in."
                </p>
            </section>
            <Panel id="rights" title="What each role may do">
                <dl class="props panel-body">{rights}</dl>
            </Panel>
        </div>
    }
    .into_any()
}

/// What each role may do, from the rules themselves: one line for those that may do the same.
fn rights() -> Vec<(String, String)> {
    let mut allowed: Vec<(&[Role], Vec<String>)> = Vec::new();
    for permission in Permission::ALL {
        let (roles, deed) = (permission.roles(), deed(permission).to_owned());
        match allowed.iter_mut().find(|(known, _)| *known == roles) {
            Some((_, deeds)) => deeds.push(deed),
            None => allowed.push((roles, vec![deed])),
        }
    }
    allowed
        .into_iter()
        .map(|(roles, deeds)| (words::sentence(&holders(roles)), words::sentence(&words::list(&deeds))))
        .collect()
}

fn holders(roles: &[Role]) -> String {
    if roles == Role::ALL {
        return "everybody with a role".to_owned();
    }
    words::list(&roles.iter().map(|role| format!("{role}s")).collect::<Vec<_>>())
}

/// The verb, as it is said of a third person.
fn deed(permission: Permission) -> &'static str {
    match permission {
        Permission::ManageOwnPasskeys => "manage their own passkeys",
        Permission::ManageOwnTokens => "manage their own sessions and API tokens",
        Permission::VoteOnChange => "vote on a change that somebody else proposed",
        other => other.verb(),
    }
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
            <td data-label="Roles">{listed(&roles)}</td>
            <td data-label="Groups">{listed(&person.groups)}</td>
            <td>{person.email}</td>
            <td class="num" data-label="Last sign-in">
                {ago(person.last_sign_in)}
            </td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_told_once_with_all_who_have_it() {
        let told: Vec<String> =
            rights().into_iter().map(|(holders, deeds)| format!("{holders}: {deeds}.")).collect();
        let told = told.join(" ");
        for permission in Permission::ALL {
            let deed = deed(permission);
            assert!(told.to_lowercase().contains(&deed.to_lowercase()), "{deed}: {told}");
        }
        assert!(!told.contains("your"), "{told}");
        assert_eq!(
            told,
            "Everybody with a role: Read the fleet, read the audit log, plan a change, manage their own passkeys, \
             see the people and manage their own sessions and API tokens. Operators and admins: Propose a change, \
             cancel a change, command an agent and let the brake go. Admins: Set a budget and manage sessions and \
             API tokens of others. Approvers: Vote on a change that somebody else proposed. Approvers and admins: \
             Close an incident."
        );
    }
}
