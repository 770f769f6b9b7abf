//! Search: where is the thing of that name? The palette asks the same; this page answers also without scripts.

use domain::view::search::{Found, FoundKind, SearchResult};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        empty::Empty,
        icon::{Icon, icon},
        loaded::loaded,
        page_head::PageHead,
        title::Title,
    },
    routes,
    url_state::use_query,
    words,
};

pub const TEXT: &str = "q";

#[component]
pub fn Search() -> AnyView {
    let query = use_query();
    let asked = Memo::new(move |_| query.with(|query| query.get(TEXT).unwrap_or_default().to_owned()));
    let result = Resource::new(move || asked.get(), api::search::find_by_name);
    view! {
        <Title text="Search" />
        <PageHead title="Search" lead=|| "Changes by number; pools, templates and instances by a part of their name." />
        <form class="cluster" method="get" action=routes::SEARCH role="search">
            <input
                class="input"
                type="search"
                name=TEXT
                aria-label="Name"
                maxlength="100"
                autocomplete="off"
                value=move || asked.get()
            />
            <button type="submit" class="btn">
                {icon(Icon::Search)}
                "Search"
            </button>
        </form>
        {loaded(result, "what was found", draw)}
    }
    .into_any()
}

fn draw(result: SearchResult) -> AnyView {
    if result.asked.trim().is_empty() {
        return ().into_any();
    }
    if result.found.is_empty() {
        return view! {
            <section class="panel block" aria-label="Found">
                <Empty title="Nothing has that in its name" icon=Icon::Search>
                    <p class="soft">"What has left the fleet is found in Audit, by what it was called."</p>
                </Empty>
            </section>
        }
        .into_any();
    }
    let title = match result.more {
        true => format!("The first {} found", words::count(result.found.len() as u64, "name")),
        false => format!("{} found", words::count(result.found.len() as u64, "name")),
    };
    let lines = result.found.iter().map(|found| view! { <li>{link(found)}</li> }).collect_view();
    view! {
        <section class="panel block" aria-label="Found">
            <header class="panel-head">
                <h2>{title}</h2>
            </header>
            <ul class="list">{lines}</ul>
        </section>
    }
    .into_any()
}

/// The way to what was found, as the palette shows it too.
pub fn link(found: &Found) -> AnyView {
    let (symbol, kind, href) = match found.kind {
        FoundKind::Change => (
            Icon::Changes,
            "change",
            // It was found by its id.
            format!("{}/{}", routes::CHANGES, found.name),
        ),
        FoundKind::Pool => (Icon::Pools, "pool", routes::pool(&found.environment, &found.name)),
        FoundKind::Template => {
            (Icon::Templates, "template", routes::template(&found.environment, &found.name))
        }
        FoundKind::Instance => (
            Icon::Instances,
            "instance",
            routes::instance(found.zone.as_deref().unwrap_or_default(), &found.name),
        ),
    };
    view! {
        <a class="list-item found" href=href>
            {icon(symbol)}
            <b>{found.name.clone()}</b>
            <small class="soft">{format!("{kind} in {}", found.environment)}</small>
            <small class="muted">{found.detail.clone()}</small>
        </a>
    }
    .into_any()
}
