//! Two witnesses of an agent's health, its heartbeats and Compute Engine's probe: whether they agree, and what each said.

use domain::{
    Timestamp,
    agent::{AgentState, RefusedHeartbeat},
    heartbeat::{HEARTBEAT_INTERVAL_SECONDS, HeartbeatStatus},
    instance::ProbeHealth,
    view::instance::InstanceRow,
};
use leptos::prelude::*;

use super::history::Parts;
use crate::{
    components::{
        code_link::code_in_print,
        empty::could_not_load,
        glyph::{State, glyph},
        moment::ago,
        panel::Panel,
        strip::{axis, legend, strip, summary},
    },
    pages::agent_states,
    words,
};

/// Whether both say the same, in a sentence.
fn witnesses(row: &InstanceRow) -> &'static str {
    let last = row.last_heartbeat.as_ref();
    let speaks = last.is_some() && row.agent != AgentState::Silent;
    let says = |status: HeartbeatStatus| last.is_some_and(|last| last.heartbeat.status == status);
    match (&row.instance.probe, speaks) {
        (None, _) => "Its group has no health check, so that heartbeats are the only witness.",
        (Some(ProbeHealth::Healthy), true) if says(HeartbeatStatus::Unhealthy) => {
            "They disagree: the agent calls itself unhealthy, but Compute Engine's probe is answered well."
        }
        (Some(ProbeHealth::Healthy), true) if says(HeartbeatStatus::Degraded) => {
            "They agree that it lives; the agent calls itself degraded."
        }
        (Some(ProbeHealth::Healthy), true) => {
            "They agree: heartbeats arrive, and Compute Engine's probe is answered well."
        }
        (Some(ProbeHealth::Healthy), false) => {
            "They disagree: Compute Engine's probe is answered well, but no heartbeat arrives. The way from the VM to the control plane may be closed."
        }
        (Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout), true) => {
            "They disagree: heartbeats arrive, but Compute Engine's probe is not answered well. The agent's port or a firewall rule may be why."
        }
        (Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout), false) => {
            "They agree: no heartbeat arrives, and Compute Engine's probe is not answered well."
        }
        (Some(_), _) => "Compute Engine's probe has no verdict now, so that heartbeats are the only witness.",
    }
}

/// What may have brought it about, as a sentence.
fn cause(code: &str) -> &'static str {
    match code {
        "heartbeat_replayed" => {
            "Another boot enrolled and spoke for this VM since, or their sequence does not grow."
        }
        "credential_invalid" => "They are of another boot than the one that enrolled.",
        "heartbeat_invalid" => "A field of them is missing or out of range.",
        _ => "The agent's own log says more.",
    }
}

/// While heartbeats are refused, silence is no sign of a closed way.
fn in_vain(refused: &RefusedHeartbeat) -> AnyView {
    let why = cause(&refused.code);
    view! {
        "Heartbeats arrive and are refused: "
        {code_in_print(refused.code.clone())}
        ", the last "
        {ago(refused.at)}
        ". "
        {why}
    }
    .into_any()
}

/// What the probe last said, in a word.
fn probed(probe: Option<&ProbeHealth>) -> (State, String) {
    match probe {
        None => (State::None, "none".to_owned()),
        Some(ProbeHealth::Healthy) => (State::Ok, "answered well".to_owned()),
        Some(ProbeHealth::Unhealthy) => (State::Crit, "fails".to_owned()),
        Some(ProbeHealth::Timeout) => (State::Crit, "times out".to_owned()),
        Some(ProbeHealth::Draining) => (State::Paused, "draining".to_owned()),
        Some(ProbeHealth::Unknown) => (State::Unknown, "no verdict".to_owned()),
        Some(ProbeHealth::Other(word)) => (State::Unknown, words::sentence(&word.to_lowercase())),
    }
}

fn heard(row: &InstanceRow) -> AnyView {
    let (state, said) = match &row.last_heartbeat {
        Some(last) => {
            let every = format!(", every {HEARTBEAT_INTERVAL_SECONDS} s");
            (agent_states::shown(row).0, view! { {ago(last.received_at)} {every} }.into_any())
        }
        None if row.agent == AgentState::Silent => (State::Crit, "never heard".into_any()),
        None => (State::None, "not heard yet".into_any()),
    };
    view! {
        <span class="status" data-s=state.as_str()>
            {glyph(state)}
            <span>{said}</span>
        </span>
    }
    .into_any()
}

