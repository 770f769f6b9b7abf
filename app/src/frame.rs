//! What stands around each page: the bar with where, how fresh and who, and the rooms at the side.

mod environments;
mod freshness;
mod keys;
pub mod kiosk;
mod palette;
mod rooms;
mod sidebar;
mod user;

use leptos::prelude::*;

pub use environments::Scope;
pub use keys::Keys;
pub use sidebar::Sidebar;

use crate::{
    api::{self, ApiError},
    components::{
        canvas::Canvas,
        glyph::{State, glyph},
        icon::{Icon, icon},
        moment::{Clock, utc},
    },
    live::Live,
    routes,
    url_state::Query,
    words,
};
use domain::view::me::Me;

/// What the shell knows beyond the opening: environments, what is open of each, what waits for the viewer, and how the control
/// plane stands. Loads again with changes, and with whatever moves health.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge {
    me: Resource<Result<Me, ApiError>>,
    last: StoredValue<Option<Me>>,
}

#[derive(Clone, Debug)]
pub struct Known {
    pub me: Me,
    /// False where it could not be loaded now, and is what was known before.
    pub fresh: bool,
}

impl Knowledge {
    pub fn load(live: Live) -> Self {
        let moved = move || (live.opened(), live.changes(), live.health());
        Self { me: Resource::new(moved, |_| api::me::load_me()), last: StoredValue::new(None) }
    }

    /// None: it was never loaded.
    pub async fn known(self) -> Option<Known> {
        match self.me.await {
            Ok(me) => {
                // Whoever waited may have left meanwhile.
                let _ = self.last.try_set_value(Some(me.clone()));
                Some(Known { me, fresh: true })
            }
            Err(_) => self.last.try_get_value().flatten().map(|me| Known { me, fresh: false }),
        }
    }

    /// What is there already.
    #[cfg(feature = "hydrate")]
    pub fn get(self) -> Option<Me> {
        self.me.get()?.ok()
    }
}

#[component]
pub fn Topbar(scope: Scope, knowledge: Option<Knowledge>) -> AnyView {
    view! {
        <header class="topbar">
            <button type="button" class="user menu" popovertarget=sidebar::ID aria-label="Rooms">
                {icon(Icon::Menu)}
            </button>
            <a class="brand cluster" href=move || scope.link("/")>
                <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
                    <path d="M1 1h5v5H1zM7.5 1h5v5h-5zM14 1h5v5h-5zM1 7.5h5v5H1zM14 7.5h5v5h-5zM1 14h5v5H1zM7.5 14h5v5h-5z"></path>
                    <path class="mark-on" d="M7.5 7.5h5v5h-5z"></path>
                </svg>
                <span>"Agent Manager"</span>
            </a>
            {knowledge.map(|knowledge| environments::picker(scope, knowledge))}
            {knowledge.is_some().then(|| palette::palette(scope))}
            <span class="gap"></span>
            {freshness::freshness()}
            {clock()}
            {knowledge.map(waiting)}
            {user::user()}
        </header>
    }
    .into_any()
}

/// The time, in UTC.
fn clock() -> AnyView {
    let clock = Clock::here();
    view! { <span class="clock mono soft">{move || utc(clock.ticking())}</span> }.into_any()
}

fn waiting_for_me() -> String {
    Query::default().with("waiting", Some("me")).on(routes::CHANGES)
}

/// How many changes wait for the viewer's signature; nothing where none does.
fn waiting(knowledge: Knowledge) -> AnyView {
    view! {
        <Transition>
            {
                let canvas = Canvas::here();
                move || canvas.drawing(knowledge.known(), signatures_due)
            }
        </Transition>
    }
    .into_any()
}

fn signatures_due(known: Option<Known>) -> Option<AnyView> {
    let count = known.map_or(0, |known| known.me.waiting_for_me);
    (count > 0).then(|| {
        let said = words::count(u64::from(count), "change");
        view! {
            <a
                class="waiting"
                data-s="pending"
                href=waiting_for_me()
                aria-label=format!("{said} waiting for your vote")
            >
                {glyph(State::Pending)}
                <b>{count}</b>
            </a>
        }
        .into_any()
    })
}
