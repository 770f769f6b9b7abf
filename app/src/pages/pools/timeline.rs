//! A pool's timeline: what happened to it, its agents and what it is made of, a day at a time.

use domain::view::{
    pool::PoolView,
    timeline::{HalfHour, PoolTimeline},
};
use leptos::prelude::*;

use super::head::{head, named};
use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        half_hour::{Span, half_hour},
        icon::Icon,
        loaded::loaded,
        moment::absolute,
        paging::{Way, paging},
    },
    live::Live,
    pages::audit::days,
    routes,
    url_state::{Query, use_query},
};

const BEFORE: &str = "before";

#[component]
pub fn Timeline() -> AnyView {
    let (named, query, live) = (named(), use_query(), Live::here());
    let both = Resource::new(
        move || {
            let before = query.with(|query| query.get(BEFORE).and_then(|text| text.parse::<i64>().ok()));
            (named.get(), before, live.pools(), (live.changes(), live.health()))
        },
        |((environment, name), before, ..)| async move {
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
    // While agents fail.
    let before = before_failing.map(|HalfHour { since, until, happenings, more }| {
        half_hour(
            "What changed in the 30 minutes before its agents began to fail",
            &happenings,
            Span { since, until, ends_with: None, earlier: None, more },
        )
    });
    let head = head(pool);
    view! {
        {head}
        <div class="stack block">
            {before}
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

fn foot(timeline: &PoolTimeline, here: &str, paged: bool) -> AnyView {
    let older = timeline.next.map(|seq| Query::default().with(BEFORE, Some(&seq.to_string())).on(here));
    let range = match timeline.reached.filter(|_| older.is_some()) {
        Some(at) => format!("Looked back to {}", absolute(at)),
        None => "Looked back to the first event of its environment".to_owned(),
    };
    let newest = paged.then(|| here.to_owned());
    paging(Some(range), vec![Way::to("Newest", newest), Way::onward("Older", older)])
}
