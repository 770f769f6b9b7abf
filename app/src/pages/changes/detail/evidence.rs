//! The audit log's own words on a change.

use domain::view::change::{ChangeDetail, EVENTS};
use leptos::prelude::*;

use super::show_all::show_all;
use crate::{components::icon::turning_arrow, pages::audit::told_list, routes, url_state::Query, words};

pub(super) fn evidence(view: &ChangeDetail) -> AnyView {
    let count = words::count(u64::from(view.events.of), "event");
    let all = Query::default().with("change", Some(&view.change.id.to_string())).on(routes::AUDIT);
    let earlier = (view.events.hidden() > 0)
        .then(|| view! { <p class="sm muted">{format!("The latest {}.", view.events.shown.len())}</p> });
    view! {
        <section class="panel" aria-label="Evidence">
            <details class="more" open=view.whole>
                <summary class="cluster">{turning_arrow()} {format!("{count} in the audit log")}</summary>
                {told_list(view.events.shown.clone())} <div class="panel-foot">
                    {earlier} {show_all(view.change.id, &view.events, "event", EVENTS, view.whole)}
                    <a class="btn" href=all>
                        "All its events"
                    </a>
                </div>
            </details>
        </section>
    }
    .into_any()
}
