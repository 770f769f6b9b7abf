//! The rooms that exist. One that is not furnished yet is not listed.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::Scope;
use crate::{
    components::icon::{Icon, icon},
    routes,
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

/// Where there is no room for names, `collapsed` says it: then each is the icon's tooltip.
pub fn rooms(scope: Scope, collapsed: Option<RwSignal<bool>>) -> AnyView {
    let own = move |one| room(scope, one, collapsed);
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

/// The way to whether the control plane itself is well, from everywhere. It is one of the settings.
pub fn health(scope: Scope, collapsed: Option<RwSignal<bool>>) -> AnyView {
    room(scope, ("Control plane", routes::HEALTH, Icon::Health), collapsed)
}

fn room(
    scope: Scope,
    (label, path, symbol): (&'static str, &'static str, Icon),
    collapsed: Option<RwSignal<bool>>,
) -> AnyView {
    let here = use_location().pathname;
    let current = move || here.with(|here| is_current(here, path)).then_some("page");
    let tooltip = move || collapsed.filter(|collapsed| collapsed.get()).map(|_| label);
    view! {
        <li>
            <a class="nav-item" href=move || scope.link(path) aria-current=current title=tooltip>
                {icon(symbol)}
                <span class="nav-label">{label}</span>
            </a>
        </li>
    }
    .into_any()
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
}
