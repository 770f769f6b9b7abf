//! Settings: who may do what here, and how the installation itself is.

mod environments;
mod health;
mod people;
mod policy;
pub mod sessions;
pub mod tokens;

use leptos::prelude::*;

pub use environments::Environments;
pub use health::Health;
pub use people::People;
pub use policy::Policy;
pub use sessions::Sessions;
pub use tokens::{NewTokenPage, Tokens};

use crate::{
    components::{
        page_head::{Crumb, PageHead},
        title::Title,
    },
    routes,
    url_state::Query,
};

/// Each room with what it answers.
const ROOMS: [(&str, &str, &str); 8] = [
    ("People and roles", routes::PEOPLE, "Who has signed in, with which roles and groups?"),
    ("Passkeys", routes::PASSKEYS, "With which of your devices do you sign?"),
    ("Sessions", routes::SESSIONS, "Where are you signed in, and how is that ended?"),
    ("API tokens", routes::TOKENS, "Which programs act for you, and what may they do?"),
    ("Environments", routes::ENVIRONMENTS, "What is declared where, and when was it last read?"),
    ("Approval policy", routes::POLICY, "Whose agreement does a change take, and who are they?"),
    ("Alerts", routes::ALERTS, "What must somebody hear of, and who was told?"),
    ("Health", routes::HEALTH, "Is the control plane itself well?"),
];

/// The way to a page of the settings.
pub fn crumbs(here: &str) -> Vec<Crumb> {
    vec![Crumb::link("Settings", routes::SETTINGS), Crumb::here(here)]
}

/// A page's way to the log: the events of every environment that one filter keeps.
pub fn events(filter: &str, value: &str) -> String {
    Query::default().with(filter, Some(value)).on(routes::AUDIT)
}

#[component]
pub fn Settings() -> AnyView {
    let rooms = ROOMS
        .map(|(name, href, question)| {
            view! {
                <tr>
                    <th scope="row">
                        <a href=href>{name}</a>
                    </th>
                    <td class="wrap">{question}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Title text="Settings" />
        <PageHead title="Settings" lead=|| "Access to this installation, and its own health." />
        <section class="panel" aria-label="Settings">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Page"</th>
                        <th scope="col">"Answers"</th>
                    </tr>
                </thead>
                <tbody>{rooms}</tbody>
            </table>
        </section>
    }
    .into_any()
}
