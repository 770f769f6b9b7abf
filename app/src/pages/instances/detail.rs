//! One instance: what is the matter with it and since when, what was heard of it, what can be done, and what both its agent and
//! Compute Engine say of it.

use domain::{
    Timestamp,
    agent::{AgentState, LastHeartbeat},
    cause::Cause,
    heartbeat::HeartbeatStatus,
    instance::InstanceStatus,
    name::version_digits,
    view::instance::{InstanceRow, InstanceView},
};
use leptos::prelude::*;

use super::{history::Parts, metrics::metrics, signals::signals};
use crate::{
    api,
    components::{
        code_link::code_link,
        glyph::{State, glyph},
        loaded::loaded,
        moment::{absolute, ago, date, span_words, utc},
        page_head::{Crumb, PageHead},
        panel::Panel,
        status::badge,
        title::Title,
    },
    frame::Scope,
    live::Live,
    pages::{agent_states, named, pools::vm_words},
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn InstancePage() -> impl IntoView {
    let (named, live) = (named("zone", "name"), Live::here());
    let instance = Resource::new(
        move || (named.get(), live.instances()),
        |((zone, name), _)| api::instances::load_instance(zone, name),
    );
    let parts = Parts::of(named);
    loaded(instance, "the instance", move |view| draw(view, parts))
}

/// The moment, with its day where that is not the page's.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    if date(at) == date(now) { utc(at) } else { absolute(at) }
}

/// What is the matter with it and since when, in one sentence.
fn diagnosis(row: &InstanceRow, fails_since: Option<Timestamp>, now: Timestamp) -> String {
    let last = row.last_heartbeat.as_ref();
    let since = fails_since.map(|at| format!(" since {}", moment(at, now))).unwrap_or_default();
    if let (Some(refused), AgentState::Late | AgentState::Silent) = (&row.refused, row.agent) {
        let came =
            last.map(|last| format!(": the last that was taken came at {}", moment(last.received_at, now)));
        let came = came.unwrap_or_default();
        return format!("The agent speaks, and its heartbeats are refused ({}){came}.", refused.code);
    }
    match (row.agent, last) {
        (AgentState::Healthy, _) if agent_states::is_degraded(row) => {
            "Its heartbeats are in time, but the agent calls itself degraded.".to_owned()
        }
        (AgentState::Healthy, _) => "The agent is healthy.".to_owned(),
        (AgentState::Starting, None) if row.instance.status == InstanceStatus::Running => {
            "The VM runs; its agent has not spoken yet and still has time to.".to_owned()
        }
        (AgentState::Starting, None) => "The VM is on its way; its agent has not spoken yet.".to_owned(),
        (AgentState::Starting, Some(_)) => {
            "The agent speaks; Compute Engine has not found it well yet.".to_owned()
        }
        (AgentState::Late, None) => "Its next heartbeat is overdue.".to_owned(),
        (AgentState::Late, Some(last)) => {
            let came = moment(last.received_at, now);
            format!("Its next heartbeat is overdue: the last came at {came}.")
        }
        (AgentState::Silent, None) => "The VM runs, but its agent has never spoken.".to_owned(),
        (AgentState::Silent, Some(last)) => {
            format!("The agent has fallen silent: its last word came at {}.", moment(last.received_at, now))
        }
        (AgentState::Ill, Some(last)) if last.heartbeat.status == HeartbeatStatus::Unhealthy => {
            format!("The agent is alive, and has failed{since}: it calls itself unhealthy.")
        }
        (AgentState::Ill, _) => {
            format!("The agent is alive, but has failed{since}: its health probe is not answered well.")
        }
        (AgentState::Stopped, _) => {
            "The agent was stopped on request; it listens and can be started.".to_owned()
        }
        (AgentState::Gone, _) => "The VM is leaving or has left.".to_owned(),
    }
}

