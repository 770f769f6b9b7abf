//! Alerts: what must somebody hear of? Open incidents with why, the conditions that are judged, and who was told.

use domain::{
    Permission,
    alert::{Alert, AlertKind, AlertState},
    audit::AuditAction,
    incident::{Cause, Incident},
    view::health::{AlertsView, CLOSED_INCIDENTS, DeliveryRow},
};
use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;

use crate::{
    api::{
        self,
        alerts::{CloseIncident, OverruleBrake},
    },
    components::{
        button::Submit,
        code_link::{code_link, with_code_link},
        field::TextField,
        glyph::{State, glyph},
        incident::held,
        kept::Kept,
        loaded::loaded,
        markup::Markup,
        moment::ago,
        page_head::PageHead,
        panel::Panel,
        refused::refused_last,
    },
    live::Live,
    opening::refusal,
    routes,
    url_state::{Query, use_query},
    words,
};

#[component]
pub fn Alerts() -> AnyView {
    let (live, query) = (Live::here(), use_query());
    let alerts = Resource::new(
        move || {
            let asked = query.with(|query| query.get("incident").map(str::to_owned));
            (asked, live.opened(), live.health())
        },
        |(asked, ..)| api::alerts::list_alerts(asked),
    );
    // Incidents open and end while somebody writes a reason into one of them.
    let (panels, open) = (Kept::here(), RwSignal::new(Vec::new()));
    view! {
        <Title text="Alerts" />
        {loaded(alerts, "the alerts", move |view| draw(view, &panels, open))}
    }
    .into_any()
}

fn draw(view: AlertsView, panels: &Kept, open: RwSignal<Vec<Incident>>) -> AnyView {
    let count = view.open.len() as u64;
    let unmeasured = view.alerts.iter().filter(|alert| alert.state == AlertState::NotMeasured).count() as u64;
    let lead = match (count, unmeasured) {
        (0, 0) => "No incident is open.".to_owned(),
        (0, _) => format!(
            "No incident is open. Of the conditions, {} not measured yet.",
            words::number(unmeasured) + if unmeasured == 1 { " is" } else { " are" }
        ),
        (1, _) => "One incident is open.".to_owned(),
        _ => format!("{} are open.", words::count(count, "incident")),
    };
    open.set(view.open.clone());
    let incidents = panels.list(view.open, |one| (one.id, one.holds_now()), move |one| incident(&one, open));
    let closed = view.closed.iter().map(past).collect_view();
    let none_closed =
        view.closed.is_empty().then(|| view! { <p class="panel-body soft">"No incident has ended yet."</p> });
    view! {
        <PageHead title="Alerts" lead=move || lead.clone() />
        <div class="stack">{incidents} {conditions(&view.alerts)} {deliveries(view.webhook, view.deliveries)}</div>
        <div class="block">
            <Panel
                id="closed"
                title=title_of_ended(view.closed.len())
                aside=|| view! { <a class="link sm" href=ended()>"All that ended, in the log"</a> }
            >
                {none_closed}
                <ol class="rows verdicts">{closed}</ol>
            </Panel>
        </div>
    }
    .into_any()
}

/// Whether these are all is not said where as many as fit are there.
fn title_of_ended(listed: usize) -> String {
    if listed < CLOSED_INCIDENTS as usize {
        "Incidents that ended".to_owned()
    } else {
        format!("The last {CLOSED_INCIDENTS} incidents that ended")
    }
}

/// Every end of an incident, in the audit log.
fn ended() -> String {
    Query::default().with("action", Some(AuditAction::CloseIncident.as_str())).on(routes::AUDIT)
}

/// What the audit log tells of it.
fn events(incident: &Incident) -> String {
    let query = Query::default().with("environment", incident.environment.as_deref());
    query.with("object", Some(&incident.name())).on(routes::AUDIT)
}

