//! A pool's firewall: the rules that hold for its VMs, in the order in which they decide.

use domain::view::{firewall::PoolFirewall, pool::PoolView};
use leptos::prelude::*;

use super::head::{head, named};
use crate::{
    api,
    components::{empty::Empty, icon::Icon, loaded::loaded, panel::Panel},
    live::Live,
    pages::firewall::{effective_table, otherwise, warnings_list},
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn PoolFirewallPage() -> AnyView {
    let (named, live) = (named(), Live::here());
    let both = Resource::new(
        move || (named.get(), live.pools(), live.changes()),
        |((environment, name), ..)| async move {
            let pool = api::pools::load_pool(environment.clone(), name.clone()).await?;
            api::firewall::load_pool_firewall(environment, name).await.map(|firewall| (pool, firewall))
        },
    );
    loaded(both, "the pool", |(pool, firewall)| draw(&pool, firewall))
}

fn draw(pool: &PoolView, firewall: PoolFirewall) -> AnyView {
    let ask = Query::default()
        .with("environment", Some(&pool.row.environment))
        .with("target", Some(&pool.row.name))
        .on(routes::FIREWALL);
    let tags = words::list(&firewall.tags);
    let warnings = (!firewall.warnings.is_empty()).then(|| {
        view! {
            <Panel id="warnings" title="To look at">
                {warnings_list(firewall.warnings)}
            </Panel>
        }
    });
    let unlike = otherwise(firewall.rules.iter().map(|one| &one.row).chain(&firewall.leaving))
        .map(|said| view! { <p class="panel-body soft">{said}</p> });
    let rules = if firewall.rules.is_empty() {
        view! {
            <Empty title="No rule holds for this pool" icon=Icon::Firewall>
                <p class="soft">"Nothing reaches its VMs, and they reach everything."</p>
            </Empty>
        }
        .into_any()
    } else {
        effective_table(firewall.rules.into_iter().map(|one| (one.row, one.decides)).collect())
    };
    let head = head(pool);
    view! {
        {head}
        <div class="stack block">
            {warnings} <section class="panel" aria-label="Rules of this pool">
                {unlike} {rules} <p class="panel-foot sm muted">
                    {format!("Its VMs carry {tags}. ")} <a class="link" href=ask>
                        "Ask who reaches them"
                    </a>
                </p>
            </section>
        </div>
    }
    .into_any()
}
