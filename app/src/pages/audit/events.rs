//! Events as sentences.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    audit::{AuditAction, AuditEvent, Subject},
    view::change::ShownEvent,
};
use leptos::prelude::*;

use crate::{
    components::{
        diff::diff,
        glyph::{State, glyph},
        icon::turning_arrow,
        moment::{ago, clock_time, date},
    },
    pages::search::TEXT,
    routes,
    url_state::Query,
    words,
};

/// What names of resources begin with, by environment.
type Prefixes = BTreeMap<String, String>;

/// The events under the day on which they happened, in UTC.
pub fn days(events: Vec<AuditEvent>, prefixes: &Prefixes) -> AnyView {
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
            let items = events.into_iter().map(|event| whole(event, prefixes)).collect_view();
            view! {
                <h2 class="day muted">{day}</h2>
                {list(items.into_any())}
            }
        })
        .collect_view()
        .into_any()
}

/// A past failure is grey: red means ill now.
pub const fn state(action: AuditAction) -> State {
    use AuditAction as Did;
    match action {
        Did::ProposeChange | Did::ReviseChange | Did::ClaimChange | Did::IntendOperation => State::Progress,
        Did::ApproveChange
        | Did::VoteToApprove
        | Did::FinishChange
        | Did::FinishOperation
        | Did::EnrollAgent
        | Did::Recover
        | Did::CloseIncident
        | Did::RestoreHealing
        | Did::AcknowledgeCommand => State::Ok,
        Did::FailChange
        | Did::CancelChange
        | Did::VoteToReject
        | Did::RejectChange
        | Did::VoidVotes
        | Did::ExpireChange
        | Did::SupersedeChange
        | Did::FailOperation
        | Did::FallSilent
        | Did::FallIll
        | Did::OpenIncident
        | Did::RefuseCommand
        | Did::ExpireCommand => State::X,
        Did::HoldHealing
        | Did::OverruleBrake
        | Did::RestartAgent
        | Did::StopAgent
        | Did::StartAgent
        | Did::RegisterPasskey
        | Did::RevokePasskey
        | Did::ReviseRoster
        | Did::RevisePolicy
        | Did::SignIn
        | Did::SignOut
        | Did::CreateToken
        | Did::RevokeToken
        | Did::EndSession
        | Did::SetBudget => State::Info,
        Did::CrossBudgetThreshold => State::Warn,
    }
}

/// What a change's own page tells: where and to what it was done stands above.
pub fn told_list(events: Vec<ShownEvent>) -> AnyView {
    let items = events
        .into_iter()
        .map(|event| item(event.at, event.action, event.sentence, &event.detail, None))
        .collect_view();
    list(items.into_any())
}

/// A pool's newest on its own page, without what they were about before and after. Names of its environment's resources begin
/// with `prefix`.
pub fn pool_list(events: Vec<AuditEvent>, prefix: &str) -> AnyView {
    let items = events
        .into_iter()
        .map(|event| {
            // It leads nowhere that one is not yet.
            let other = event.subject(Some(prefix)).filter(|found| !matches!(found, Subject::Pool { .. }));
            let place = place(&event, other.map(page_of), false);
            item(event.at, event.action, event.sentence(), &event.detail, Some((place, ().into_any())))
        })
        .collect_view();
    list(items.into_any())
}

fn list(items: AnyView) -> AnyView {
    view! { <ol class="rows events">{items}</ol> }.into_any()
}

/// An event with what one needs outside of the page of what it is about.
fn whole(event: AuditEvent, prefixes: &Prefixes) -> AnyView {
    let place = place(&event, subject(&event, prefixes), true);
    item(event.at, event.action, event.sentence(), &event.detail, Some((place, evidence(&event))))
}

/// When it was, and what it leads to. `whole`: its environment and its own page too.
fn place(event: &AuditEvent, subject: Option<(String, String)>, whole: bool) -> AnyView {
    let environment = event.environment.as_ref().filter(|_| whole).map(|name| format!(", {name}"));
    let seq = event.seq;
    let own = whole.then(|| {
        view! {
            ", "
            <a class="link" href=routes::audit_event(seq)>
                "event "
                {seq}
            </a>
        }
    });
    view! {
        <small>
            {ago(event.at)} {environment}
            {event
                .change
                .map(|id| {
                    view! {
                        ", "
                        <a class="link mono" href=routes::change(id)>
                            {id.to_string()}
                        </a>
                    }
                })}
            {subject
                .map(|(name, href)| {
                    view! {
                        ", "
                        <a class="link mono" href=href>
                            {name}
                        </a>
                    }
                })} {own}
        </small>
    }
    .into_any()
}