/// Drawn once: nothing of it changes while it is open but whether it holds, its key, and how far, as `open` has it.
fn incident(one: &Incident, open: RwSignal<Vec<Incident>>) -> AnyView {
    let id = one.id;
    let held = move || open.with(|all| all.iter().find(|one| one.id == id).map(held)).unwrap_or_default();
    let brake = one.holds_now().then(|| overrule(one));
    let close = one.is_closed_by_hand().then(|| close(one));
    let change = match one.cause {
        Cause::Forgery(id) => Some(view! {
            " "
            <a class="link" href=routes::change(id)>
                {id.to_string()}
            </a>
        }),
        Cause::MassFailure(_) | Cause::Alert(_) => None,
    };
    view! {
        <section class="panel" id=one.name() data-s="crit" aria-label=format!("Incident {}", one.name())>
            <header class="panel-head">
                <h2 class="status">{glyph(State::Crit)} {one.title.clone()}</h2>
                <small>
                    <span class="mono">{one.name()}</span>
                    " "
                    <a class="link" href=events(one)>
                        "All its events"
                    </a>
                    {change}
                </small>
            </header>
            <div class="panel-body">
                <p>{with_code_link(&one.why)}</p>
                <p class="soft">
                    {one.environment.clone().map(|name| format!("Environment {name}, "))} "open since "
                    {ago(one.opened_at)} ". " {held}
                </p>
                {brake}
                {close}
            </div>
        </section>
    }
    .into_any()
}

/// Letting the brake go by hand: with a reason, as healing then goes on whatever the agents do.
fn overrule(open: &Incident) -> AnyView {
    let action = ServerAction::<OverruleBrake>::new();
    let blocked = refusal(Permission::OverruleBrake);
    let labels = ("Why healing may go on", "Let the brake go");
    let fields = fields(open.id, "overrule-brake", labels, blocked, action.pending().into());
    view! {
        {refused_last(action.value().into())}
        <ActionForm action=action>{fields}</ActionForm>
    }
    .into_any()
}

/// Closing what nothing measured ends: with what was found.
fn close(open: &Incident) -> AnyView {
    let action = ServerAction::<CloseIncident>::new();
    let blocked = refusal(Permission::CloseIncident);
    let labels = ("What was found and done", "Close the incident");
    let fields = fields(open.id, "close-incident", labels, blocked, action.pending().into());
    view! {
        {refused_last(action.value().into())}
        <ActionForm action=action>{fields}</ActionForm>
    }
    .into_any()
}

/// Which incident, why, and the button, whose id begins with `verb`.
fn fields(
    id: i64,
    verb: &str,
    (why, label): (&'static str, &'static str),
    blocked: Option<String>,
    busy: Signal<bool>,
) -> AnyView {
    view! {
        <input type="hidden" name="id" value=id.to_string() />
        <TextField id=format!("reason-{id}") field=("reason", "") label=why required=true />
        <div class="buttons">
            <Submit label=label id=format!("{verb}-{id}") blocked=blocked busy=busy />
        </div>
    }
    .into_any()
}

fn conditions(alerts: &[Alert]) -> AnyView {
    let rows = AlertKind::ALL
        .iter()
        .map(|kind| condition(*kind, alerts.iter().find(|alert| alert.kind == *kind)))
        .collect_view();
    view! {
        <Panel id="conditions" title="Conditions">
            <ul class="rows verdicts">{rows}</ul>
        </Panel>
    }
    .into_any()
}

fn condition(kind: AlertKind, alert: Option<&Alert>) -> AnyView {
    let state = match alert.map(|alert| alert.state) {
        Some(AlertState::Ok) => State::Ok,
        Some(AlertState::Firing) => State::Crit,
        Some(AlertState::NotMeasured) | None => State::Unknown,
    };
    let word = match state {
        State::Ok => "well",
        State::Crit => "fires",
        _ => "not measured yet",
    };
    let value = alert.map_or_else(
        || "Not judged yet.".to_owned(),
        |alert| format!("{}; it fires {}.", words::sentence(&alert.value), alert.limit),
    );
    let since = alert.map(|alert| view! { " Since " {ago(alert.since)} "." });
    view! {
        <li data-s=state.as_str()>
            {glyph(state)} <p>
                <b>{kind.title()}</b>
                {format!(": {word}. ")}
                <span class="soft">{value} {since}</span>
                <small>{kind.measured()}</small>
            </p> {code_link(kind.as_str())}
        </li>
    }
    .into_any()
}

