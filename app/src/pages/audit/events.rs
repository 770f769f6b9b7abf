//! Events as sentences.

use domain::audit::{AuditAction, AuditEvent};
use leptos::prelude::*;

use crate::{
    components::{
        diff::diff,
        glyph::{State, glyph},
        moment::{ago, clock_time, date},
    },
    routes, words,
};

/// The events under the day on which they happened, in UTC.
pub fn days(events: Vec<AuditEvent>) -> impl IntoView {
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

/// Events as sentences. `whole`: with what one needs outside of the event's own page.
pub fn events_list(events: Vec<AuditEvent>, whole: bool) -> impl IntoView {
    let items = events.into_iter().map(|event| item(event, whole)).collect_view();
    view! { <ol class="rows events">{items}</ol> }
}

fn item(event: AuditEvent, whole: bool) -> AnyView {
    let state = state(event.action);
    let change = event.change.filter(|_| whole);
    let detail = (!event.detail.is_empty()).then(|| words::sentence(&event.detail));
    let sentence = event.sentence();
    let subject = subject(&event).filter(|_| whole);
    let evidence = whole.then(|| evidence(&event));
    view! {
        <li data-s=state.as_str()>
            <span class="muted">{clock_time(event.at)}</span>
            {glyph(state)}
            <div>
                <p>
                    {sentence} {detail.map(|detail| view! { <small>{detail}</small> })}
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
                                    {subject
                                        .map(|(name, href)| {
                                            view! {
                                                ", "
                                                <a class="link mono" href=href>
                                                    {name}
                                                </a>
                                            }
                                        })} ", "
                                    <a class="link" href=routes::audit_event(event.seq)>
                                        "event "
                                        {event.seq}
                                    </a>
                                </small>
                            }
                        })}
                </p>
                {evidence}
            </div>
        </li>
    }
    .into_any()
}

/// The page of what it was done to, where its name leads to one.
fn subject(event: &AuditEvent) -> Option<(String, String)> {
    let environment = event.environment.as_deref()?;
    let name = event.object.rsplit(' ').next()?;
    let (_, pool) = name.split_once("-pool-")?;
    let pool = pool.strip_suffix("-autoscaler").or_else(|| pool.strip_suffix("-health")).unwrap_or(pool);
    Some((pool.to_owned(), routes::pool(environment, pool)))
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
            <summary class="sm muted">"Before and after"</summary>
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
    use domain::actor::ActorKind;

    use super::*;

    fn event(object: &str) -> AuditEvent {
        AuditEvent {
            seq: 1,
            at: domain::Timestamp::default(),
            environment: Some("dev".into()),
            actor_kind: ActorKind::System,
            actor_id: "reconciler".into(),
            actor_name: "reconciler".into(),
            action: AuditAction::FinishOperation,
            object: object.into(),
            detail: String::new(),
            change: None,
            request_id: "r".into(),
            hash: "ab".into(),
            before_sha256: None,
            after_sha256: None,
            facts: Vec::new(),
            differences: Vec::new(),
        }
    }

    #[test]
    fn what_belongs_to_a_pool_leads_to_it() {
        let pool = |object: &str| subject(&event(object)).map(|(_, href)| href);
        assert_eq!(pool("create instance group genesis-pool-web").as_deref(), Some("/pools/dev/web"));
        assert_eq!(pool("delete autoscaler genesis-pool-web-autoscaler").as_deref(), Some("/pools/dev/web"));
        assert_eq!(pool("create health check genesis-pool-web-health").as_deref(), Some("/pools/dev/web"));
        assert_eq!(pool("chg-12"), None);
        let elsewhere = AuditEvent { environment: None, ..event("create instance group genesis-pool-web") };
        assert_eq!(subject(&elsewhere), None);
    }
}