/// `whole`: what follows the sentence in its line, and below it.
fn item(
    at: Timestamp,
    action: AuditAction,
    sentence: String,
    detail: &str,
    whole: Option<(AnyView, AnyView)>,
) -> AnyView {
    let state = state(action);
    let detail = (!detail.is_empty()).then(|| words::sentence(detail));
    let (place, evidence) = whole.unzip();
    view! {
        <li data-s=state.as_str()>
            <span class="muted">{clock_time(at)}</span>
            {glyph(state)}
            <div>
                <p>
                    {sentence} {detail.map(|detail| view! { <small>{detail}</small> })}
                    {place}
                </p>
                {evidence}
            </div>
        </li>
    }
    .into_any()
}

/// What it was done to, and its page.
fn subject(event: &AuditEvent, prefixes: &Prefixes) -> Option<(String, String)> {
    let prefix = event.environment.as_ref().and_then(|environment| prefixes.get(environment));
    event.subject(prefix.map(String::as_str)).map(page_of)
}

/// Its name and address; an instance is searched for where the event does not say its zone.
fn page_of(subject: Subject<'_>) -> (String, String) {
    let (name, href) = match subject {
        Subject::Pool { environment, name } => (name, routes::pool(environment, name)),
        Subject::Template { environment, name } => (name, routes::template(environment, name)),
        Subject::FirewallRule { environment, key } => (key, routes::firewall_rule(environment, key)),
        Subject::Instance { zone: Some(zone), name } => (name, routes::instance(zone, name)),
        Subject::Instance { zone: None, name } => {
            (name, Query::default().with(TEXT, Some(name)).on(routes::SEARCH))
        }
        Subject::Incident(name) => (name, routes::incident(name)),
        Subject::Budget { environment } => {
            let costs = Query::default().with("environment", Some(environment)).on(routes::COSTS);
            return (format!("budget of {environment}"), costs);
        }
    };
    (name.to_owned(), href)
}

/// What the event was about, before and after, folded.
fn evidence(event: &AuditEvent) -> AnyView {
    let digest = |name: &'static str, hex: &Option<String>| {
        hex.as_ref().map(|hex| {
            let short: String = hex.chars().take(16).collect();
            view! {
                <dt class="muted">{name}</dt>
                <dd class="mono">{short} "…"</dd>
            }
        })
    };
    let facts = event
        .facts
        .iter()
        .map(|(name, value)| {
            view! {
                <dt class="muted">{words::sentence(&name.replace('_', " "))}</dt>
                <dd class="mono">{value.clone()}</dd>
            }
        })
        .collect_view();
    let changed = (!event.differences.is_empty()).then(|| diff(event.differences.clone()));
    view! {
        <details class="fold">
            <summary class="sm muted cluster">{turning_arrow()} "Before and after"</summary>
            {changed}
            <dl class="props sm">
                {digest("Before", &event.before_sha256)} {digest("After", &event.after_sha256)}
                <dt class="muted">"Hash"</dt>
                <dd class="mono">{event.hash.clone()}</dd> <dt class="muted">"By"</dt>
                <dd class="mono">{event.actor_id.clone()}</dd> <dt class="muted">"Request"</dt>
                <dd class="mono">{event.request_id.clone()}</dd> {facts}
            </dl>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_lead_to_the_page_of_what_they_were_done_to() {
        let (environment, vm) = ("dev", "agent-backend-pool-x7k2");
        for (subject, name, href) in [
            (Subject::Pool { environment, name: "backend-pool" }, "backend-pool", "/pools/dev/backend-pool"),
            (
                Subject::Template { environment, name: "backend-dev" },
                "backend-dev",
                "/templates/dev/backend-dev",
            ),
            (
                Subject::FirewallRule { environment, key: "allow-agent-ssh" },
                "allow-agent-ssh",
                "/firewall/dev/allow-agent-ssh",
            ),
            (
                Subject::Instance { zone: Some("us-central1-a"), name: vm },
                vm,
                "/instances/us-central1-a/agent-backend-pool-x7k2",
            ),
            (Subject::Instance { zone: None, name: vm }, vm, "/search?q=agent-backend-pool-x7k2"),
            (Subject::Incident("inc-12"), "inc-12", "/alerts#inc-12"),
            (Subject::Budget { environment }, "budget of dev", "/costs?environment=dev"),
        ] {
            assert_eq!(page_of(subject), (name.to_owned(), href.to_owned()));
        }
    }
}