fn draw(view: InstanceView, parts: Parts) -> AnyView {
    let row = Live::here().follow(view.row.clone());
    let InstanceView { row: first, machine_type, observed_at, now, .. } = view;
    let fails_since = RwSignal::new(view.fails_since);
    // The past is loaded again with each passing; the page is not.
    Effect::new(move |_| {
        if let Some(since) = parts.fails_since() {
            fails_since.set(since);
        }
    });
    let (environment, pool) = (first.environment.clone(), first.pool.clone());
    let here = routes::instance(&first.instance.zone, &first.instance.name);
    Scope::here().tell(here.clone(), &environment);
    let events = routes::audit_of(&environment, &first.instance.name);
    let short = first.instance.name.rsplit('-').next().unwrap_or_default().to_owned();
    let crumbs = vec![
        Crumb::link("Pools", Query::default().with("environment", Some(&environment)).on(routes::POOLS)),
        Crumb::link(pool.clone(), routes::pool(&environment, &pool)),
        Crumb::here(short),
    ];
    let of_environment = environment.clone();
    let facts = move || {
        row.with(|row| facts(row, machine_type.as_deref(), &of_environment))
            .into_iter()
            .map(|(fact, mono)| view! { <span class=mono.then_some("mono")>{fact}</span> })
            .collect_view()
    };
    // What stands beside a whole list could not be as long as it.
    let beside = move || if parts.tells_all() { "cols wide block" } else { "cols wide even block" };
    view! {
        <Title text=format!("{} · {environment}", first.instance.name) />
        <PageHead
            title=first.instance.name.clone()
            crumbs=crumbs
            lead=move || row.with(|row| diagnosis(row, fails_since.get(), now))
            badges=move || {
                let (state, word) = row.with(agent_states::shown);
                badge(state, word)
            }
            facts=facts
        />
        {move || row.with(last_error)}
        {parts.incidents()}
        {signals(row, parts, observed_at)}
        <div class=beside>
            <div class="stack">{parts.story()} {parts.serial()}</div>
            <div class="stack">
                {parts.acts(row)}
                {parts.asked()}
                {agent_panel(row, &here, events)}
                {vm_panel(row, observed_at)}
            </div>
        </div>
        {metrics(row, parts)}
        {parts.cloud()}
    }
    .into_any()
}

