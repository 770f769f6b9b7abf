//! The app's addresses, and the pages behind them.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::use_location,
    path,
};

use crate::{
    components::{drop::OpenDrop, focus::FocusOnArrival, moment::Clock, toast::Toasts},
    frame::{Keys, Knowledge, Scope, Sidebar, Topbar, kiosk},
    live::Live,
    opening::Opening,
    pages::{fleet, not_found, search, sign_in},
    url_state::{Query, encode},
    wings::{Decide, Records, Run, Setup},
};

pub const FLEET: &str = "/";
pub const POOLS: &str = "/pools";
pub const FIREWALL: &str = "/firewall";
pub const NEW_FIREWALL_RULE: &str = "/firewall/new";
pub const NEW_POOL: &str = "/pools/new";
pub const TEMPLATES: &str = "/templates";
pub const NEW_TEMPLATE: &str = "/templates/new";
pub const INSTANCES: &str = "/instances";
pub const CHANGES: &str = "/changes";
pub const IMPORT: &str = "/import";
pub const ALERTS: &str = "/alerts";
pub const AUDIT: &str = "/audit";
pub const SETTINGS: &str = "/settings";
pub const PEOPLE: &str = "/settings/people";
pub const PASSKEYS: &str = "/settings/passkeys";
pub const SESSIONS: &str = "/settings/sessions";
pub const TOKENS: &str = "/settings/tokens";
pub const NEW_TOKEN: &str = "/settings/tokens/new";
pub const ENVIRONMENTS: &str = "/settings/environments";
pub const POLICY: &str = "/settings/policy";
pub const HEALTH: &str = "/settings/health";
pub const AUTOSCALING: &str = "/autoscaling";
pub const COSTS: &str = "/costs";
pub const SEARCH: &str = "/search";
pub const SIGN_IN: &str = "/sign-in";
/// Outside the app, as the next three: the server's own.
pub const COSTS_FILE: &str = "/costs.csv";
pub const SIGN_OUT: &str = "/sign-out";
pub const AUDIT_EXPORT: &str = "/audit.jsonl";
/// What a receiver of incidents gets, and how it verifies it.
pub const WEBHOOK_DOCUMENT: &str = "/docs/webhook.md";

/// Where docs/errors.md explains a code; browsers that know text fragments show the very line.
pub fn error_code(code: &str) -> String {
    format!("/docs/errors.md#:~:text={}", encode(code))
}

/// `/pools/dev/backend-pool`.
pub fn pool(environment: &str, name: &str) -> String {
    format!("{POOLS}/{}/{}", encode(environment), encode(name))
}

/// A tab or a side panel of a pool: `/pools/dev/backend-pool/rollout`.
pub fn pool_tab(environment: &str, name: &str, tab: &str) -> String {
    format!("{}/{tab}", pool(environment, name))
}

/// `/templates/dev/backend-dev`.
pub fn template(environment: &str, name: &str) -> String {
    format!("{TEMPLATES}/{}/{}", encode(environment), encode(name))
}

/// A side panel of a template: `/templates/dev/backend-dev/edit`.
pub fn template_verb(environment: &str, name: &str, verb: &str) -> String {
    format!("{}/{verb}", template(environment, name))
}

/// `/pools/dev/backend-pool/autoscaling`.
pub fn pool_autoscaling(environment: &str, name: &str) -> String {
    format!("{}/autoscaling", pool(environment, name))
}

/// `/instances/us-central1-a/agent-backend-pool-x7k2`.
pub fn instance(zone: &str, name: &str) -> String {
    format!("{INSTANCES}/{}/{}", encode(zone), encode(name))
}

/// `/changes/chg-12`.
pub fn change(id: domain::ChangeId) -> String {
    format!("{CHANGES}/{id}")
}

/// `/alerts?incident=inc-12#inc-12`: named twice, as the page lists by itself only those that ended last.
pub fn incident(name: &str) -> String {
    format!("{}#{}", Query::default().with("incident", Some(name)).on(ALERTS), encode(name))
}

/// `/firewall/dev/allow-agent-ssh`.
pub fn firewall_rule(environment: &str, key: &str) -> String {
    format!("{FIREWALL}/{}/{}", encode(environment), encode(key))
}

/// A side panel of a rule: `/firewall/dev/allow-agent-ssh/edit`.
pub fn firewall_rule_verb(environment: &str, key: &str, verb: &str) -> String {
    format!("{}/{verb}", firewall_rule(environment, key))
}

/// `/audit/120`.
pub fn audit_event(seq: i64) -> String {
    format!("{AUDIT}/{seq}")
}

