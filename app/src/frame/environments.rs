//! Which environment the pages show. The address says it; without a word of it, the first one is meant.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::Knowledge;
use crate::{
    components::{
        drop::Drop,
        icon::{Icon, icon},
    },
    routes,
    url_state::{Query, use_query},
};

#[derive(Clone, Copy, Debug)]
pub struct Scope {
    named: Memo<Option<String>>,
}

impl Scope {
    pub fn provide() -> Self {
        let query = use_query();
        let path = use_location().pathname;
        let named = Memo::new(move |_| {
            path.with(|path| routes::environment_of(path).map(str::to_owned))
                .or_else(|| query.with(|query| query.get("environment").map(str::to_owned)))
        });
        let scope = Self { named };
        provide_context(scope);
        scope
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// The environment that the address names.
    pub fn named(self) -> Option<String> {
        self.named.get()
    }

    /// An address that stays within the environment.
    pub fn link(self, path: &str) -> String {
        Query::default().with("environment", self.named.get().as_deref()).on(path)
    }
}

pub fn picker(scope: Scope, knowledge: Knowledge) -> AnyView {
    let path = use_location().pathname;
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let environments = knowledge.0.await.map(|me| me.environments).unwrap_or_default();
                let named = scope.named();
                let current = environments
                    .iter()
                    .find(|option| named.as_ref().is_none_or(|name| *name == option.name))
                    .cloned();
                current
                    .map(|current| {
                        let label = format!("Environment {}", current.name);
                        let (name, region) = (current.name.clone(), current.region.clone());
                        let face = move || {
                            view! {
                                <b>{name.clone()}</b>
                                <span class="env-where muted">{region.clone()}</span>
                                {icon(Icon::Down)}
                            }
                        };
                        let stay = routes::lists_an_environment(&path.get());
                        let target = stay.unwrap_or("/");
                        let options = environments
                            .into_iter()
                            .map(|option| {
                                let href = Query::default()
                                    .with("environment", Some(&option.name))
                                    .on(target);
                                let is_current = option.name == current.name;
                                view! {
                                    <li>
                                        <a
                                            class="nav-item"
                                            href=href
                                            aria-current=is_current.then_some("true")
                                        >
                                            {option.name}
                                            <small class="push">{option.region}</small>
                                        </a>
                                    </li>
                                }
                            })
                            .collect_view();
                        view! {
                            <Drop label=label class="env" face=face>
                                <ul>{options}</ul>
                            </Drop>
                        }
                    })
            })}
        </Transition>
    }
    .into_any()
}
