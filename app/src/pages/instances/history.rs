//! An instance's day, what happened before its agent began to fail, what can be asked of the agent, and the parts that Compute Engine
//! is asked for.

use domain::{
    Permission,
    command::{Command, CommandState},
    heartbeat_history::Minute,
    view::health::{CloudErrors, InstanceHistory, SerialPage},
};
use leptos::{form::ActionForm, prelude::*};

use super::cloud::cloud_panel;
use crate::{
    api::{
        self, ApiError,
        instances::{RestartAgent, StartAgent, StopAgent},
    },
    components::{
        button::Submit,
        empty::failure,
        glyph::{State, glyph},
        half_hour::half_hour,
        icon::turning_arrow,
        incident::incidents,
        loaded::drawn,
        moment::ago,
        panel::Panel,
        refused::refused,
        strip::{strip, summary},
    },
    live::Live,
    opening::refusal,
    routes, words,
};

/// What the parts of the page below the present are made of. Made once by the page: an action that is under way must outlive
/// the drawing of what it changes.
#[derive(Clone, Copy)]
pub struct Parts {
    past: Resource<Result<InstanceHistory, ApiError>>,
    cloud: Resource<Result<CloudErrors, ApiError>>,
    serial: Resource<Result<SerialPage, ApiError>>,
    restart: ServerAction<RestartAgent>,
    stop: ServerAction<StopAgent>,
    start: ServerAction<StartAgent>,
}

impl Parts {
    pub fn of(place: Memo<(String, String)>) -> Self {
        let live = Live::here();
        Self {
            past: Resource::new(
                move || (place.get(), live.opened(), live.health(), live.moods()),
                |((zone, name), ..)| api::instances::load_instance_history(zone, name),
            ),
            cloud: Resource::new(
                move || (place.get(), live.opened()),
                |((zone, name), _)| api::instances::load_cloud_errors(zone, name),
            ),
            serial: Resource::new(
                move || (place.get(), live.opened()),
                |((zone, name), _)| api::instances::load_serial_page(zone, name, None),
            ),
            restart: ServerAction::new(),
            stop: ServerAction::new(),
            start: ServerAction::new(),
        }
    }

    /// Below what the instance's page says of now.
    pub fn view(self, zone: String, name: String) -> AnyView {
        let acts = self.actions(&zone, &name);
        let Self { past, cloud, serial, .. } = self;
        view! {
            <div class="cols wide block">
                <div class="stack">
                    <Transition fallback=|| ()>
                        {move || {
                            let drawing = |past| match past {
                                Ok(past) => draw(past),
                                Err(error) => failure(error, "the instance's history", false).into_any(),
                            };
                            Suspend::new(drawn(past, drawing))
                        }}
                    </Transition>
                </div>
                <div class="stack">{acts}</div>
            </div>
            <div class="block">
                <Transition fallback=|| ()>
                    {move || Suspend::new(drawn(cloud, cloud_panel))}
                </Transition>
            </div>
            <div class="block">
                <Transition fallback=|| ()>
                    {move || {
                        let (zone, name) = (zone.clone(), name.clone());
                        Suspend::new(drawn(serial, move |serial| console_panel(serial, &zone, &name)))
                    }}
                </Transition>
            </div>
        }
        .into_any()
    }
}

fn draw(past: InstanceHistory) -> AnyView {
    let title = match past.fails_since {
        Some(_) => "What changed in the 30 minutes before",
        None => "What changed in the last 30 minutes",
    };
    let before = half_hour(title, &past.before, (past.before_since, past.before_until));
    let said = summary(&past.slots);
    let commands = past.commands.iter().map(command).collect_view();
    let no_command = past
        .commands
        .is_empty()
        .then(|| view! { <p class="panel-body soft">"Nothing was asked of this agent yet."</p> });
    view! {
        {incidents(&past.incidents)}
        <Panel
            id="signals"
            title="Heartbeats of the last 24 hours"
            aside=|| view! { <small>"10 min a cell"</small> }
        >
            <div class="panel-body">
                {strip(&past.slots)} <p class="sm soft">{said} "."</p>
                {figures(&past.figures.iter().map(|one| one.figures).collect::<Vec<_>>())}
            </div>
        </Panel>
        {before}
        <Panel id="commands" title="Asked of the agent">
            {no_command}
            <ol class="rows verdicts">{commands}</ol>
        </Panel>
    }
    .into_any()
}

