//! A pool's timeline: what happened to it, its agents and what it is made of, a day at a time.

use domain::view::{
    pool::PoolView,
    timeline::{HalfHour, PoolTimeline},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::head::head;
use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        icon::{Icon, icon},
        loaded::loaded,
        moment::{absolute, utc},
        panel::Panel,
    },
    live::Live,
    pages::{audit::days, instances::happening},
    routes,
    url_state::{Query, use_query},
    words,
};

const BEFORE: &str = "before";

#[component]
pub fn Timeline() -> AnyView {
    let (params, query, live) = (use_params_map(), use_query(), Live::here());
    let both = Resource::new(
        move || {
            let params = params.get();
            (
                params.get("environment").unwrap_or_default(),
                params.get("name").unwrap_or_default(),
                query.with(|query| query.get(BEFORE).and_then(|text| text.parse::<i64>().ok())),
                live.instances(),
                (live.changes(), live.health()),
            )
        },
        |(environment, name, before, ..)| async move {
            let pool = api::pools::load_pool(environment.clone(), name.clone()).await?;
            let timeline = api::pools::load_pool_timeline(environment, name, before).await;
            timeline.map(|timeline| (pool, timeline, before.is_some()))
        },
    );
    loaded(both, "the pool", |(pool, timeline, paged)| draw(&pool, timeline, paged))
}

fn draw(pool: &PoolView, timeline: PoolTimeline, paged: bool) -> AnyView {
    let here = routes::pool_tab(&pool.row.environment, &pool.row.name, "timeline");
    let foot = foot(&timeline, &here, paged);
    let PoolTimeline { events, prefixes, before_failing, .. } = timeline;
    let body = match (events.is_empty(), paged) {
        (false, _) => days(events, &prefixes),
        (true, true) => nothing("Nothing is told of this pool here", "What is older may be.", &here),
        (true, false) => nothing("Nothing is told of this pool yet", "Every change of it will be.", &here),
    };
    let head = head(pool);
    view! {
        {head}
        <div class="stack block">
            {before_failing.map(|before| half_hour(&before))}
            <section class="panel" aria-label="Timeline">
                {body} {foot}
            </section>
        </div>
    }
    .into_any()
}

fn nothing(title: &'static str, what: &'static str, here: &str) -> AnyView {
    let here = here.to_owned();
    view! {
        <Empty title=title icon=Icon::Audit>
            <p class="soft">{what}</p>
            <ButtonLink href=here label="Newest events" />
        </Empty>
    }
    .into_any()
}

/// While agents fail: where one looks for the cause first.
fn half_hour(before: &HalfHour) -> AnyView {
    let lines = before.happenings.iter().map(happening).collect_view();
    let none =
        before.happenings.is_empty().then(|| view! { <p class="panel-body soft">"Nothing changed."</p> });
    let count = words::count(before.happenings.len() as u64, "event");
    let said = format!("{count}, {} to {}", utc(before.since), utc(before.until));
    view! {
        <Panel
            id="before"
            title="What changed in the 30 minutes before its agents began to fail"
            aside=move || view! { <small>{said.clone()}</small> }
        >
            {none}
            <ol class="rows events">{lines}</ol>
        </Panel>
    }
    .into_any()
}

fn foot(timeline: &PoolTimeline, here: &str, paged: bool) -> AnyView {
    let older = timeline.next.map(|seq| Query::default().with(BEFORE, Some(&seq.to_string())).on(here));
    let range = match timeline.reached.filter(|_| older.is_some()) {
        Some(at) => format!("Looked back to {}", absolute(at)),
        None => "To the first event of its environment".to_owned(),
    };
    let newest = paged.then(|| {
        view! {
            <a class="btn" href=here.to_owned()>
                "Newest"
            </a>
        }
    });
    view! {
        <footer class="panel-foot">
            <small>{range}</small>
            {newest}
            {older
                .map(|href| {
                    view! {
                        <a class="btn" href=href>
                            "Older"
                            {icon(Icon::Right)}
                        </a>
                    }
                })}
        </footer>
    }
    .into_any()
}
