//! The rooms that exist, with how much is open in them, and how the control plane stands. A room that is not furnished yet is not
//! listed.

use domain::view::{
    diagnosis::{HealthStatus, Standing},
    me::{EnvironmentOption, Me},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Knowledge, Known, Scope};
use crate::{
    components::{
        canvas::Canvas,
        glyph::{State, glyph},
        icon::{Icon, icon},
    },
    routes, words,
};

const HOME: [(&str, &str, Icon); 2] =
    [("Fleet", routes::FLEET, Icon::Fleet), ("Alerts", routes::ALERTS, Icon::Alerts)];
const RUN: [(&str, &str, Icon); 5] = [
    ("Pools", routes::POOLS, Icon::Pools),
    ("Templates", routes::TEMPLATES, Icon::Templates),
    ("Autoscaling", routes::AUTOSCALING, Icon::Autoscaling),
    ("Instances", routes::INSTANCES, Icon::Instances),
    ("Firewall", routes::FIREWALL, Icon::Firewall),
];
const GOVERN: [(&str, &str, Icon); 5] = [
    ("Changes", routes::CHANGES, Icon::Changes),
    ("Import", routes::IMPORT, Icon::Import),
    ("Audit", routes::AUDIT, Icon::Audit),
    ("Costs", routes::COSTS, Icon::Costs),
    ("Settings", routes::SETTINGS, Icon::Settings),
];

/// All rooms, as the sidebar orders them.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str, Icon)> {
    HOME.into_iter().chain(RUN).chain(GOVERN)
}

/// How the rooms are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Rooms {
    pub scope: Scope,
    /// None: nobody is signed in, so nothing is counted.
    pub knowledge: Option<Knowledge>,
    /// Whether there is no room for names: then each is the icon's tooltip.
    pub collapsed: RwSignal<bool>,
}

/// What stands at the right of a room's name.
type Aside = fn(&Known, Option<&str>) -> Option<AnyView>;

impl Rooms {
    pub fn view(self) -> AnyView {
        let own = move |one: (&'static str, &'static str, Icon)| {
            let aside: Option<Aside> = match one.1 {
                routes::ALERTS => Some(open_incidents),
                routes::CHANGES => Some(open_changes),
                _ => None,
            };
            self.room(one, aside)
        };
        view! {
            <div class="nav-group">
                <ul>{HOME.map(own).collect_view()}</ul>
            </div>
            <div class="nav-group">
                <p class="nav-title">"Run"</p>
                <ul>{RUN.map(own).collect_view()}</ul>
            </div>
            <div class="nav-group">
                <p class="nav-title">"Govern"</p>
                <ul>{GOVERN.map(own).collect_view()}</ul>
            </div>
        }
        .into_any()
    }

    /// The way to whether the control plane itself is well, from everywhere, and the answer in short. It is one of the settings.
    pub fn health(self) -> AnyView {
        self.room(("Control plane", routes::HEALTH, Icon::Health), Some(standing))
    }

    fn room(
        self,
        (label, path, symbol): (&'static str, &'static str, Icon),
        aside: Option<Aside>,
    ) -> AnyView {
        let Self { scope, knowledge, collapsed } = self;
        let here = use_location().pathname;
        let current = move || here.with(|here| is_current(here, path)).then_some("page");
        let tooltip = move || collapsed.get().then_some(label);
        view! {
            <li>
                <a class="nav-item" href=move || scope.link(path) aria-current=current title=tooltip>
                    {icon(symbol)}
                    <span class="nav-label">{label}</span>
                    {aside.zip(knowledge).map(|(aside, knowledge)| known(scope, knowledge, aside))}
                </a>
            </li>
        }
        .into_any()
    }
}

/// Follows what the frame knows, and the environment that the page shows.
fn known(scope: Scope, knowledge: Knowledge, aside: Aside) -> AnyView {
    view! {
        <Transition>
            {
                let canvas = Canvas::here();
                move || {
                    // Read before the wait: what is read after it is not followed.
                    let named = scope.named();
                    let drawing = move |known: Option<Known>| aside(&known?, named.as_deref());
                    canvas.drawing(knowledge.known(), drawing)
                }
            }
        </Transition>
    }
    .into_any()
}

/// Without a name the first environment is meant, as the picker says.
fn shown<'a>(me: &'a Me, named: Option<&str>) -> Option<&'a EnvironmentOption> {
    match named {
        Some(name) => me.environments.iter().find(|option| option.name == name),
        None => me.environments.first(),
    }
}

fn open_incidents(known: &Known, named: Option<&str>) -> Option<AnyView> {
    counted(shown(&known.me, named)?.open_incidents)
}

fn open_changes(known: &Known, named: Option<&str>) -> Option<AnyView> {
    counted(shown(&known.me, named)?.open_changes)
}

/// Nothing is not worth a number.
fn counted(count: u32) -> Option<AnyView> {
    (count > 0).then(|| {
        view! {
            <small class="push">
                {words::number(u64::from(count))} <span class="sr">" open"</span>
            </small>
        }
        .into_any()
    })
}

fn standing(known: &Known, _: Option<&str>) -> Option<AnyView> {
    let standing = known.me.standing.as_ref()?;
    let (state, said) = how_it_stands(Some(standing).filter(|_| known.fresh));
    let view = view! {
        <span class="push" data-s=state.as_str()>
            {glyph(state)} <span class="sr">{said}</span>
        </span>
    };
    Some(view.into_any())
}

/// As the Health page judges it, in a few words; None: it cannot be asked now.
fn how_it_stands(standing: Option<&Standing>) -> (State, String) {
    let Some(standing) = standing else { return (State::Unknown, "does not answer".to_owned()) };
    let state = match standing.status {
        HealthStatus::Ok => return (State::Ok, "well".to_owned()),
        HealthStatus::Warn => State::Warn,
        HealthStatus::Fail => State::Crit,
    };
    (state, format!("{}: {}", standing.part, standing.cause))
}

/// One room is: what has an entry of its own is not its parent's as well.
fn is_current(here: &str, room: &str) -> bool {
    routes::is_within(here, room) && (room == routes::HEALTH || !routes::is_within(here, routes::HEALTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_room_is_current() {
        let current = |here: &str| -> Vec<&str> {
            let rooms = all().map(|(_, path, _)| path).chain([routes::HEALTH]);
            rooms.filter(|room| is_current(here, room)).collect()
        };
        assert_eq!(current("/"), ["/"]);
        assert_eq!(current("/pools/dev/web"), ["/pools"]);
        assert_eq!(current("/settings/tokens"), ["/settings"]);
        assert_eq!(current("/settings/health"), ["/settings/health"]);
    }

    #[test]
    fn the_control_plane_stands_as_its_worst_part() {
        let standing = |status, part: &str, cause: &str| Standing {
            status,
            part: part.to_owned(),
            cause: cause.to_owned(),
        };
        let well = how_it_stands(Some(&standing(HealthStatus::Ok, "", "")));
        assert_eq!(well, (State::Ok, "well".to_owned()));
        assert_eq!(how_it_stands(None).0, State::Unknown);
        let slow = how_it_stands(Some(&standing(HealthStatus::Warn, "Backlog", "SlowStart")));
        assert_eq!(slow, (State::Warn, "Backlog: SlowStart".to_owned()));
        let unled = how_it_stands(Some(&standing(HealthStatus::Fail, "Leader", "LeaseExpired")));
        assert_eq!(unled, (State::Crit, "Leader: LeaseExpired".to_owned()));
    }
}
