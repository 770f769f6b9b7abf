//! What can be asked of one agent and of its VM, each with what it does or why it is not possible; and what was asked before.

use domain::{
    Permission,
    agent::AgentState,
    command::{Command, CommandState, Verb},
    plan::instances::InstanceVerb,
    view::{health::InstanceHistory, instance::InstanceRow},
};
use leptos::{form::ActionForm, prelude::*};

use super::history::{Parts, all_of};
use crate::{
    components::{
        button::{LockedLink, Submit},
        glyph::{State, glyph},
        moment::ago,
        panel::Panel,
        refused::refused,
    },
    opening::refusal,
    routes,
    url_state::Query,
    words,
};

/// Why the agent cannot be asked that now.
fn why_not(row: &InstanceRow, verb: Verb) -> Option<String> {
    if row.agent == AgentState::Gone {
        return Some("Its VM is leaving.".to_owned());
    }
    match row.last_heartbeat.as_ref().filter(|_| row.instance.id.is_some()) {
        None => Some("It has never spoken: nobody would hear it.".to_owned()),
        Some(last) => verb.pointless(last.heartbeat.status).map(|why| format!("{}.", words::sentence(why))),
    }
}

const fn effect(verb: Verb) -> &'static str {
    match verb {
        Verb::Restart => {
            "Its work ends and begins anew as another boot. The VM stays. Done when the next heartbeat hears of it."
        }
        Verb::Stop => {
            "Its work ends; heartbeats go on, so that it can be started again. The VM goes on costing."
        }
        Verb::Start => "Work that was stopped begins again as another boot.",
    }
}

/// A verb with its effect beside it. Where it is possible it lies behind a fold: what ends work takes two steps.
fn asking(
    (label, id): (&'static str, &'static str),
    verb: Verb,
    blocked: Memo<Option<String>>,
    row: Memo<InstanceRow>,
    form: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let silent = Memo::new(move |_| row.with(|row| row.agent == AgentState::Silent));
    view! {
        <li>
            {move || match blocked.get() {
                Some(reason) => view! { <Submit label=label id=id blocked=Some(reason) /> }.into_any(),
                None => {
                    view! {
                        <details class="act">
                            <summary class="btn">{format!("{} the agent", words::sentence(verb.as_str()))}</summary>
                            {form()}
                        </details>
                        <p class="reason sm">
                            <span>
                                {effect(verb)}
                                {move || silent.get().then_some(" It is silent, and hears of it only if it speaks within 5 min.")}
                            </span>
                        </p>
                    }
                        .into_any()
                }
            }}
        </li>
    }
    .into_any()
}

/// A verb on the VM is a change of its pool: the panel there computes what it would do before anything is proposed.
fn proposing(id: &'static str, label: &'static str, verb: InstanceVerb, row: &InstanceRow) -> AnyView {
    let href = Query::default()
        .with("verb", Some(verb.as_str()))
        .with("instance", Some(&row.instance.name))
        .on(&routes::pool_tab(&row.environment, &row.pool, "act"));
    let blocked = refusal(Permission::ProposeChange);
    let effect = blocked.is_none().then(|| {
        view! {
            <p class="reason sm">
                <span>{verb.effect()} " Proposed as a change."</span>
            </p>
        }
    });
    view! {
        <li>
            <LockedLink id=id href=href label=label blocked=blocked />
            {effect}
        </li>
    }
    .into_any()
}

