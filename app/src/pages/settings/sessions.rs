//! Sessions: where is somebody signed in, and how is that ended?

use domain::{
    audit::AuditAction,
    view::session::{SessionList, SessionRow},
};
use leptos::prelude::*;

use super::{crumbs, events};
use crate::{
    api,
    components::{
        button::ButtonLink, loaded::loaded, moment::ago, page_head::PageHead, panel::Panel,
        refused::refused_notice, table::Table, title::Title,
    },
    form::{INTENT, Posted},
    routes, words,
};

pub const END: &str = "end";
pub const END_OTHERS: &str = "end_others";
pub const ID: &str = "id";

#[component]
pub fn Sessions() -> AnyView {
    let posted = Posted::here();
    let sessions = Resource::new(|| (), |()| api::sessions::list_sessions());
    view! {
        <Title text="Sessions" />
        {loaded(sessions, "the sessions", move |list| draw(list, &posted))}
    }
    .into_any()
}

/// Why the last press of a button did nothing.
pub fn refusal(posted: &Posted) -> Option<AnyView> {
    posted.problem.clone().map(refused_notice)
}

fn draw(list: SessionList, posted: &Posted) -> AnyView {
    let own = words::count(list.own.len() as u64, "session");
    let lead = format!("You have {own}. Ending one signs that browser out at its next click.");
    let ended = events("action", AuditAction::EndSession.as_str());
    let several = list.own.iter().any(|session| !session.current);
    let others = (!list.others.is_empty()).then(|| {
        view! {
            <Panel id="others" title="Other people">
                {table(list.others, true)}
            </Panel>
        }
    });
    view! {
        <PageHead
            title="Sessions"
            crumbs=crumbs("Sessions")
            lead=move || lead.clone()
            actions=move || view! { <ButtonLink href=ended.clone() label="Sessions that were ended" /> }
        />
        {refusal(posted)}
        <div class="stack">
            <Panel id="own" title="Yours">
                {table(list.own, false)}
                {several
                    .then(|| {
                        view! {
                            <footer class="panel-foot">
                                <form method="post" action=routes::SESSIONS>
                                    <button type="submit" class="btn" name=INTENT value=END_OTHERS>
                                        "End all other sessions"
                                    </button>
                                </form>
                            </footer>
                        }
                    })}
            </Panel>
            {others}
        </div>
    }
    .into_any()
}

fn table(rows: Vec<SessionRow>, of_others: bool) -> AnyView {
    let label = if of_others { "Sessions of other people" } else { "Your sessions" };
    let lines = rows.into_iter().map(|row| line(row, of_others)).collect_view();
    view! {
        <Table label=label class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Session"</th>
                    {of_others.then(|| view! { <th scope="col">"Person"</th> })}
                    <th scope="col">"Signed in"</th>
                    <th scope="col">"Ends"</th>
                    <th scope="col">"End it"</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(row: SessionRow, of_others: bool) -> AnyView {
    let short: String = row.id_sha256.chars().take(8).collect();
    let label = format!("End session {short}");
    let end = if row.current {
        view! { <span class="soft">"This one: sign out instead"</span> }.into_any()
    } else {
        view! {
            <form method="post" action=routes::SESSIONS>
                <input type="hidden" name=ID value=row.id_sha256 />
                <button type="submit" class="btn" name=INTENT value=END aria-label=label>
                    "End"
                </button>
            </form>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row" class="mono">
                {short}
            </th>
            {of_others.then(|| view! { <td>{row.person_name}</td> })}
            <td data-label="Signed in">{ago(row.signed_in_at)}</td>
            <td data-label="Ends">{ago(row.expires_at)}</td>
            <td>{end}</td>
        </tr>
    }
    .into_any()
}
