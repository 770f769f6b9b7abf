//! Health: is the control plane itself well? Each part with its coded cause and what to do.

use domain::view::diagnosis::{HealthCheck, HealthStatus, HealthView};
use leptos::prelude::*;

use super::crumbs;
use crate::{
    api,
    components::{
        code_link::code_link, glyph::State, loaded::loaded, page_head::PageHead, status::status,
        table::Table, title::Title,
    },
    live::Live,
};

#[component]
pub fn Health() -> AnyView {
    let live = Live::here();
    let moved = move || (live.opened(), live.changes(), live.health());
    let health = Resource::new(moved, |_| api::health::load_health());
    view! {
        <Title text="Health" />
        {loaded(health, "the health", draw)}
    }
    .into_any()
}

const fn shown(status: HealthStatus) -> (State, &'static str) {
    match status {
        HealthStatus::Ok => (State::Ok, "Well"),
        HealthStatus::Warn => (State::Warn, "Look at it"),
        HealthStatus::Fail => (State::Crit, "Not working"),
    }
}

fn draw(view: HealthView) -> AnyView {
    let lead = match view.status() {
        HealthStatus::Ok => "Every part of the control plane is well.",
        HealthStatus::Warn => "Everything works; something wants to be looked at.",
        HealthStatus::Fail => {
            "Something does not work. Agents go on working, and nothing that was applied is lost."
        }
    };
    let lines = view.checks.into_iter().map(line).collect_view();
    view! {
        <PageHead title="Health" crumbs=crumbs("Health") lead=move || lead />
        <section class="panel" aria-label="Parts">
            <Table label="Parts" class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Part"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Cause"</th>
                        <th scope="col">"What was seen, and what to do"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
            <p class="panel-foot sm muted">
                "The same figures for machines: "
                <a class="link" href="/metrics" rel="external">
                    "/metrics"
                </a>
                ". On the server: " <code>"agent-manager doctor"</code>
            </p>
        </section>
    }
    .into_any()
}

fn line(check: HealthCheck) -> AnyView {
    let (state, word) = shown(check.status);
    view! {
        <tr>
            <th scope="row">{check.part}</th>
            <td>{status(state, word.to_owned())}</td>
            <td class="mono">{code_link(check.cause)}</td>
            <td class="wrap">
                {check.seen} {check.fix.map(|fix| view! { <br /> <span class="soft">{fix}</span> })}
            </td>
        </tr>
    }
    .into_any()
}