impl Parts {
    pub fn acts(self, row: Memo<InstanceRow>) -> AnyView {
        let (restart, stop, start) = (self.restart, self.stop, self.start);
        let answer = move || {
            let newest = [restart.value().get(), stop.value().get(), start.value().get()];
            newest.into_iter().flatten().find_map(Result::err).map(|error| refused(&error))
        };
        let first = row.get_untracked();
        let at = StoredValue::new((first.instance.zone.clone(), first.instance.name.clone()));
        let of = move || {
            let (zone, name) = at.get_value();
            view! {
                <input type="hidden" name="zone" value=zone />
                <input type="hidden" name="name" value=name />
            }
            .into_any()
        };
        let denied = StoredValue::new(refusal(Permission::CommandAgent));
        let no = move |verb: Verb| {
            Memo::new(move |_| denied.get_value().or_else(|| row.with(|row| why_not(row, verb))))
        };
        let restarting = move || {
            view! {
                <ActionForm action=restart>
                    {of()}
                    <Submit label="Restart agent" id="restart-agent" primary=true busy=restart.pending() />
                </ActionForm>
            }
            .into_any()
        };
        let stopping = move || {
            view! {
                <ActionForm action=stop>
                    {of()}
                    <Submit label="Stop agent" id="stop-agent" primary=true busy=stop.pending() />
                </ActionForm>
            }
            .into_any()
        };
        let starting = move || {
            view! {
                <ActionForm action=start>
                    {of()}
                    <Submit label="Start agent" id="start-agent" primary=true busy=start.pending() />
                </ActionForm>
            }
            .into_any()
        };
        view! {
            <Panel id="acts" title="Actions">
                <div class="act-answer">{answer}</div>
                <ul class="rows acts">
                    {asking(("Restart the agent", "restart-agent"), Verb::Restart, no(Verb::Restart), row, restarting)}
                    {asking(("Stop the agent", "stop-agent"), Verb::Stop, no(Verb::Stop), row, stopping)}
                    {asking(("Start the agent", "start-agent"), Verb::Start, no(Verb::Start), row, starting)}
                    {proposing("recreate-vm", "Recreate VM", InstanceVerb::Recreate, &first)}
                    {proposing("delete-vm", "Delete VM", InstanceVerb::Delete, &first)}
                </ul>
            </Panel>
        }
        .into_any()
    }
}

/// Nothing where nothing was asked.
pub fn asked(past: &InstanceHistory, here: &str) -> Option<AnyView> {
    if past.commands.is_empty() {
        return None;
    }
    let commands = past.commands.iter().map(command).collect_view();
    let more = past.more_commands.then(|| {
        view! {
            <p class="panel-foot sm soft">
                <a class="link" href=all_of(here, "commands")>
                    "Show older ones"
                </a>
            </p>
        }
    });
    Some(
        view! {
            <Panel id="commands" title="Asked of the agent">
                <ol class="rows verdicts">{commands}</ol>
                {more}
            </Panel>
        }
        .into_any(),
    )
}

fn command(asked: &Command) -> AnyView {
    let (state, word) = match asked.state {
        CommandState::Pending => (State::Progress, "waits for the agent's answer"),
        CommandState::Done => (State::Ok, "acknowledged"),
        CommandState::Refused => (State::X, "refused by the agent"),
        CommandState::Expired => (State::X, "ran out"),
    };
    let detail = words::sentence(&asked.detail);
    view! {
        <li data-s=state.as_str()>
            {glyph(state)} <p>
                <b>{words::sentence(asked.verb.as_str())}</b>
                {format!(" {word}. ")}
                <span class="soft">{detail}</span>
                <small>{format!("asked by {}, ", asked.asked_by_name)} {ago(asked.asked_at)}</small>
            </p> <code class="muted">{asked.name()}</code>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::heartbeat::HeartbeatStatus;

    use super::{super::samples::row, *};

    #[test]
    fn what_would_change_nothing_is_not_offered() {
        let runs = row(AgentState::Healthy, Some(HeartbeatStatus::Healthy));
        assert_eq!(why_not(&runs, Verb::Restart), None);
        assert_eq!(why_not(&runs, Verb::Start).as_deref(), Some("It runs already."));
        let stopped = row(AgentState::Stopped, Some(HeartbeatStatus::Stopped));
        assert_eq!(why_not(&stopped, Verb::Start), None);
        assert_eq!(why_not(&stopped, Verb::Stop).as_deref(), Some("It is stopped already."));
        let never = row(AgentState::Starting, None);
        let leaving = row(AgentState::Gone, Some(HeartbeatStatus::Healthy));
        for verb in Verb::ALL {
            assert!(why_not(&never, *verb).unwrap().starts_with("It has never spoken"));
            assert_eq!(why_not(&leaving, *verb).as_deref(), Some("Its VM is leaving."));
        }
    }
}