/// The events of what is called so, a whole word of it, in its environment.
pub fn audit_of(environment: &str, object: &str) -> String {
    Query::default().with("environment", Some(environment)).with("object", Some(object)).on(AUDIT)
}

/// Where one signs in to come back to `next`.
pub fn sign_in(next: &str) -> String {
    Query::default().with("next", Some(next)).on(SIGN_IN)
}

/// Whether an address is the room's or lies in it.
pub fn is_within(here: &str, room: &str) -> bool {
    here == room || (room != FLEET && here.strip_prefix(room).is_some_and(|rest| rest.starts_with('/')))
}

/// The environment that a path names: a pool's does, a template's and a firewall rule's.
pub fn environment_of(path: &str) -> Option<&str> {
    let own = [POOLS, FIREWALL, TEMPLATES].into_iter().find_map(|room| path.strip_prefix(room))?;
    let (environment, name) = own.strip_prefix('/')?.split_once('/')?;
    (!environment.is_empty() && !name.is_empty()).then_some(environment)
}

/// The instance or the change that a path names, as the path begins. Where it is, is not in it.
pub fn thing_of(path: &str) -> Option<&str> {
    let parts = if is_within(path, INSTANCES) {
        3
    } else if is_within(path, CHANGES) {
        2
    } else {
        return None;
    };
    let end = path.match_indices('/').nth(parts).map_or(path.len(), |(at, _)| at);
    let thing = &path[..end];
    let mut named = thing.split('/').skip(1);
    (named.clone().count() == parts && named.all(|part| !part.is_empty())).then_some(thing)
}

/// The list of one environment's things that this path is or belongs to; elsewhere the picker leads to Fleet.
pub fn lists_an_environment(path: &str) -> Option<&'static str> {
    [POOLS, TEMPLATES, INSTANCES, AUTOSCALING, FIREWALL, CHANGES, COSTS, AUDIT]
        .into_iter()
        .find(|room| is_within(path, room))
}

#[component]
pub fn App() -> AnyView {
    provide_meta_context();
    let opening = Opening::provide();
    Clock::provide(opening.now);
    let live = Live::provide();
    let toasts = Toasts::provide();
    FocusOnArrival::provide();
    OpenDrop::provide();
    let signed_in = opening.viewer.is_some();
    view! {
        <Title formatter=|page: String| {
            if page.is_empty() { "Agent Manager".to_owned() } else { format!("{page} · Agent Manager") }
        } />
        <Router>
            // The browser's own jump moves the keyboard too; the router's would only scroll.
            <a class="skip" href="#main" rel="external">
                "Skip to content"
            </a>
            <Frame live=live signed_in=signed_in />
            {toasts.view()}
        </Router>
    }
    .into_any()
}

