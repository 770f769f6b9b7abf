//! One instance: what its agent last said, what Compute Engine says of its VM, and the last thing that failed.

use domain::{
    agent::{AgentState, LastHeartbeat},
    cause::Cause,
    heartbeat::HEARTBEAT_INTERVAL_SECONDS,
    view::instance::{InstanceRow, InstanceView},
};
use leptos::prelude::*;

use super::history::Parts;
use crate::{
    api,
    components::{
        code_link::code_link,
        facets::{Facet, facets},
        glyph::{State, glyph},
        loaded::loaded,
        moment::{ago, span_words},
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

/// What is the matter with it, in one sentence.
fn diagnosis(row: &InstanceRow) -> String {
    let last = row.last_heartbeat.as_ref();
    match row.agent {
        AgentState::Healthy => "The agent is healthy.".to_owned(),
        AgentState::Starting if last.is_none() => {
            "The VM is on its way; its agent has not spoken yet.".to_owned()
        }
        AgentState::Starting => "The VM is on its way.".to_owned(),
        AgentState::Late => "One heartbeat is overdue.".to_owned(),
        AgentState::Silent if last.is_none() => "The VM runs, but its agent has never spoken.".to_owned(),
        AgentState::Silent => "The agent has fallen silent.".to_owned(),
        AgentState::Ill if last.is_some_and(|last| last.heartbeat.status.as_str() == "unhealthy") => {
            "The agent speaks and says that it is unhealthy.".to_owned()
        }
        AgentState::Ill => "The agent speaks, but its health probe fails.".to_owned(),
        AgentState::Stopped => "The agent was stopped on request; it listens and can be started.".to_owned(),
        AgentState::Gone => "The VM is leaving or has left.".to_owned(),
    }
}

fn draw(view: InstanceView, parts: Parts) -> AnyView {
    let row = Live::here().follow(view.row.clone());
    let first = view.row.clone();
    let (environment, pool) = (first.environment.clone(), first.pool.clone());
    Scope::here().tell(routes::instance(&first.instance.zone, &first.instance.name), &environment);
    let status = format!("{}/status", routes::instance(&first.instance.zone, &first.instance.name));
    let events = routes::audit_of(&environment, &first.instance.name);
    let short = first.instance.name.rsplit('-').next().unwrap_or_default().to_owned();
    let crumbs = vec![
        Crumb::link("Pools", Query::default().with("environment", Some(&environment)).on(routes::POOLS)),
        Crumb::link(pool.clone(), routes::pool(&environment, &pool)),
        Crumb::here(short),
    ];
    let facts = move || {
        let row = row.get();
        let template = row.instance.template.clone();
        [Some(row.instance.zone.clone()), template, row.instance.address.clone()]
            .into_iter()
            .flatten()
            .map(|fact| view! { <span>{fact}</span> })
            .collect_view()
    };
    view! {
        <Title text=format!("{} · {environment}", first.instance.name) />
        <PageHead
            title=first.instance.name.clone()
            crumbs=crumbs
            lead=move || row.with(diagnosis)
            badges=move || {
                let agent = row.with(|row| row.agent);
                badge(agent_states::state(agent), agent_states::word(agent))
            }
            facts=facts
        />
        {move || row.with(last_error)}
        <section class="panel" aria-label="What the agent last said">
            {move || figures(row.with(|row| row.last_heartbeat.clone()))}
        </section>
        <div class="cols wide block">
            <Panel id="vm" title="VM, as Compute Engine says">
                {move || vm(&row.get())}
                <p class="panel-foot sm soft">
                    {match view.observed_at {
                        Some(at) => view! { "Read " {ago(at)} "." }.into_any(),
                        None => "Not read yet.".into_any(),
                    }}
                </p>
            </Panel>
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
        </div>
        {parts.view(first.instance.zone.clone(), first.instance.name.clone())}
    }
    .into_any()
}

fn last_error(row: &InstanceRow) -> impl IntoView + use<> {
    row.instance.last_error.clone().map(|error| {
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

fn figures(last: Option<LastHeartbeat>) -> AnyView {
    let Some(LastHeartbeat { heartbeat, .. }) = last else {
        return view! {
            <p class="panel-body panel-head soft">
                {format!("No heartbeat yet. One is due every {HEARTBEAT_INTERVAL_SECONDS} s once the agent runs.")}
            </p>
        }
        .into_any();
    };
    let facet = |name, figure: String, unit: &str, detail: &str| Facet {
        name,
        figure,
        unit: unit.to_owned(),
        detail: detail.to_owned(),
    };
    let metrics = heartbeat.metrics;
    let uptime = span_words(i64::try_from(heartbeat.uptime_seconds).unwrap_or(i64::MAX));
    let memory = words::bytes(metrics.memory_usage_bytes);
    let (memory, unit) = memory.split_once(' ').unwrap_or((&memory, ""));
    let share = |value: f64| words::percent(value).trim_end_matches(" %").to_owned();
    facets(vec![
        facet("CPU", share(metrics.cpu_utilization_percent), "%", "of the VM's"),
        facet("Memory", memory.to_owned(), unit, "used"),
        facet("Disk", share(metrics.disk_usage_percent), "%", "used"),
        facet("Tasks", words::number(metrics.tasks_completed_total), "", "completed since boot"),
        facet("Up", uptime, "", "since its boot"),
    ])
    .into_any()
}

fn vm(row: &InstanceRow) -> AnyView {
    let instance = row.instance.clone();
    view! {
        <dl class="props panel-body">
            <dt>"Status"</dt>
            <dd>{vm_words(&instance.status, &instance.current_action)}</dd>
            <dt>"Probe"</dt>
            <dd>
                {match instance.probe {
                    Some(probe) => words::sentence(&probe.as_str().to_lowercase()),
                    None => "the group has no health check".to_owned(),
                }}
            </dd>
            <dt>"Zone"</dt>
            <dd>{instance.zone}</dd>
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
