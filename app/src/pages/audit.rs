//! Audit: who did what? A sentence an event, newest first, paged by sequence.

use domain::{audit::AuditEvent, view::audit::AuditList};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        empty::Empty,
        glyph::{State, glyph},
        icon::{Icon, icon},
        loaded::loaded,
        moment::{ago, clock_time, date},
        page_head::PageHead,
        title::Title,
    },
    frame::Scope,
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};
use domain::audit::AuditAction;

fn before(query: &Query) -> Option<i64> {
    query.get("before").and_then(|text| text.parse().ok()).filter(|seq| *seq > 0)
}

#[component]
pub fn Audit() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    let shown = RwSignal::new(live.changes_untracked());
    let log = Resource::new(
        move || (scope.named(), query.with(before), shown.get(), live.opened()),
        |(environment, before, ..)| api::audit::list_audit(environment, before),
    );
    let updates = Memo::new(move |_| live.changes() > shown.get());
    view! {
        <Title text="Audit" />
        {loaded(
            log,
            "the audit log",
            move |list| {
                let show = move || shown.set(live.changes_untracked());
                draw(list, &query.get_untracked(), updates, show)
            },
        )}
    }
    .into_any()
}

fn draw<S: Fn() + Copy + Send + Sync + 'static>(
    list: AuditList,
    query: &Query,
    updates: Memo<bool>,
    show: S,
) -> AnyView {
    let paged = before(query).is_some();
    let newest = query.clone().with("before", None).on(routes::AUDIT);
    let older = list.next.map(|next| query.clone().with("before", Some(&next.to_string())).on(routes::AUDIT));
    let range = match (list.events.first(), list.events.last()) {
        (Some(first), Some(last)) => format!("Events {} to {}", last.seq, first.seq),
        _ => "No event".to_owned(),
    };
    let lead = "Each event holds the hash of the one before it, so that a missing or altered one shows.";
    let body = if list.events.is_empty() {
        view! {
            <Empty title="Nothing has happened yet" icon=Icon::Audit>
                <p class="soft">"Signing in is the first thing that is written down."</p>
            </Empty>
        }
        .into_any()
    } else {
        days(list.events).into_any()
    };
    view! {
        <PageHead title="Audit" lead=move || lead />
        <section class="panel" aria-label="Events">
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
            }} {body} <footer class="panel-foot">
                <small>{range}</small>
                {paged
                    .then(|| {
                        view! {
                            <a class="btn" href=newest>
                                {icon(Icon::Left)}
                                "Newest"
                            </a>
                        }
                    })}
                {older
                    .map(|href| {
                        view! {
                            <a class="btn" href=href>
                                "Older"
                                {icon(Icon::Right)}
                            </a>
                        }
                    })}
            </footer>
        </section>
    }
    .into_any()
}

/// The events under the day on which they happened, in UTC.
fn days(events: Vec<AuditEvent>) -> impl IntoView {
    let mut days: Vec<(String, Vec<AuditEvent>)> = Vec::new();
    for event in events {
        let day = date(event.at);
        match days.last_mut() {
            Some((last, events)) if *last == day => events.push(event),
            _ => days.push((day, vec![event])),
        }
    }
    days.into_iter()
        .map(|(day, events)| {
            view! {
                <h2 class="day muted">{day}</h2>
                {events_list(events, true)}
            }
        })
        .collect_view()
}

/// A past failure is grey: red means ill now.
const fn state(action: AuditAction) -> State {
    use AuditAction as Did;
    match action {
        Did::ProposeChange | Did::ClaimChange | Did::IntendOperation => State::Progress,
        Did::ApproveChange | Did::FinishChange | Did::FinishOperation | Did::EnrollAgent => State::Ok,
        Did::FailChange | Did::CancelChange | Did::SupersedeChange | Did::FailOperation => State::X,
        Did::SignIn | Did::SignOut | Did::SetBudget => State::Info,
        Did::CrossBudgetThreshold => State::Warn,
    }
}

/// Events as sentences. `whole`: with what one needs outside of the event's own page.
pub fn events_list(events: Vec<AuditEvent>, whole: bool) -> impl IntoView {
    let items = events.into_iter().map(|event| item(event, whole)).collect_view();
    view! { <ol class="rows events">{items}</ol> }
}

fn item(event: AuditEvent, whole: bool) -> AnyView {
    let state = state(event.action);
    let change = event.change.filter(|_| whole);
    let detail = (!event.detail.is_empty()).then(|| words::sentence(&event.detail));
    let hash: String = event.hash.chars().take(12).collect();
    view! {
        <li data-s=state.as_str()>
            <span class="muted">{clock_time(event.at)}</span>
            {glyph(state)}
            <p>
                {event.sentence()}
                {detail.map(|detail| view! { <small>{detail}</small> })}
                {whole
                    .then(|| {
                        view! {
                            <small>
                                {ago(event.at)}
                                {event.environment.map(|name| format!(", {name}"))}
                                {change
                                    .map(|id| {
                                        view! {
                                            ", "
                                            <a class="link mono" href=routes::change(id)>
                                                {id.to_string()}
                                            </a>
                                        }
                                    })}
                                ", event "
                                {event.seq}
                                ", "
                                <span class="mono">{hash}</span>
                            </small>
                        }
                    })}
            </p>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sequence_pages() {
        assert_eq!(before(&Query::parse("before=120")), Some(120));
        assert_eq!(before(&Query::parse("before=-1")), None);
        assert_eq!(before(&Query::parse("before=x")), None);
    }
}
