//! A pool's first tab: what moves, what sizes it, desired beside observed, and what happened to it last. A pool at rest shows its
//! instances where another shows its rollout.

use domain::view::{
    autoscaling::AutoscalingRow,
    pool::{PoolOverview, PoolView},
};
use leptos::prelude::*;

use super::{
    conditions::{all_well, conditions},
    head::{head, named, pool_resource},
    instances::rows_table,
    rollout::{ask_at, opens, rollout_panel},
};
use crate::{
    api::{self, pools::PoolPage},
    components::{
        empty::Empty, glyph::State, icon::Icon, loaded::loaded, pair::Pair, panel::Panel, plot::PlotFigure,
        status::status,
    },
    live::Live,
    pages::{audit::pool_list, autoscaling::standing, changes::table::changes_table},
    routes, words,
};

#[component]
pub fn Overview() -> AnyView {
    let (named, live) = (named(), Live::here());
    let page = Resource::new(
        move || (named.get(), live.pools(), (live.changes(), live.health())),
        |((environment, name), ..)| api::pools::load_pool_overview(environment, name),
    );
    let asked = StoredValue::new(None);
    loaded(page, "the pool", move |PoolPage { overview, sizes }| {
        if let Some(at) = overview.rollout.as_ref().and_then(opens) {
            ask_at(at, page, asked);
        }
        let PoolOverview { pool: view, rollout, undrawn, autoscaling, instances, found, events, name_prefix } =
            overview;
        let head = head(&view);
        let underway = view.row.generation != view.row.observed_generation
            || view.row.observed_size != Some(view.row.desired_size)
            || rollout.is_some();
        let difference = if underway { State::Progress } else { State::Warn };
        let well = all_well(&view.row.conditions);
        // What is not well stands above all that is only there to be looked at.
        let (loud, quiet) = match conditions(&view.row.conditions) {
            conditions if well => (None, conditions),
            conditions => (conditions, None),
        };
        let all = |tab: &str| routes::pool_tab(&view.row.environment, &view.row.name, tab);
        let timeline = (!events.is_empty()).then(|| {
            let all = all("timeline");
            view! {
                <Panel id="events" title="Timeline" aside=move || link(all.clone(), "All events")>
                    {pool_list(&events, &name_prefix)}
                </Panel>
            }
        });
        let sizes = sizes.map(|plot| {
            let (row, all) = (autoscaling.map(|view| view.row), all("autoscaling"));
            view! { <PlotFigure plot=plot aside=move || reason(row.as_ref(), &all) /> }
        });
        let vms = rollout.is_none().then(|| {
            let all = all("instances");
            let said = if instances.len() as u64 == found { "All fields" } else { "All instances" };
            view! {
                <Panel
                    id="instances"
                    title=words::count(found, "instance")
                    aside=move || link(all.clone(), said)
                >
                    {cut(instances.len() as u64, found)}
                    {rows_table(instances, false)}
                </Panel>
            }
        });
        view! {
            {head}
            <div class="cols wide block">
                <div class="stack">
                    {rollout.map(|rollout| rollout_panel(&view, &rollout, undrawn))} {loud} {sizes} {vms} {quiet}
                </div>
                <div class="stack">
                    <Pair
                        id="settings"
                        settings=view.settings.clone()
                        observed_at=view.observed_at
                        difference=difference
                    />
                    {timeline}
                </div>
            </div>
        }
    })
}

fn link(href: String, said: &'static str) -> AnyView {
    view! {
        <a href=href>
            <small>{said}</small>
        </a>
    }
    .into_any()
}

/// Says so where not all instances are shown.
fn cut(shown: u64, found: u64) -> Option<AnyView> {
    (shown < found).then(|| {
        let said = format!(
            "{} of {}. Whoever is not well is among them.",
            words::number(shown),
            words::number(found)
        );
        view! { <p class="panel-body sm soft">{said}</p> }.into_any()
    })
}

/// What one sees at a glance of the autoscaler, and where it says why.
fn reason(row: Option<&AutoscalingRow>, all: &str) -> AnyView {
    let said = row.map(|row| {
        let (state, word) = standing(row);
        status(state, words::sentence(&word))
    });
    let all = all.to_owned();
    view! {
        <div class="split sm">
            {said}
            <a class="link" href=all>
                "Why this size"
            </a>
        </div>
    }
    .into_any()
}

/// The pool's changes as a route of its own.
#[component]
pub fn PoolChanges() -> impl IntoView {
    loaded(pool_resource(), "the pool", |view: PoolView| {
        let head = head(&view);
        let body = if view.changes.is_empty() {
            view! {
                <Empty title="No change has touched this pool" icon=Icon::Changes>
                    <p class="soft">"Every change of it will be listed here."</p>
                </Empty>
            }
            .into_any()
        } else {
            changes_table(view.changes.clone()).into_any()
        };
        view! {
            {head}
            <section class="panel block" aria-label="Changes of this pool">
                {body}
            </section>
        }
    })
}
