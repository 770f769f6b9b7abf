//! What waits for approvals and cannot run as it is any more: another change took the base of its plan.

use domain::{ChangeId, view::change::ChangeDetail};
use leptos::prelude::*;

use crate::{
    components::icon::{Icon, icon},
    routes,
};

/// What has overtaken it, while it waits.
pub fn by(view: &ChangeDetail) -> Option<ChangeId> {
    view.approvals.overtaken_by
}

fn link(by: ChangeId) -> AnyView {
    view! {
        <a class="link" href=routes::change(by)>
            {by.to_string()}
        </a>
    }
    .into_any()
}

/// Behind what the change does.
pub fn lead(by: ChangeId) -> AnyView {
    view! {
        " Overtaken by "
        {link(by)}
        ": its plan is for what was declared before. Edit it or propose it again; else cancel or reject it."
    }
    .into_any()
}

/// On the button that approves.
pub fn why_not(by: ChangeId, id: &'static str) -> AnyView {
    view! {
        <p class="reason sm" id=id>
            {icon(Icon::Lock)}
            <span>"It cannot be approved as it is: it was overtaken by " {link(by)} "."</span>
        </p>
    }
    .into_any()
}

/// In the place of the seats.
pub fn nobody_asked(by: ChangeId) -> AnyView {
    view! {
        <p class="soft">
            "Nobody is asked: " {link(by)}
            " was begun meanwhile, and this plan is for what was declared before it. An edit plans it anew, and then it asks for approvals."
        </p>
    }
    .into_any()
}
