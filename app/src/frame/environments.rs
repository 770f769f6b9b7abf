//! Which environment the pages show. The address says it, or the page once it knows of what it is: an instance or a change is named
//! without its environment. Without a word of it, the first one is meant.

use domain::view::me::EnvironmentOption;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Knowledge, Known};
use crate::{
    components::{
        canvas::Canvas,
        drop::Drop,
        icon::{Icon, icon},
    },
    opening::Opening,
    routes,
    url_state::{Query, use_query},
};

#[derive(Clone, Copy, Debug)]
pub struct Scope {
    named: Memo<Option<String>>,
    /// The thing of which a page has told the environment, as its address begins.
    told: RwSignal<Option<(String, String)>>,
}

impl Scope {
    pub fn provide() -> Self {
        let query = use_query();
        let path = use_location().pathname;
        let thing = move || path.with(|path| routes::thing_of(path).map(str::to_owned));
        // Of the page that the server drew, it has told both sides.
        let told = RwSignal::new(untrack(thing).zip(Opening::here().environment));
        let named = Memo::new(move |_| {
            path.with(|path| routes::environment_of(path).map(str::to_owned))
                .or_else(|| {
                    let (of, environment) = told.get()?;
                    (thing()? == of).then_some(environment)
                })
                .or_else(|| query.with(|query| query.get("environment").map(str::to_owned)))
        });
        let scope = Self { named, told };
        provide_context(scope);
        scope
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// A page tells where the thing is whose address begins so.
    pub fn tell(self, thing: String, environment: &str) {
        let now = Some((thing, environment.to_owned()));
        if self.told.with_untracked(|told| *told != now) {
            self.told.set(now);
        }
    }

    /// The environment that the address names, or the thing in it.
    pub fn named(self) -> Option<String> {
        self.named.get()
    }

    /// An address that stays within the environment.
    pub fn link(self, path: &str) -> String {
        within(self.named.get().as_deref(), path)
    }

    /// The same for what stays as it was when it was drawn.
    pub fn link_untracked(self, path: &str) -> String {
        within(self.named.get_untracked().as_deref(), path)
    }
}

fn within(environment: Option<&str>, path: &str) -> String {
    Query::default().with("environment", environment).on(path)
}

pub fn picker(scope: Scope, knowledge: Knowledge) -> AnyView {
    let path = use_location().pathname;
    view! {
        <Transition>
            {
                let canvas = Canvas::here();
                move || {
                    // Read before the wait: what is read after it is not followed.
                    let (named, here) = (scope.named(), path.get());
                    let drawing = move |known: Option<Known>| {
                        let environments = known.map(|known| known.me.environments).unwrap_or_default();
                        #[cfg(feature = "hydrate")]
                        crate::components::focus::keep_focus();
                        menu(environments, named, &here)
                    };
                    canvas.drawing(knowledge.known(), drawing)
                }
            }
        </Transition>
    }
    .into_any()
}

fn menu(environments: Vec<EnvironmentOption>, named: Option<String>, here: &str) -> Option<AnyView> {
    let first = environments.first()?.name.clone();
    let current = named.unwrap_or(first);
    let region =
        environments.iter().find(|option| option.name == current).map(|option| option.region.clone());
    let label = match &region {
        Some(region) => format!("{current} {region}, environment"),
        None => format!("{current}, environment"),
    };
    let face = {
        let current = current.clone();
        move || {
            view! {
                <b>{current.clone()}</b>
                <span class="env-where muted">{region.clone()}</span>
                {icon(Icon::Down)}
            }
        }
    };
    let target = routes::lists_an_environment(here).unwrap_or(routes::FLEET);
    let options = environments
        .into_iter()
        .map(|option| {
            let href = within(Some(&option.name), target);
            let is_current = option.name == current;
            view! {
                <li>
                    <a class="nav-item" href=href aria-current=is_current.then_some("true")>
                        {option.name}
                        <small class="push">{option.region}</small>
                    </a>
                </li>
            }
        })
        .collect_view();
    let menu = view! {
        <Drop label=label class="env" face=face>
            <ul>{options}</ul>
        </Drop>
    };
    Some(menu.into_any())
}