/// Of an agent that spoke and is silent.
fn silent_since(row: &InstanceRow) -> Option<Timestamp> {
    let last = row.last_heartbeat.as_ref().filter(|_| row.agent == AgentState::Silent)?;
    Some(last.received_at)
}

/// `observed_at`: when Compute Engine was last read.
pub fn signals(row: Memo<InstanceRow>, parts: Parts, observed_at: Option<Timestamp>) -> AnyView {
    let probe = Memo::new(move |_| row.with(|row| probed(row.instance.probe.as_ref())));
    let day = parts.of_past(move |past| match past {
        Ok(past) => {
            let day = past.day.clone();
            let said = Signal::derive(move || row.with(|row| summary(&day, silent_since(row))));
            view! {
                {strip(&past.day, said)}
                {axis(&past.day, past.now)}
                <div class="cluster split sm soft">
                    <span>{move || said.get()} "."</span>
                    {legend(&past.day)}
                </div>
            }
            .into_any()
        }
        Err(error) => view! { <p class="soft">{could_not_load(&error)}</p> }.into_any(),
    });
    view! {
        <Panel
            id="signals"
            title="Signals of the last 24 hours"
            aside=|| view! { <small>"10 min a cell"</small> }
        >
            <div class="panel-body">
                <p class="soft">
                    {move || {
                        row.with(|row| match &row.refused {
                            Some(refused) => in_vain(refused),
                            None => witnesses(row).into_any(),
                        })
                    }}
                </p>
                <dl class="signals note">
                    <dt>
                        <b>"Heartbeat"</b>
                        {move || row.with(heard)}
                    </dt>
                    <dd>{day}</dd>
                    <dt>
                        <b>"Probe"</b>
                        {move || {
                            let (state, word) = probe.get();
                            view! {
                                <span class="status" data-s=state.as_str()>
                                    {glyph(state)}
                                    {word}
                                </span>
                            }
                        }}
                    </dt>
                    <dd class="sm soft">
                        {match observed_at {
                            Some(at) => view! { "As Compute Engine said " {ago(at)} ". " }.into_any(),
                            None => "Compute Engine was not read yet. ".into_any(),
                        }}
                        "It keeps no past of its probes."
                    </dd>
                </dl>
            </div>
        </Panel>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::instance::Instance;

    use super::{super::samples, *};

    fn row(agent: AgentState, status: Option<HeartbeatStatus>, probe: Option<ProbeHealth>) -> InstanceRow {
        let row = samples::row(agent, status);
        InstanceRow { instance: Instance { probe, ..row.instance }, ..row }
    }

    #[test]
    fn they_disagree_where_one_is_well_and_the_other_is_not() {
        use {HeartbeatStatus as Says, ProbeHealth::*};
        let said = |agent, status, probe| witnesses(&row(agent, status, probe)).split(':').next().unwrap();
        let well = Some(Says::Healthy);
        assert_eq!(said(AgentState::Healthy, well, Some(Healthy)), "They agree");
        assert_eq!(said(AgentState::Ill, well, Some(Timeout)), "They disagree");
        assert_eq!(said(AgentState::Ill, Some(Says::Unhealthy), Some(Healthy)), "They disagree");
        let degraded = said(AgentState::Healthy, Some(Says::Degraded), Some(Healthy));
        assert_eq!(degraded, "They agree that it lives; the agent calls itself degraded.");
        assert_eq!(said(AgentState::Silent, well, Some(Healthy)), "They disagree");
        assert_eq!(said(AgentState::Silent, None, Some(Unhealthy)), "They agree");
        for probe in [None, Some(Unknown), Some(Draining)] {
            let said = said(AgentState::Healthy, well, probe);
            assert!(said.ends_with("the only witness."), "{said}");
        }
    }

    #[test]
    fn a_refused_heartbeat_is_told_with_its_code_and_cause() {
        let refused = RefusedHeartbeat { code: "heartbeat_replayed".to_owned(), at: samples::at(0) };
        assert!(cause(&refused.code).starts_with("Another boot enrolled"));
        assert_ne!(cause("heartbeat_invalid"), cause("credential_invalid"));
    }

    #[test]
    fn a_probe_that_is_not_there_is_no_failure() {
        assert_eq!(probed(None).0, State::None);
        assert_eq!(probed(Some(&ProbeHealth::Timeout)).0, State::Crit);
        assert_eq!(probed(Some(&ProbeHealth::from("NEW_WORD"))), (State::Unknown, "new_word".to_owned()));
    }
}
