//! Audit: who did what, and can I prove it? A sentence an event, newest first, filtered by the address and paged by
//! sequence in both directions.

mod detail;
mod events;
mod filters;
mod proof;

use domain::view::audit::{AuditQuery, AuditView};
use leptos::prelude::*;

pub use detail::AuditEventPage;
pub use events::{days, pool_list, told_list};
#[cfg(feature = "ssr")]
pub use filters::{AUDIT_NAMES, audit_query};

use crate::{
    api::{self, FieldProblem},
    components::{
        button::ButtonLink,
        empty::Empty,
        icon::Icon,
        loaded::loaded,
        page_head::PageHead,
        paging::{Way, paging},
        title::Title,
    },
    form::Posted,
    frame::Scope,
    live::Live,
    pages::settings::sessions::refusal,
    routes,
    url_state::{Query, use_query},
};

/// A page of the log, or what of the address cannot be read.
type Read = Result<(AuditQuery, AuditView), Vec<FieldProblem>>;

#[component]
pub fn Audit() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    let posted = Posted::here();
    let proof = proof::asked(&posted);
    let shown = RwSignal::new(live.changes_untracked());
    let log = Resource::new(
        move || (query.with(|query| filters::read(query, scope.named())), shown.get(), live.opened()),
        |(wanted, ..)| async move {
            match wanted {
                Err(problems) => Ok(Err(problems)),
                Ok(wanted) => api::audit::load_audit(wanted.clone()).await.map(|log| Ok((wanted, log))),
            }
        },
    );
    let updates = Memo::new(move |_| live.changes() > shown.get());
    view! {
        <Title text="Audit" />
        {loaded(
            log,
            "the audit log",
            move |read: Read| {
                let show = move || shown.set(live.changes_untracked());
                let query = query.get_untracked();
                let proved = view! { {refusal(&posted)} {proof::notice(proof)} }.into_any();
                draw(read, &query, proved, updates, show)
            },
        )}
    }
    .into_any()
}

fn draw<S: Fn() + Copy + Send + Sync + 'static>(
    read: Read,
    query: &Query,
    proved: AnyView,
    updates: Memo<bool>,
    show: S,
) -> AnyView {
    let lead = "Each event holds the hash of the one before it, so that a missing or altered one shows.";
    let (problems, body, watch, foot) = match read {
        Err(problems) => (problems, unreadable().into_any(), None, None),
        Ok((wanted, view)) => {
            let foot = foot(&view, query);
            let AuditView { lines, prefixes, watch, .. } = view;
            let body = if lines.is_empty() { nothing(&wanted, query) } else { days(lines, &prefixes) };
            (Vec::new(), body, Some(watch), Some(foot))
        }
    };
    let (actions, facts) = (proof::actions(query), proof::facts(watch.as_ref()));
    let alarm = watch.as_ref().and_then(proof::alarm);
    view! {
        <PageHead title="Audit" lead=move || lead facts=facts actions=actions />
        {proved}
        {alarm}
        <section class="panel" aria-label="Events">
            {filters::form(query, &problems)}
            {move || {
                updates
                    .get()
                    .then(|| {
                        view! {
                            <div class="cluster query">
                                <button type="button" class="chip" on:click=move |_| show()>
                                    "New events: show"
                                </button>
                            </div>
                        }
                    })
            }} {body} {foot}
        </section>
    }
    .into_any()
}

fn unreadable() -> impl IntoView {
    view! {
        <Empty title="The filter cannot be read" icon=Icon::Filter>
            <p class="soft">"What is wrong stands beside its field."</p>
        </Empty>
    }
}

/// Nothing yet, filtered away, or beyond an end: three different things.
fn nothing(wanted: &AuditQuery, query: &Query) -> AnyView {
    let newest = query.clone().with("before", None).with("after", None).on(routes::AUDIT);
    if wanted.before.is_some() || wanted.after.is_some() {
        let side = if wanted.before.is_some() { "older" } else { "newer" };
        return view! {
            <Empty title=format!("There is no {side} event") icon=Icon::Audit>
                <p class="soft">"This address is beyond the end of what the log holds here."</p>
                <ButtonLink href=newest label="Newest events" />
            </Empty>
        }
        .into_any();
    }
    if wanted.filters() {
        let mut clear = filters::cleared(query);
        if clear == *query {
            clear = clear.with("environment", None);
        }
        return view! {
            <Empty title="No event is like that" icon=Icon::Filter>
                <p class="soft">"The filter leaves nothing. Names are matched as a whole."</p>
                <ButtonLink href=clear.on(routes::AUDIT) label="Clear the filter" />
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="Nothing has happened yet" icon=Icon::Audit>
            <p class="soft">"Signing in is the first thing that is written down."</p>
        </Empty>
    }
    .into_any()
}

fn foot(view: &AuditView, query: &Query) -> AnyView {
    let bare = query.clone().with("before", None).with("after", None);
    let page = |name: &str, seq: Option<i64>| {
        seq.map(|seq| bare.clone().with(name, Some(&seq.to_string())).on(routes::AUDIT))
    };
    let range = match (view.lines.first(), view.lines.last()) {
        (Some(first), Some(last)) if first.seq == last.seq => format!("Event {}", first.seq),
        (Some(first), Some(last)) => format!("Events {} to {}", last.seq, first.seq),
        _ => "No event".to_owned(),
    };
    let paged = query.get("before").is_some() || query.get("after").is_some();
    let ways = vec![
        Way::to("Newest", paged.then(|| bare.on(routes::AUDIT))),
        Way::back("Newer", page("after", view.previous)),
        Way::onward("Older", page("before", view.next)),
    ];
    paging(Some(range), ways)
}
