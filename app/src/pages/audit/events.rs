//! Events as sentences.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    audit::{AuditAction, SettingsList, Subject},
    view::{audit::AuditLine, change::ShownEvent},
};
use leptos::prelude::*;

use crate::{
    components::{
        glyph::State,
        markup::Markup,
        moment::{absolute, date, time_of_day},
    },
    pages::search::TEXT,
    routes,
    url_state::Query,
    words,
};

/// What names of resources begin with, by environment.
type Prefixes = BTreeMap<String, String>;

/// The events under the day on which they happened, in UTC.
pub fn days(events: Vec<AuditLine>, prefixes: &Prefixes) -> AnyView {
    by_day(&events)
        .into_iter()
        .map(|(day, events)| {
            let items = events.iter().map(|event| whole(event, prefixes)).collect_view();
            view! {
                <h2 class="day muted">{day}</h2>
                {list(items.into_any())}
            }
        })
        .collect_view()
        .into_any()
}

/// In their order. The day is said once, of all that happened on it one after the other.
fn by_day(events: &[AuditLine]) -> Vec<(String, &[AuditLine])> {
    events
        .chunk_by(|one, next| one.at.date_naive() == next.at.date_naive())
        .filter_map(|of_day| Some((date(of_day.first()?.at), of_day)))
        .collect()
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
        .iter()
        .map(|event| {
            let told = told(event.at, event.action, &event.sentence, &event.detail);
            item(event.action, told)
        })
        .collect_view();
    list(items.into_any())
}

/// A pool's newest on its own page, a day at a time. Names of its environment's resources begin with `prefix`.
pub fn pool_list(events: &[AuditLine], prefix: &str) -> AnyView {
    by_day(events)
        .into_iter()
        .map(|(day, events)| {
            let items = events.iter().map(|event| of_pool(event, prefix)).collect_view();
            view! {
                <h3 class="day muted">{day}</h3>
                {list(items.into_any())}
            }
        })
        .collect_view()
        .into_any()
}

/// It leads nowhere that one is not yet.
fn of_pool(event: &AuditLine, prefix: &str) -> AnyView {
    let other = event.subject(Some(prefix)).filter(|found| !matches!(found, Subject::Pool { .. }));
    let change = event.change.map(|id| (id.to_string(), routes::change(id)));
    let ways: Vec<(String, String)> = change.into_iter().chain(other.map(page_of)).collect();
    // What Compute Engine calls an operation tells nothing here: the log has it.
    let named =
        matches!(event.action, AuditAction::FinishOperation) && event.detail.starts_with("operation-");
    let detail = if named { "" } else { event.detail.as_str() };
    let mut told = told(event.at, event.action, &event.sentence(), detail);
    if !ways.is_empty() {
        told = told.open("small", &[]);
        for (place, (name, href)) in ways.iter().enumerate() {
            if place > 0 {
                told = told.text(", ");
            }
            told = leads(told, "link mono", href, name);
        }
        told = told.close("small");
    }
    item(event.action, told)
}

fn list(items: AnyView) -> AnyView {
    view! { <ol class="rows events">{items}</ol> }.into_any()
}

/// An event with what one needs outside of the page of what it is about. Its evidence is on its own page.
fn whole(event: &AuditLine, prefixes: &Prefixes) -> AnyView {
    let told = told(event.at, event.action, &event.sentence(), &event.detail).open("small", &[]);
    let told = match &event.environment {
        Some(name) => told.text(name).text(", "),
        None => told,
    };
    let told = match event.change {
        Some(id) => leads(told, "link mono", &routes::change(id), &id.to_string()).text(", "),
        None => told,
    };
    let told = match subject(event, prefixes) {
        Some((name, href)) => leads(told, "link mono", &href, &name).text(", "),
        None => told,
    };
    let own = leads(told, "link", &routes::audit_event(event.seq), &format!("event {}", event.seq));
    item(event.action, own.close("small"))
}

fn leads(before: Markup, class: &str, href: &str, name: &str) -> Markup {
    before.element("a", &[("class", class), ("href", href)], name)
}

/// When, with what sign, and the sentence; the paragraph is left open at its end. The day stands above the list.
fn told(at: Timestamp, action: AuditAction, sentence: &str, detail: &str) -> Markup {
    let (title, time) = (absolute(at), time_of_day(at));
    let told = Markup::default()
        .element("time", &[("class", "muted"), ("title", title.as_str())], &time)
        .glyph(state(action))
        .open("p", &[])
        .text(sentence);
    if detail.is_empty() { told } else { told.element("small", &[], &words::sentence(detail)) }
}

/// Closes the paragraph. Nothing in an item moves, so that it is one text: see [`Markup`].
fn item(action: AuditAction, told: Markup) -> AnyView {
    view! { <li data-s=state(action).as_str() inner_html=told.close("p").into_html()></li> }.into_any()
}

/// What it was done to, and its page.
fn subject(event: &AuditLine, prefixes: &Prefixes) -> Option<(String, String)> {
    let prefix = event.environment.as_ref().and_then(|environment| prefixes.get(environment));
    event.subject(prefix.map(String::as_str)).map(page_of)
}

/// Its name and address; an instance is searched for where the event does not say its zone.
pub fn page_of(subject: Subject<'_>) -> (String, String) {
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
        Subject::Settings(list) => {
            let (name, href) = match list {
                SettingsList::People => ("People and roles", routes::PEOPLE),
                SettingsList::Passkeys => ("Passkeys", routes::PASSKEYS),
                SettingsList::Sessions => ("Sessions", routes::SESSIONS),
                SettingsList::Tokens => ("API tokens", routes::TOKENS),
                SettingsList::Policy => ("Approval policy", routes::POLICY),
            };
            (name, href.to_owned())
        }
    };
    (name.to_owned(), href)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: i64, seconds: i64) -> AuditLine {
        AuditLine {
            seq,
            at: Timestamp::from_timestamp(1_795_046_400 + seconds, 0).unwrap(),
            environment: None,
            actor_name: "Mara".to_owned(),
            action: AuditAction::SignIn,
            object: String::new(),
            detail: String::new(),
            change: None,
        }
    }

    #[test]
    fn a_day_is_said_once_of_all_that_happened_on_it() {
        let events = [event(4, 86_400), event(3, 86_399), event(2, 0), event(1, -1)];
        let days: Vec<(String, Vec<i64>)> = by_day(&events)
            .into_iter()
            .map(|(day, events)| (day, events.iter().map(|event| event.seq).collect()))
            .collect();
        let day = |name: &str, seqs: &[i64]| (name.to_owned(), seqs.to_vec());
        assert_eq!(days, [day("20 Nov 2026", &[4]), day("19 Nov 2026", &[3, 2]), day("18 Nov 2026", &[1])]);
        assert!(by_day(&[]).is_empty());
    }

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
            (Subject::Incident("inc-12"), "inc-12", "/alerts?incident=inc-12#inc-12"),
            (Subject::Budget { environment }, "budget of dev", "/costs?environment=dev"),
            (Subject::Settings(SettingsList::People), "People and roles", "/settings/people"),
            (Subject::Settings(SettingsList::Passkeys), "Passkeys", "/settings/passkeys"),
            (Subject::Settings(SettingsList::Sessions), "Sessions", "/settings/sessions"),
            (Subject::Settings(SettingsList::Tokens), "API tokens", "/settings/tokens"),
            (Subject::Settings(SettingsList::Policy), "Approval policy", "/settings/policy"),
        ] {
            assert_eq!(page_of(subject), (name.to_owned(), href.to_owned()));
        }
    }
}
