//! A pool's firewall: the rules that hold for its VMs, in the order in which they decide, and apart from them those that
//! hold for a canary whose VMs carry other tags.

use domain::view::{
    firewall::{EffectiveRule, PoolFirewall},
    pool::PoolView,
};
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
    let PoolFirewall { tags, rules, canary, leaving, warnings } = firewall;
    let warnings = (!warnings.is_empty()).then(|| {
        view! {
            <Panel id="warnings" title="To look at">
                {warnings_list(warnings)}
            </Panel>
        }
    });
    let whose = if canary.is_some() { "Its other VMs carry" } else { "Its VMs carry" };
    let tried = canary.as_ref().map(|canary| canary.rules.as_slice()).unwrap_or_default();
    // A rule that is for both is said once.
    let only = tried.iter().filter(|one| rules.iter().all(|own| own.row.name != one.row.name));
    let unlike = otherwise(rules.iter().chain(only).map(|one| &one.row).chain(&leaving))
        .map(|said| view! { <p class="panel-body soft">{said}</p> });
    let own = holding("Firewall rules", "No rule holds for this pool", rules);
    let below = foot(pool, &pool.row.name, &format!("{whose} {}.", words::list(&tags)));
    let canary = canary.map(|canary| {
        let carry = format!("Its canary's VMs carry {}.", words::list(&canary.tags));
        let below = foot(pool, &canary.name, &carry);
        let rules = holding("Firewall rules of the canary", "No rule holds for this canary", canary.rules);
        view! {
            <Panel id="canary" title="Canary">
                <p class="panel-body soft">
                    "It carries other tags than the pool's other VMs, so that other rules hold for it."
                </p> {rules} {below}
            </Panel>
        }
    });
    let head = head(pool);
    view! {
        {head}
        <div class="stack block">
            {warnings} <section class="panel" aria-label="Rules of this pool">
                {unlike} {own} {below}
            </section> {canary}
        </div>
    }
    .into_any()
}

fn holding(label: &'static str, none: &'static str, rules: Vec<EffectiveRule>) -> AnyView {
    if rules.is_empty() {
        return view! {
            <Empty title=none icon=Icon::Firewall>
                <p class="soft">"Nothing reaches its VMs, and they reach everything."</p>
            </Empty>
        }
        .into_any();
    }
    effective_table(label, rules)
}

/// Which tags they carry, and the way to the what-if.
fn foot(pool: &PoolView, target: &str, carry: &str) -> AnyView {
    let ask = Query::default()
        .with("environment", Some(&pool.row.environment))
        .with("target", Some(target))
        .on(routes::FIREWALL);
    view! {
        <p class="panel-foot sm muted">
            {format!("{carry} ")} <a class="link" href=ask>
                "Ask who reaches them"
            </a>
        </p>
    }
    .into_any()
}
