//! What the VM wrote to its first serial port, a page at a time, and what its agent answers on `/status`.

use std::time::Duration;

use domain::view::health::{AgentStatus, SerialPage};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::{
    api,
    components::{
        glyph::State,
        loaded::loaded,
        moment::ago,
        page_head::{Crumb, PageHead},
        status::badge,
    },
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};

/// Between two looks while one follows.
const FOLLOW: Duration = Duration::from_secs(3);

/// Lines as the machine wrote them; `last` keeps so many of them.
pub fn console(text: &str, last: Option<usize>) -> impl IntoView + use<> {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    if let Some(last) = last {
        let surplus = lines.len().saturating_sub(last);
        lines.drain(..surplus);
    }
    let empty = lines.is_empty().then(|| view! { <li class="muted">"It has written nothing here."</li> });
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    view! {
        <ol class="console mono" tabindex="0" aria-label="Lines of the serial console">
            {empty}
            {lines}
        </ol>
    }
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
    let earlier = page.earlier.map(&at);
    let later = at(page.next);
    let following = Query::default().with("follow", Some("1")).on(&here);
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
            {console(&page.contents, None)}
            <footer class="panel-foot">
                {earlier.map(|href| view! { <a class="btn" href=href>"Earlier"</a> })}
                <a class="btn" href=later>
                    "Later"
                </a>
                <a class="btn" href=here.clone()>
                    "Newest"
                </a>
                <a class="btn" href=following aria-current=follow.then_some("true")>
                    {if follow { "Following" } else { "Follow" }}
                </a>
            </footer>
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