fn past(incident: &Incident) -> AnyView {
    let ended = incident.closed_at.map(ago);
    let because = incident.closed_because.clone().unwrap_or_default();
    view! {
        <li id=incident.name() data-s="x">
            {glyph(State::X)} <p>
                <b>{incident.title.clone()}</b>
                " "
                <span class="soft">{words::sentence(&because)}</span>
                <small>
                    "ended " {ended} ", "
                    <a class="link" href=events(incident) aria-label=format!("All its events: {}", incident.name())>
                        "All its events"
                    </a>
                </small>
            </p> <code class="muted">{incident.name()}</code>
        </li>
    }
    .into_any()
}

fn deliveries(webhook: Option<String>, rows: Vec<DeliveryRow>) -> AnyView {
    let target = match webhook {
        Some(host) => format!("Each incident that opens or ends is also sent to {host}, signed."),
        None => "No webhook is configured: incidents are told here alone. Set `alerts.webhook_url` and \
                 `alerts.webhook_secret_file` to tell others."
            .to_owned(),
    };
    let rows = rows.iter().map(delivery).collect_view();
    view! {
        <Panel id="deliveries" title="Who was told">
            <p class="panel-body soft">
                <span inner_html=Markup::default().prose(&target).into_html()></span>
                " "
                <a class="link" href=routes::WEBHOOK_DOCUMENT rel="external">
                    "What is sent, and how a receiver verifies it"
                </a>
            </p>
            <ol class="rows verdicts">{rows}</ol>
        </Panel>
    }
    .into_any()
}

/// What became of it.
fn fate(row: &DeliveryRow) -> (State, String) {
    let attempts = words::count(u64::from(row.attempts), "attempt");
    match row.state.as_str() {
        "delivered" => (State::Ok, "taken".to_owned()),
        "pending" => (State::Progress, format!("on its way, {attempts}")),
        _ => (State::X, format!("given up after {attempts}")),
    }
}

fn delivery(row: &DeliveryRow) -> AnyView {
    let (state, word) = fate(row);
    let error = row.last_error.clone().map(|error| words::sentence(&error));
    view! {
        <li data-s=state.as_str()>
            {glyph(state)} <p>
                <b>{format!("{} of {}", row.event, row.incident)}</b>
                {format!(" {word}. ")}
                <span class="soft">{error}</span>
                <small>{ago(row.created_at)}</small>
            </p> <code class="muted">{row.last_status}</code>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn a_list_that_is_full_says_that_it_is_the_last_of_them() {
        assert_eq!(title_of_ended(19), "Incidents that ended");
        assert_eq!(title_of_ended(20), "The last 20 incidents that ended");
        // And the one that was asked for.
        assert_eq!(title_of_ended(21), "The last 20 incidents that ended");
        assert_eq!(ended(), "/audit?action=close_incident");
    }

    #[test]
    fn what_became_of_a_delivery_is_told_in_words() {
        let told = |state: &str, attempts| {
            fate(&DeliveryRow {
                id: 7,
                incident: "inc-12".to_owned(),
                event: "incident.opened".to_owned(),
                state: state.to_owned(),
                attempts,
                last_status: None,
                last_error: None,
                created_at: Timestamp::default(),
                delivered_at: None,
            })
        };
        assert_eq!(told("delivered", 2), (State::Ok, "taken".to_owned()));
        assert_eq!(told("pending", 1), (State::Progress, "on its way, 1 attempt".to_owned()));
        assert_eq!(told("given_up", 33), (State::X, "given up after 33 attempts".to_owned()));
    }
}
