//! A pool's rollout, on a route of its own, and when it asks again by itself.

mod panel;

use domain::{Timestamp, view::pool::PoolRollout};
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

pub use panel::{opens, rollout_panel};

use super::head::{head, named};
use crate::{
    api::{self, ApiError},
    components::{empty::Empty, icon::Icon, loaded::loaded, moment::Clock},
    live::Live,
    pages::changes::table::changes_table,
};

/// Seconds until a server whose clock is behind the browser's is asked again.
const PATIENCE: i64 = 2;

#[component]
pub fn Rollout() -> AnyView {
    let (named, live) = (named(), Live::here());
    let both = Resource::new(
        move || (named.get(), live.pools(), (live.changes(), live.health())),
        |((environment, name), ..)| api::pools::load_pool_rollout(environment, name),
    );
    let asked = StoredValue::new(None);
    loaded(both, "the pool", move |PoolRollout { pool: view, rollout }| {
        if let Some(at) = rollout.as_ref().and_then(opens) {
            ask_at(at, both, asked);
        }
        let head = head(&view);
        let panel = match &rollout {
            Some(rollout) => rollout_panel(&view, rollout, 0),
            None => view! {
                <section class="panel" aria-label="Nothing yet">
                    <Empty title="No VM was observed yet" icon=Icon::Pools>
                        <p class="soft">"The rollout shows here as soon as Compute Engine lists the pool's group."</p>
                    </Empty>
                </section>
            }
            .into_any(),
        };
        let changes = view.changes.iter().take(5).cloned().collect::<Vec<_>>();
        view! {
            {head}
            <div class="stack block">
                {panel}
                <section class="panel" aria-labelledby="rollout-changes">
                    <header class="panel-head">
                        <h2 id="rollout-changes">"Changes of this pool"</h2>
                    </header>
                    {changes_table(changes)}
                </section>
            </div>
        }
    })
    .into_any()
}

/// Loads the pool again at that moment: time alone moves nothing that the page would hear of.
pub fn ask_at<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static>(
    at: Timestamp,
    pool: Resource<Result<T, ApiError>>,
    asked: StoredValue<Option<Timestamp>>,
) {
    let clock = Clock::here();
    Effect::new(move |_| {
        let now = clock.now();
        let lately = asked.get_value().is_some_and(|asked| (now - asked).num_seconds() < PATIENCE);
        if now >= at && !lately {
            asked.set_value(Some(now));
            pool.refetch();
        }
    });
}