/// The last hour in words: least and most of what was measured each minute.
fn figures(minutes: &[Minute]) -> impl IntoView + use<> {
    let span = |of: fn(&Minute) -> u64| {
        let values = minutes.iter().map(of);
        Some((values.clone().min()?, values.max()?))
    };
    let percent = |range: Option<(u64, u64)>| range.map(|(least, most)| format!("{least} to {most} %"));
    let cpu = percent(span(|minute| u64::from(minute.cpu_percent)));
    let disk = percent(span(|minute| u64::from(minute.disk_percent)));
    let memory = span(|minute| u64::from(minute.memory_mib))
        .map(|(least, most)| format!("{} to {}", words::bytes(least << 20), words::bytes(most << 20)));
    cpu.zip(disk).zip(memory).map(|((cpu, disk), memory)| {
        view! {
            <p class="sm soft">
                {format!("In the last hour: CPU {cpu}, memory {memory}, disk {disk}.")}
            </p>
        }
    })
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

impl Parts {
    /// Each behind a fold that says what it does: the verb itself is the second step.
    fn actions(self, zone: &str, name: &str) -> AnyView {
        let Self { restart, stop, start, .. } = self;
        let answer = move || {
            let newest = [restart.value().get(), stop.value().get(), start.value().get()];
            newest.into_iter().flatten().find_map(Result::err).map(|error| refused(&error))
        };
        let blocked = refusal(Permission::CommandAgent);
        let place = |zone: String, name: String| {
            view! {
                <input type="hidden" name="zone" value=zone />
                <input type="hidden" name="name" value=name />
            }
            .into_any()
        };
        let of = || place(zone.to_owned(), name.to_owned());
        let (of_restart, of_stop, of_start) = (of(), of(), of());
        let (no_restart, no_stop, no_start) = (blocked.clone(), blocked.clone(), blocked);
        view! {
        <Panel id="acts" title="Actions">
            <div class="panel-body">
                {answer}
                <details class="more sm">
                    <summary class="cluster">{turning_arrow()} "Restart the agent"</summary>
                    <p class="soft">
                        "Its work ends and begins anew as another boot. The VM stays. It is done when the agent's next heartbeat hears of it."
                    </p>
                    <ActionForm action=restart>
                        {of_restart}
                        <Submit label="Restart agent" id="restart-agent" blocked=no_restart busy=restart.pending() />
                    </ActionForm>
                </details>
                <details class="more sm">
                    <summary class="cluster">{turning_arrow()} "Stop the agent"</summary>
                    <p class="soft">
                        "Its work ends; heartbeats go on, so that it can be started again. The VM goes on costing."
                    </p>
                    <ActionForm action=stop>
                        {of_stop}
                        <Submit label="Stop agent" id="stop-agent" blocked=no_stop busy=stop.pending() />
                    </ActionForm>
                </details>
                <details class="more sm">
                    <summary class="cluster">{turning_arrow()} "Start the agent"</summary>
                    <p class="soft">"Work that was stopped begins again as another boot."</p>
                    <ActionForm action=start>
                        {of_start}
                        <Submit label="Start agent" id="start-agent" blocked=no_start busy=start.pending() />
                    </ActionForm>
                </details>
            </div>
        </Panel>
    }
    .into_any()
    }
}

/// The last lines, with the way to all of them.
fn console_panel(page: Result<SerialPage, ApiError>, zone: &str, name: &str) -> AnyView {
    let whole = format!("{}/serial", routes::instance(zone, name));
    let body = match page {
        Ok(page) => super::serial::console(&page.contents, Some(12)).into_any(),
        Err(error) => view! { <p class="panel-body soft">{words::sentence(&error.message)}</p> }.into_any(),
    };
    view! {
        <Panel
            id="serial"
            title="Serial console"
            aside=move || {
                view! {
                    <small>
                        "port 1, " <a class="link" href=whole.clone()>
                            "open in full"
                        </a>
                    </small>
                }
            }
        >
            {body}
        </Panel>
    }
    .into_any()
}
