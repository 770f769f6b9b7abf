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

pub fn rooms(scope: Scope) -> AnyView {
    view! {
        <div class="nav-group">
            <ul>{HOME.map(|(label, path, icon)| room(scope, label, path, icon)).collect_view()}</ul>
        </div>
        <div class="nav-group">
            <p class="nav-title">"Run"</p>
            <ul>{RUN.map(|(label, path, icon)| room(scope, label, path, icon)).collect_view()}</ul>
        </div>
        <div class="nav-group">
            <p class="nav-title">"Govern"</p>
            <ul>{GOVERN.map(|(label, path, icon)| room(scope, label, path, icon)).collect_view()}</ul>
        </div>
    }
    .into_any()
}

fn room(scope: Scope, label: &'static str, path: &'static str, symbol: Icon) -> AnyView {
    let here = use_location().pathname;
    let current = move || routes::is_within(&here.get(), path).then_some("page");
    view! {
        <li>
            <a class="nav-item" href=move || scope.link(path) aria-current=current>
                {icon(symbol)}
                {label}
            </a>
        </li>
    }
    .into_any()
}