#[component]
fn Frame(live: Live, signed_in: bool) -> AnyView {
    let path = use_location().pathname;
    let (scope, keys) = (Scope::provide(), Keys::provide());
    let knowledge = signed_in.then(|| Knowledge::load(live));
    #[cfg(feature = "hydrate")]
    crate::unfolded::remember();
    #[cfg(feature = "hydrate")]
    if let Some(knowledge) = knowledge {
        let watched = RwSignal::new(None);
        Effect::new(move |_| {
            let first = move || {
                let me = knowledge.get()?;
                // Changes are told to every tab, so a fleet without an environment is watched too.
                Some(me.environments.into_iter().next().map(|option| option.name).unwrap_or_default())
            };
            // Of an instance or a change only its page says it: until that is drawn, all stays as it was.
            let as_before =
                || path.with(|path| thing_of(path).is_some()).then(|| watched.get_untracked()).flatten();
            let wanted = scope.named().or_else(as_before).or_else(first);
            if wanted.is_some() {
                watched.set(wanted);
            }
        });
        crate::live::connect(live, watched.into());
        keys.listen(scope, live);
    }
    let covered = Memo::new(move |_| path.with(|path| path == SIGN_IN));
    let kiosk = kiosk::kiosk();
    let collapsed = RwSignal::new(Opening::here().sidebar_collapsed);
    let class = move || match (covered.get(), kiosk.get()) {
        (true, _) => "cover",
        (false, true) => "shell kiosk",
        (false, false) if collapsed.get() => "shell collapsed",
        (false, false) => "shell",
    };
    view! {
        <div class=class>
            {move || {
                (!covered.get())
                    .then(|| {
                        if kiosk.get() {
                            return kiosk::bar();
                        }
                        view! {
                            <Topbar scope=scope knowledge=knowledge />
                            <Sidebar scope=scope knowledge=knowledge collapsed=collapsed />
                        }
                            .into_any()
                    })
            }} <main class="main" id="main" tabindex="-1">
                <FlatRoutes fallback=not_found::NotFound>
                    <Route path=path!("/") view=fleet::Fleet ssr=SsrMode::Async />
                    <Route path=path!("/search") view=search::Search ssr=SsrMode::Async />
                    <Route path=path!("/pools") view=Run::Pools ssr=SsrMode::Async />
                    <Route
                        path=path!("/pools/:environment/:name")
                        view=Run::Overview
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/instances")
                        view=Run::PoolInstances
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/autoscaling")
                        view=Run::PoolAutoscaling
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/autoscaling/edit")
                        view=Run::EditAutoscaling
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/cost")
                        view=Run::PoolCost
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/changes")
                        view=Run::PoolChanges
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/timeline")
                        view=Run::Timeline
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/pools/new") view=Run::NewPool ssr=SsrMode::Async />
                    <Route
                        path=path!("/pools/:environment/:name/rollout")
                        view=Run::Rollout
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/edit")
                        view=Run::EditPool
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/resize")
                        view=Run::ResizePool
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/version")
                        view=Run::ChangeVersion
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/promote")
                        view=Run::PromoteCanary
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/roll-back")
                        view=Run::RollBackCanary
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/delete")
                        view=Run::DeletePool
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/act")
                        view=Run::ActOnInstances
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/templates") view=Run::Templates ssr=SsrMode::Async />
                    <Route path=path!("/templates/new") view=Run::NewTemplate ssr=SsrMode::Async />
                    <Route
                        path=path!("/templates/:environment/:name")
                        view=Run::TemplatePage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/templates/:environment/:name/edit")
                        view=Run::EditTemplate
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/templates/:environment/:name/retire")
                        view=Run::RetireTemplate
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/pools/:environment/:name/firewall")
                        view=Run::PoolFirewallPage
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/firewall") view=Run::FirewallPage ssr=SsrMode::Async />
                    <Route path=path!("/firewall/new") view=Run::NewFirewallRule ssr=SsrMode::Async />
                    <Route
                        path=path!("/firewall/:environment/:key")
                        view=Run::FirewallRulePage
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/firewall/:environment/:key/edit")
                        view=Run::EditFirewallRule
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/firewall/:environment/:key/delete")
                        view=Run::DeleteFirewallRule
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/instances") view=Run::Instances ssr=SsrMode::Async />
                    <Route
                        path=path!("/instances/:zone/:name")
                        view=Run::InstancePage
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/changes") view=Decide::Changes ssr=SsrMode::Async />
                    <Route path=path!("/changes/:id") view=Decide::ChangePage ssr=SsrMode::Async />
                    <Route path=path!("/autoscaling") view=Run::Autoscaling ssr=SsrMode::Async />
                    <Route path=path!("/costs") view=Records::Costs ssr=SsrMode::Async />
                    <Route path=path!("/import") view=Decide::Import ssr=SsrMode::Async />
                    <Route
                        path=path!("/instances/:zone/:name/serial")
                        view=Run::Serial
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/instances/:zone/:name/status")
                        view=Run::Status
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/alerts") view=Records::Alerts ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=Records::Audit ssr=SsrMode::Async />
                    <Route path=path!("/audit/:seq") view=Records::AuditEventPage ssr=SsrMode::Async />
                    <Route path=path!("/settings") view=Setup::Settings ssr=SsrMode::Async />
                    <Route path=path!("/settings/people") view=Setup::People ssr=SsrMode::Async />
                    <Route path=path!("/settings/passkeys") view=Setup::Passkeys ssr=SsrMode::Async />
                    <Route path=path!("/settings/sessions") view=Setup::Sessions ssr=SsrMode::Async />
                    <Route path=path!("/settings/tokens") view=Setup::Tokens ssr=SsrMode::Async />
                    <Route path=path!("/settings/tokens/new") view=Setup::NewTokenPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/environments") view=Setup::Environments ssr=SsrMode::Async />
                    <Route path=path!("/settings/policy") view=Setup::Policy ssr=SsrMode::Async />
                    <Route path=path!("/settings/health") view=Setup::Health ssr=SsrMode::Async />
                    <Route path=path!("/sign-in") view=sign_in::SignIn ssr=SsrMode::Async />
                    <Route path=path!("/*any") view=not_found::NotFound ssr=SsrMode::Async />
                </FlatRoutes>
            </main>
            {signed_in.then(|| keys.sheet())}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests;
