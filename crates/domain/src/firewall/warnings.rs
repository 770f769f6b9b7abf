//! What Compute Engine takes and somebody should look at. A warning refuses nothing: who may agree to it is the policy's
//! to say. What is wrong outright is a violation, by [`crate::rules`].

use serde::{Deserialize, Serialize};

use super::{
    Direction,
    addresses::AddressSet,
    exposure::is_remote_control,
    matching::{Firewall, Tags, denies},
    pool_vms::{PoolVms, pool_vms},
    probes::PROBERS,
    services::ServiceSet,
    shadow::Effect,
};
use crate::resource::{FirewallRule, ResourceSet};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    #[default]
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub fn is_info(&self) -> bool {
        *self == Self::Info
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    OpenToTheInternet,
    Shadowed,
    ProbesBlocked,
    NoTarget,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub kind: WarningKind,
    pub severity: Severity,
    /// The key of the rule that it is about.
    pub rule: Option<String>,
    /// The pools that it is about, by their declared names.
    pub pools: Vec<String>,
    /// A clause without its subject's name: `opens tcp 22 of web to the whole internet`.
    pub message: String,
}

/// A rule's key in the declaration, or its whole name where it is none of ours.
pub fn key<'a>(prefix: &str, name: &'a str) -> &'a str {
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("-agent-")).unwrap_or(name)
}

/// Rules in effective order, then pools by their names. `prefix` is the environment's.
pub fn warnings(prefix: &str, resources: &ResourceSet) -> Vec<Warning> {
    let firewall = Firewall::new(resources.firewall_rules.values());
    let pools = pool_vms(resources);
    let mut warnings = Vec::new();
    for rule in firewall.rules() {
        let rules =
            [no_target(rule, &pools), shadowed(prefix, &firewall, rule), open(&firewall, rule, &pools)];
        warnings.extend(rules.into_iter().flatten().map(|(kind, severity, about, message)| Warning {
            kind,
            severity,
            rule: Some(key(prefix, &rule.name).to_owned()),
            pools: about,
            message,
        }));
    }
    warnings.extend(blocked_probes(prefix, &firewall, &pools));
    warnings
}

/// Whom a warning is about.
#[derive(Default)]
struct About {
    /// Declared names of pools.
    pools: Vec<String>,
    /// The same in words: a canary is named where the rest of its pool has not what it has.
    said: Vec<String>,
}

impl About {
    /// Pools come before their canaries.
    fn add(&mut self, vms: &PoolVms<'_>) {
        if self.pools.last().is_none_or(|last| last != vms.pool) {
            self.pools.push(vms.pool.to_owned());
            self.said.push(vms.name());
        }
    }
}

type Finding = (WarningKind, Severity, Vec<String>, String);

