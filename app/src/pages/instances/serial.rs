//! What the VM wrote to its first serial port, a page at a time, and what its agent answers on `/status`.

use std::time::Duration;

use domain::view::health::{AgentStatus, SerialPage};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::history::all_of;
use crate::{
    api::{self, ApiError},
    components::{
        empty::could_not_load,
        glyph::State,
        loaded::loaded,
        moment::ago,
        page_head::{Crumb, PageHead},
        paging::{Way, paging},
        status::badge,
    },
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};

/// Between two looks while one follows.
const FOLLOW: Duration = Duration::from_secs(3);

/// What a kernel or an init system says when something ended that should not have, and when something did not work.
const GRAVE: [&str; 5] = ["out of memory", "killed process", "kernel panic", "segfault", "i/o error"];
const FAILED: [&str; 4] = ["failed", "error", "refused", "repeated too quickly"];

/// How a line is marked: the words are the machine's own, and whoever reads on must judge them.
fn mark(line: &str) -> Option<State> {
    let line = line.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| line.contains(*word));
    match (says(&GRAVE), says(&FAILED)) {
        (true, _) => Some(State::Crit),
        (false, true) => Some(State::Warn),
        (false, false) => None,
    }
}

/// Lines as the machine wrote them.
fn console(text: &str) -> AnyView {
    let empty = text.is_empty().then(|| view! { <li class="muted">"It has written nothing here."</li> });
    let lines = text
        .lines()
        .map(|line| {
            let line = line.trim_end().to_owned();
            let mark = mark(&line).map(State::as_str);
            view! { <li data-s=mark>{line}</li> }
        })
        .collect_view();
    view! {
        <ol class="console mono" tabindex="0" aria-label="Lines of the serial console">
            {empty}
            {lines}
        </ol>
    }
    .into_any()
}

/// The instance page's part of it, with the ways to more.
/// `all`: as many as there are were asked for.
pub fn last_lines(page: Result<SerialPage, ApiError>, all: bool, here: &str) -> AnyView {
    let whole = format!("{here}/serial");
    let (read_at, earlier, body) = match page {
        Ok(page) => (Some(page.read_at), !all && page.earlier.is_some(), console(&page.contents)),
        Err(error) => {
            (None, false, view! { <p class="panel-body soft">{could_not_load(&error)}</p> }.into_any())
        }
    };
    let more = earlier.then(|| {
        view! {
            <a class="link" href=all_of(here, "serial")>
                "more lines"
            </a>
            ", "
        }
    });
    view! {
        <section class="panel" aria-labelledby="serial">
            <header class="panel-head">
                <h2 id="serial">"Serial console"</h2>
                <small>
                    "port 1, " {read_at.map(|at| view! { "read " {ago(at)} ", " })} {more}
                    <a class="link" href=whole>
                        "open in full"
                    </a>
                </small>
            </header>
            {body}
        </section>
    }
    .into_any()
}

fn place() -> (Memo<String>, Memo<String>) {
    let params = use_params_map();
    let zone = Memo::new(move |_| params.get().get("zone").unwrap_or_default());
    let name = Memo::new(move |_| params.get().get("name").unwrap_or_default());
    (zone, name)
}

fn crumbs(zone: &str, name: &str, here: &str) -> Vec<Crumb> {
    vec![
        Crumb::link("Instances", routes::INSTANCES),
        Crumb::link(name.to_owned(), routes::instance(zone, name)),
        Crumb::here(here.to_owned()),
    ]
}

#[component]
pub fn Serial() -> AnyView {
    let ((zone, name), query) = (place(), use_query());
    let start = Memo::new(move |_| query.with(|query| query.get("start").and_then(|text| text.parse().ok())));
    let follow = Memo::new(move |_| query.with(|query| query.get("follow").is_some()));
    let (looks, live) = (RwSignal::new(0_u32), Live::here());
    Effect::new(move |_| {
        let look = move || {
            if !live.is_paused_untracked() {
                looks.update(|count| *count += 1);
            }
        };
        if follow.get()
            && let Ok(timer) = set_interval_with_handle(look, FOLLOW)
        {
            on_cleanup(move || timer.clear());
        }
    });
    let page = Resource::new(
        move || (zone.get(), name.get(), start.get(), looks.get()),
        |(zone, name, start, _)| api::instances::load_serial_page(zone, name, start),
    );
    loaded(page, "the serial console", move |page| {
        draw_serial(page, &zone.get_untracked(), &name.get_untracked(), follow.get_untracked())
    })
}

fn draw_serial(page: SerialPage, zone: &str, name: &str, follow: bool) -> AnyView {
    let here = format!("{}/serial", routes::instance(zone, name));
    let at = |start: u64| Query::default().with("start", Some(&start.to_string())).on(&here);
    let following = Query::default().with("follow", Some("1")).on(&here);
    let ways = vec![
        Way::to("Earlier", page.earlier.map(&at)),
        Way::to("Later", Some(at(page.next))),
        Way::to("Newest", Some(here.clone())),
        Way::to(if follow { "Following" } else { "Follow" }, Some(following)).current(follow),
    ];
    let lead =
        format!("Bytes {} to {} since the VM started.", words::number(page.start), words::number(page.next));
    view! {
        <Title text=format!("Serial console · {name}") />
        <PageHead
            title="Serial console"
            crumbs=crumbs(zone, name, "Serial console")
            lead=move || lead.clone()
        />
        <section class="panel" aria-label="Serial console">
            <header class="panel-head">
                <small>"port 1, read " {ago(page.read_at)}</small>
            </header>
            {console(&page.contents)} {paging(None, ways)}
        </section>
    }
    .into_any()
}

#[component]
pub fn Status() -> AnyView {
    let (zone, name) = place();
    let status = Resource::new(
        move || (zone.get(), name.get()),
        |(zone, name)| api::instances::load_agent_status(zone, name),
    );
    loaded(status, "the agent's status", move |status| {
        draw_status(status, &zone.get_untracked(), &name.get_untracked())
    })
}

fn draw_status(status: AgentStatus, zone: &str, name: &str) -> AnyView {
    let (state, word, body) = match status.answer {
        Ok(text) => {
            (State::Ok, "Answers", view! { <pre class="console mono" tabindex="0">{text}</pre> }.into_any())
        }
        Err(why) => (
            State::Warn,
            "No answer",
            view! { <p class="panel-body soft">{words::sentence(&why)} "."</p> }.into_any(),
        ),
    };
    view! {
        <Title text=format!("Status · {name}") />
        <PageHead
            title="What agent-cage says of itself"
            crumbs=crumbs(zone, name, "Status")
            lead=|| "Asked of the agent just now, over the VM's own network."
            badges=move || badge(state, word)
        />
        <section class="panel" aria-label="Status">
            <header class="panel-head">
                <code>{status.asked}</code>
                <small>{ago(status.read_at)}</small>
            </header>
            {body}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_marked_by_what_it_says() {
        let grave = "kernel: Memory cgroup out of memory: Killed process 2214 (agent-runtime)";
        assert_eq!(mark(grave), Some(State::Crit));
        assert_eq!(mark("systemd[1]: Failed to start agent-runtime.service"), Some(State::Warn));
        assert_eq!(mark("agent-cage[1]: listening on 0.0.0.0:8080"), None);
    }
}
