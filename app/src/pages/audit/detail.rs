//! One event: what it says, what it changed, and the bytes that are hashed.

use domain::{audit::AuditEvent, view::audit::AuditEventView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::events::{page_of, state};
use crate::{
    api::{self, ApiError, Code},
    components::{
        button::ButtonLink,
        diff::{diff, diff_between},
        digest::digest,
        icon::turning_arrow,
        loaded::loaded,
        moment::absolute,
        page_head::{Crumb, PageHead},
        panel::Panel,
        status::badge,
        title::Title,
    },
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn AuditEventPage() -> AnyView {
    let params = use_params_map();
    let event = Resource::new(
        move || params.with(|params| params.get("seq").unwrap_or_default()),
        |seq| async move {
            match seq.parse::<i64>() {
                Ok(seq) => api::audit::load_audit_event(seq).await,
                Err(_) => Err(no_such(&seq)),
            }
        },
    );
    loaded(event, "the event", draw)
}

fn no_such(seq: &str) -> ApiError {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.set_status(http::StatusCode::NOT_FOUND);
    }
    ApiError::new(Code::NotFound, format!("`{seq}` is no event: events have numbers."))
}

fn draw(view: AuditEventView) -> AnyView {
    let AuditEventView { event, prev, leaf, differences, edited, prefix, last, .. } = view;
    let state = state(event.action);
    let word = words::sentence(&event.action.as_str().replace('_', " "));
    let sentence = format!("{}.", event.sentence());
    let title = format!("Event {}", event.seq);
    let crumbs = vec![Crumb::link("Audit", routes::AUDIT), Crumb::here(title.clone())];
    let (seq, more) = (event.seq, event.seq < last);
    let of_object = Query::default()
        .with("object", event.object.rsplit(' ').next())
        .with("environment", event.environment.as_deref());
    let actions = move || {
        view! {
            {(seq > 1).then(|| view! { <ButtonLink href=routes::audit_event(seq - 1) label="Event before" /> })}
            {more.then(|| view! { <ButtonLink href=routes::audit_event(seq + 1) label="Event after" /> })}
        }
    };
    let own = (!event.differences.is_empty()).then(|| {
        let own = event.differences.clone();
        view! { <Panel id="event-differences" title="What it changed">
            <div class="panel-body">{diff(own)}</div>
        </Panel> }
    });
    let edited = edited.filter(|edited| !edited.differences.is_empty()).map(|edited| {
        let versions =
            [edited.revision.saturating_sub(1), edited.revision].map(|number| format!("Revision {number}"));
        view! { <Panel id="edited-differences" title="What the edit changed">
            <div class="panel-body">{diff_between(versions, edited.differences)}</div>
        </Panel> }
    });
    let declared = (!differences.is_empty()).then(|| {
        view! { <Panel id="declared-differences" title="What the change declares otherwise">
            <div class="panel-body">{diff(differences)}</div>
        </Panel> }
    });
    let side = |label: &str, hex: &Option<String>| {
        hex.as_ref().map(|hex| digest(format!("{label}, SHA-256 of what it was done to"), hex))
    };
    let change = event.change.map(|id| {
        view! {
            <a class="btn" href=routes::change(id)>
                {id.to_string()}
            </a>
        }
    });
    let subject = event.subject(prefix.as_deref()).map(page_of).map(|(name, href)| {
        view! {
            <a class="btn" href=href>
                {name}
            </a>
        }
    });
    let why = (!event.detail.is_empty()).then(|| view! { <p>{words::sentence(&event.detail)}</p> });
    let facts = facts(&event);
    let (before, after) = (side("Before", &event.before_sha256), side("After", &event.after_sha256));
    view! {
        <Title text=title.clone() />
        <PageHead
            title=title
            crumbs=crumbs
            lead=move || sentence.clone()
            badges=move || badge(state, word.clone())
            actions=actions
        />
        <div class="cols">
            <div class="stack">
                {own} {edited} {declared} <Panel id="facts" title="What it says">
                    <div class="panel-body">
                        {why} {facts}
                        <div class="cluster">
                            {change} {subject}
                            <a class="btn" href=of_object.on(routes::AUDIT)>
                                "All events of it"
                            </a>
                        </div>
                    </div>
                </Panel> <section class="panel" aria-label="Bytes">
                    <details class="more">
                        <summary class="cluster">{turning_arrow()} "The bytes that are hashed"</summary>
                        <p class="panel-body sm break">
                            <code>{leaf}</code>
                        </p>
                    </details>
                </section>
            </div>
            <aside class="stack" aria-label="Digests">
                {before} {after} {digest("Hash of this event".to_owned(), &event.hash)}
                {digest("Hash of the event before it".to_owned(), &prev)}
            </aside>
        </div>
    }
    .into_any()
}

fn facts(event: &AuditEvent) -> AnyView {
    let environment = event.environment.clone();
    let of_all = environment.is_none().then_some("none: of the whole installation");
    let names =
        [("By", event.actor_id.clone()), ("To", event.object.clone()), ("Request", event.request_id.clone())];
    let names = names
        .into_iter()
        .chain(event.facts.iter().map(|(name, value)| (name.as_str(), value.clone())))
        .map(|(name, value)| {
            view! {
                <dt class="muted">{words::sentence(&name.replace('_', " "))}</dt>
                <dd class="mono">{value}</dd>
            }
        })
        .collect_view();
    view! {
        <dl class="props">
            <dt class="muted">"At"</dt>
            <dd>{absolute(event.at)}</dd>
            <dt class="muted">"Environment"</dt>
            <dd>{of_all} {environment}</dd>
            {names}
        </dl>
    }
    .into_any()
}