fn no_target(rule: &FirewallRule, pools: &[PoolVms<'_>]) -> Option<Finding> {
    let holds = rule.target_tags.is_empty()
        || pools.iter().any(|pool| !rule.target_tags.is_disjoint(&pool.template.tags));
    let tags: Vec<&String> = rule.target_tags.iter().collect();
    (!holds && !pools.is_empty()).then(|| {
        let message = format!("holds for no VM of this fleet: no template carries {}", either(&tags));
        (WarningKind::NoTarget, Severity::Info, Vec::new(), message)
    })
}

fn shadowed(prefix: &str, firewall: &Firewall<'_>, rule: &FirewallRule) -> Option<Finding> {
    let Some(Effect::Shadowed(by)) = firewall.effect(&rule.name) else { return None };
    let names: Vec<String> = by.iter().map(|other| format!("`{}`", key(prefix, &other.name))).collect();
    let decides = if by.len() == 1 { "decides" } else { "decide" };
    let contradicted = by.iter().any(|other| denies(other) != denies(rule));
    let (severity, message) = if contradicted {
        let verb = if denies(rule) { "denies" } else { "allows" };
        let message =
            format!("{verb} nothing: {} {decides} all of its traffic first, and otherwise", listed(&names));
        (Severity::Warning, message)
    } else {
        (
            Severity::Info,
            format!("has no effect of its own: {} {decides} all of its traffic first", listed(&names)),
        )
    };
    Some((WarningKind::Shadowed, severity, Vec::new(), message))
}

fn open(firewall: &Firewall<'_>, rule: &FirewallRule, pools: &[PoolVms<'_>]) -> Option<Finding> {
    if rule.direction != Direction::Ingress || denies(rule) {
        return None;
    }
    let (mut opened, mut about, mut public) = (ServiceSet::default(), About::default(), false);
    for pool in pools {
        let services = firewall.opened_to_the_internet(&rule.name, &pool.template.tags);
        if !services.is_empty() {
            opened = opened.union(&services);
            about.add(pool);
            public |= pool.template.external_ip;
        }
    }
    if pools.is_empty() {
        opened = opened_to_whom_it_may_hold_for(firewall, rule);
    }
    if opened.is_empty() {
        return None;
    }
    // Without a source the rule is not valid; Compute Engine would take it for everybody.
    let sources = match rule.source_ranges.is_empty() {
        true => AddressSet::of_texts(&["0.0.0.0/0".to_owned()]),
        false => AddressSet::of_texts(&rule.source_ranges),
    };
    let part = if sources.holds_the_internet() { "the whole" } else { "most of the" };
    let mut message = format!(
        "opens {} of {} to {part} internet ({})",
        listed(&opened.texts()),
        if pools.is_empty() { "the VMs that it holds for".to_owned() } else { listed(&about.said) },
        sources.words().join(", ")
    );
    let severity = match (public, is_remote_control(&opened)) {
        (true, true) => Severity::Critical,
        (false, true) | (true, false) => Severity::Warning,
        (false, false) => Severity::Info,
    };
    if !public && !pools.is_empty() {
        message.push_str(
            "; none of these VMs has an external address, so it is open to the network and to load balancers",
        );
    }
    Some((WarningKind::OpenToTheInternet, severity, about.pools, message))
}

/// Of a fleet without a pool: the network may hold VMs of others, and the first pool's are let in as they start. Each target
/// tag is asked alone, for a VM of several may be shut by another rule.
fn opened_to_whom_it_may_hold_for(firewall: &Firewall<'_>, rule: &FirewallRule) -> ServiceSet {
    let mut whose: Vec<Tags> = rule.target_tags.iter().map(|tag| Tags::from([tag.clone()])).collect();
    if whose.is_empty() {
        whose.push(Tags::new());
    }
    whose.iter().fold(ServiceSet::default(), |opened, tags| {
        opened.union(&firewall.opened_to_the_internet(&rule.name, tags))
    })
}

/// Probes of one port that one thing stops, and on their way to whom.
struct Blocked {
    port: u16,
    by: Option<String>,
    from: Vec<String>,
    about: About,
}

impl Blocked {
    fn warning(self) -> Warning {
        let Self { port, by, from, about } = self;
        let from = if from.len() > PROBERS.len() { "some addresses".to_owned() } else { from.join(", ") };
        let stops = match &by {
            Some(rule) => format!("`{rule}` stops Google's health probes ({from}) on their way to"),
            None => format!("no rule here lets Google's health probes ({from}) reach"),
        };
        let message = format!(
            "{stops} tcp {port} of {}: unless the network does, their VMs count as ill and are made anew over and over",
            listed(&about.said)
        );
        Warning {
            kind: WarningKind::ProbesBlocked,
            severity: Severity::Warning,
            rule: by,
            pools: about.pools,
            message,
        }
    }
}

fn blocked_probes(prefix: &str, firewall: &Firewall<'_>, pools: &[PoolVms<'_>]) -> Vec<Warning> {
    // What is said of several pools alike is said once.
    let mut found: Vec<Blocked> = Vec::new();
    for pool in pools {
        let Some(port) = pool.health_port else { continue };
        for blocked in firewall.blocked_probes(&pool.template.tags, port) {
            let by = blocked.by.map(|rule| key(prefix, &rule.name).to_owned());
            let from = blocked.from.texts();
            let same = |known: &&mut Blocked| (known.port, &known.by, &known.from) == (port, &by, &from);
            match found.iter_mut().find(same) {
                Some(known) => known.about.add(pool),
                None => {
                    let mut about = About::default();
                    about.add(pool);
                    found.push(Blocked { port, by, from, about });
                }
            }
        }
    }
    found.into_iter().map(Blocked::warning).collect()
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

fn either(names: &[&String]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).clone(),
        [head @ .., last] => {
            format!("{} or {last}", head.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "))
        }
    }
}