/// Where it is and what it runs, in few words; whether each is an identifier. What is not known is left out.
fn facts(row: &InstanceRow, machine_type: Option<&str>, environment: &str) -> Vec<(String, bool)> {
    let instance = &row.instance;
    let last = row.last_heartbeat.as_ref().map(|last| &last.heartbeat);
    let uptime = |seconds: u64| span_words(i64::try_from(seconds).unwrap_or(i64::MAX));
    [
        Some((environment.to_owned(), false)),
        Some((instance.zone.clone(), false)),
        machine_type.map(|name| (name.to_owned(), false)),
        instance.template.as_deref().map(|name| (format!("template {}", version_digits(name)), false)),
        last.map(|last| (format!("agent-cage {}", last.version), false)),
        last.map(|last| (format!("up {}", uptime(last.uptime_seconds)), false)),
        instance.address.clone().map(|address| (address, true)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn last_error(row: &InstanceRow) -> impl IntoView + use<> {
    row.instance.failure().cloned().map(|error| {
        let cause = Cause::of_error(&error.code, &error.message);
        view! {
            <section class="panel cluster notice" role="alert" data-s="crit">
                {glyph(State::Crit)} <p>
                    <b>"The group's last attempt on it failed. "</b>
                    <span class="soft">{error.message}</span>
                </p> <code>{error.code}</code> {code_link(cause.as_str())}
            </section>
        }
    })
}

fn agent_panel(row: Memo<InstanceRow>, here: &str, events: String) -> AnyView {
    let status = format!("{here}/status");
    view! {
        <Panel id="agent" title="Agent, as it says of itself">
            {move || agent(row.with(|row| row.last_heartbeat.clone()))}
            <p class="panel-foot sm soft">
                <a class="link" href=status>
                    "Ask it for its status"
                </a>
                " "
                <a class="link" href=events>
                    "All its events"
                </a>
            </p>
        </Panel>
    }
    .into_any()
}

fn vm_panel(row: Memo<InstanceRow>, observed_at: Option<Timestamp>) -> AnyView {
    view! {
        <Panel id="vm" title="VM, as Compute Engine says">
            {move || vm(&row.get())}
            <p class="panel-foot sm soft">
                {match observed_at {
                    Some(at) => view! { "Read " {ago(at)} "." }.into_any(),
                    None => "Not read yet.".into_any(),
                }}
            </p>
        </Panel>
    }
    .into_any()
}

fn vm(row: &InstanceRow) -> AnyView {
    let instance = row.instance.clone();
    view! {
        <dl class="props panel-body">
            <dt>"Status"</dt>
            <dd>{vm_words(&instance.status, &instance.current_action)}</dd>
            <dt>"Group"</dt>
            <dd class="mono">{instance.group}</dd>
            <dt>"Template"</dt>
            <dd class="mono">{instance.template.unwrap_or_else(|| "none, it is leaving".to_owned())}</dd>
            <dt>"Address"</dt>
            <dd class="mono">{instance.address.unwrap_or_else(|| "none yet".to_owned())}</dd>
            <dt>"Id"</dt>
            <dd class="mono">{instance.id.unwrap_or_else(|| "none yet".to_owned())}</dd>
            <dt>"Created"</dt>
            <dd>
                {match instance.created_at {
                    Some(at) => ago(at).into_any(),
                    None => "not yet".into_any(),
                }}
            </dd>
        </dl>
    }
    .into_any()
}

fn agent(last: Option<LastHeartbeat>) -> AnyView {
    let Some(LastHeartbeat { heartbeat, received_at }) = last else {
        return view! { <p class="panel-body soft">"It has not said anything yet."</p> }.into_any();
    };
    view! {
        <dl class="props panel-body">
            <dt>"State"</dt>
            <dd>{heartbeat.status.as_str()}</dd>
            <dt>"Heartbeat"</dt>
            <dd>
                {ago(received_at)} {format!(", number {}", words::number(heartbeat.sequence))}
            </dd>
            <dt>"Agent-cage"</dt>
            <dd class="mono">{heartbeat.version}</dd>
            <dt>"Agent type"</dt>
            <dd>{heartbeat.agent_type}</dd>
            <dt>"Boot"</dt>
            <dd class="mono">{heartbeat.boot_id}</dd>
        </dl>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::view::instance::InstanceLine;

    use super::{
        super::samples::{at, row},
        *,
    };

    #[test]
    fn one_sentence_says_what_is_wrong_and_since_when() {
        let said = |agent, status, since| diagnosis(&row(agent, status), since, at(90));
        let well = Some(HeartbeatStatus::Healthy);
        assert_eq!(said(AgentState::Healthy, well, None), "The agent is healthy.");
        assert_eq!(
            said(AgentState::Silent, well, Some(at(30))),
            "The agent has fallen silent: its last word came at 03:12:44 UTC."
        );
        assert_eq!(
            said(AgentState::Ill, well, Some(at(-26))),
            "The agent is alive, but has failed since 03:12:18 UTC: its health probe is not answered well."
        );
        assert_eq!(
            said(AgentState::Ill, Some(HeartbeatStatus::Unhealthy), None),
            "The agent is alive, and has failed: it calls itself unhealthy."
        );
        assert_eq!(
            said(AgentState::Healthy, Some(HeartbeatStatus::Degraded), None),
            "Its heartbeats are in time, but the agent calls itself degraded."
        );
        assert_eq!(
            said(AgentState::Late, well, None),
            "Its next heartbeat is overdue: the last came at 03:12:44 UTC."
        );
        let refused = domain::agent::RefusedHeartbeat { code: "heartbeat_replayed".into(), at: at(80) };
        let in_vain = InstanceRow { refused: Some(refused), ..row(AgentState::Silent, well) };
        assert_eq!(
            diagnosis(&in_vain, None, at(90)),
            "The agent speaks, and its heartbeats are refused (heartbeat_replayed): the last that was taken came at 03:12:44 UTC."
        );
        let yesterday = said(AgentState::Ill, well, Some(at(-86_400)));
        assert!(yesterday.contains("since 18 Nov 2026, 03:12:44 UTC:"), "{yesterday}");
        assert!(said(AgentState::Starting, None, None).starts_with("The VM runs;"));
    }

    #[test]
    fn neither_a_badge_nor_a_list_s_row_says_better_than_the_agent_does() {
        let shown = |agent, status| {
            let row = row(agent, Some(status));
            let shown = agent_states::shown(&row);
            assert_eq!(agent_states::shown_in_list(&InstanceLine::from(row)), shown);
            shown
        };
        assert_eq!(shown(AgentState::Healthy, HeartbeatStatus::Healthy), (State::Ok, "Healthy"));
        assert_eq!(shown(AgentState::Healthy, HeartbeatStatus::Degraded), (State::Warn, "Degraded"));
        assert_eq!(shown(AgentState::Silent, HeartbeatStatus::Degraded), (State::Crit, "Silent"));
        let unheard = InstanceLine::from(row(AgentState::Healthy, None));
        assert_eq!(agent_states::shown_in_list(&unheard), (State::Ok, "Healthy"));
    }

    #[test]
    fn a_fact_that_is_not_known_is_left_out() {
        let told = |row: &InstanceRow, machine| -> Vec<String> {
            facts(row, machine, "dev").into_iter().map(|(fact, _)| fact).collect()
        };
        let spoken = row(AgentState::Healthy, Some(HeartbeatStatus::Healthy));
        assert_eq!(
            told(&spoken, Some("e2-standard-4")),
            [
                "dev",
                "us-central1-a",
                "e2-standard-4",
                "template 0a1b2c3d",
                "agent-cage 3.8.2",
                "up 2 h",
                "10.40.3.27"
            ]
        );
        let mut new = row(AgentState::Starting, None);
        (new.instance.address, new.instance.template) = (None, None);
        assert_eq!(told(&new, None), ["dev", "us-central1-a"]);
    }
}
