//! Firewall rules: what is declared beside what is observed, what they do together, and what-ifs.

use std::collections::BTreeMap;

use domain::{
    Actor, ChangeState, Permission,
    change::Change,
    firewall::{
        Direction, Effect, Firewall, Party, ServiceSet, Tags, Warning, canary_of, denies, effective_order,
        outcome, parse_range, pool_of_canary, pool_tags, protocol_has_ports, protocol_number, protocol_word,
        rule_key, warnings,
    },
    name,
    plan::firewall_rule_differences,
    resource::FirewallRule,
    view::{
        firewall::{
            CanaryFirewall, Drift, EffectiveRule, FirewallRuleForm, FirewallRuleRow, FirewallRuleView,
            FirewallView, PoolFirewall, Question, Refused, WhatIf,
        },
        firewall_settings::firewall_settings,
    },
};

use crate::{Control, Error, environments, error::authorize, pools::Declared};

const RECENT_CHANGES: u32 = 10;

/// Characters of one end of a what-if, at most.
const LONGEST_PARTY: usize = 100;

/// The named environment, or the first one; an installation without environments has no rules.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_firewall(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    question: Option<&Question>,
) -> Result<FirewallView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let now = control.clock.now();
    let Some(environment) = environments::named_or_first(control, environment).await? else {
        return Ok(FirewallView {
            environment: None,
            network: String::new(),
            rules: Vec::new(),
            warnings: Vec::new(),
            pools: Vec::new(),
            canaries: Vec::new(),
            answer: None,
            observed_at: None,
            now,
        });
    };
    let rules = Rules::load(control, environment).await?;
    let place = &rules.declared.environment.spec.environment;
    let (canaries, pools): (Vec<_>, Vec<_>) =
        rules.tags.keys().cloned().partition(|name| pool_of_canary(name).is_some());
    Ok(FirewallView {
        environment: Some(place.environment.clone()),
        network: name::last_segment(&place.network_id).to_owned(),
        rules: rules.rows(),
        warnings: rules.warnings.iter().filter(|warning| warning.rule.is_none()).cloned().collect(),
        pools,
        canaries,
        answer: question.map(|question| rules.answer(control, question)),
        observed_at: rules.declared.environment.observed_at,
        now,
    })
}

#[tracing::instrument(skip_all, fields(actor = actor.id, environment, key), err(level = "debug"))]
pub async fn load_firewall_rule(
    control: &Control,
    actor: &Actor,
    environment: &str,
    key: &str,
) -> Result<FirewallRuleView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let rules = Rules::load(control, environments::require(control, environment).await?).await?;
    let row = rules.rows().into_iter().find(|row| row.key == key).ok_or_else(|| absent(environment, key))?;
    let touches = [row.name.clone()];
    let filter =
        store::ChangeFilter { environment: Some(environment), touches: &touches, ..Default::default() };
    let changes = control.store.list_changes(&filter, RECENT_CHANGES).await?;
    let desired = rules.declared.desired.firewall_rules.get(&row.name);
    let observed = rules.declared.observed.resources.firewall_rules.get(&row.name);
    Ok(FirewallRuleView {
        description: desired.or(observed).map(|rule| rule.description.clone()).unwrap_or_default(),
        settings: firewall_settings(desired, observed),
        changes: crate::changes::rows(control, actor, changes).await?,
        observed_at: rules.declared.environment.observed_at,
        now: control.clock.now(),
        row,
    })
}

/// The rules that hold for one pool's VMs, and for its canary's where they carry other tags.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool_firewall(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
) -> Result<PoolFirewall, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let rules = Rules::load(control, environments::require(control, environment).await?).await?;
    let tags =
        rules.tags.get(pool).ok_or_else(|| Error::NotFound(format!("pool {pool} in {environment}")))?;
    let firewall = rules.firewall();
    let (leaving, declared): (Vec<_>, Vec<_>) =
        rules.rows().into_iter().partition(|row| row.drift == Drift::Undeclared);
    let effective = |tags: &Tags| -> Vec<EffectiveRule> {
        let rule = |row: &FirewallRuleRow| {
            let effect = firewall.effect_for(&row.name, tags)?;
            Some(EffectiveRule { decides: matches!(effect, Effect::Decides(_)), row: row.clone() })
        };
        declared.iter().filter_map(rule).collect()
    };
    let tried = canary_of(pool);
    let canary = rules.tags.get(&tried).map(|tags| CanaryFirewall {
        name: tried.clone(),
        tags: tags.iter().cloned().collect(),
        rules: effective(tags),
    });
    let of_pool = |row: &FirewallRuleRow| row.pools.iter().any(|name| name == pool || *name == tried);
    Ok(PoolFirewall {
        rules: effective(tags),
        leaving: leaving.into_iter().filter(of_pool).collect(),
        canary,
        warnings: rules
            .warnings
            .iter()
            .filter(|warning| warning.pools.iter().any(|name| name == pool))
            .cloned()
            .collect(),
        tags: tags.iter().cloned().collect(),
    })
}

/// Without a key, the form creates a rule; without an environment, in the first one.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_firewall_rule_form(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    key: Option<&str>,
) -> Result<FirewallRuleForm, Error> {
    authorize(actor, Permission::PlanChange)?;
    let found = environments::to_declare_in(control, environment).await?;
    let name = found.name.clone();
    let rules = Rules::load(control, found).await?;
    let spec = &rules.declared.environment.spec;
    let rule = match key {
        Some(key) => Some(spec.firewall_rules.get(key).cloned().ok_or_else(|| absent(&name, key))?),
        None => None,
    };
    let tags: Tags = rules.tags.values().flatten().cloned().collect();
    Ok(FirewallRuleForm {
        name_prefix: spec.environment.name_prefix.clone(),
        keys: spec.firewall_rules.keys().cloned().collect(),
        tags: tags.into_iter().collect(),
        environment: name,
        generation: rules.declared.environment.generation,
        rule,
    })
}

fn absent(environment: &str, key: &str) -> Error {
    Error::NotFound(format!("firewall rule {} in {environment}", key.escape_debug()))
}

/// One environment's rules, with what is derived from them.
struct Rules {
    declared: Declared,
    tags: BTreeMap<String, Tags>,
    warnings: Vec<Warning>,
    /// Changes of the environment that are being applied.
    applying: Vec<Change>,
}

impl Rules {
    async fn load(control: &Control, environment: store::Environment) -> Result<Self, Error> {
        let applying =
            control.store.list_changes_of(&environment.name, &[ChangeState::Applying]).await?.changes;
        let declared = Declared::load(control, environment).await?;
        let warnings = warnings(&declared.environment.spec.environment.name_prefix, &declared.desired);
        Ok(Self { tags: pool_tags(&declared.desired), warnings, applying, declared })
    }

    fn prefix(&self) -> &str {
        &self.declared.environment.spec.environment.name_prefix
    }

    fn firewall(&self) -> Firewall<'_> {
        Firewall::new(self.declared.desired.firewall_rules.values())
    }

    fn rows(&self) -> Vec<FirewallRuleRow> {
        let (declared, observed) = (&self.declared.desired, &self.declared.observed.resources);
        let rules = in_order(&declared.firewall_rules, &observed.firewall_rules);
        rules.into_iter().map(|rule| self.row(rule)).collect()
    }

    fn row(&self, rule: &FirewallRule) -> FirewallRuleRow {
        let key = rule_key(self.prefix(), &rule.name);
        let none = Tags::new();
        let (ranges, tags) = match rule.direction {
            Direction::Ingress => (&rule.source_ranges, &rule.source_tags),
            Direction::Egress => (&rule.destination_ranges, &none),
        };
        let denies = denies(rule);
        let holds = |tags: &Tags| rule.target_tags.is_empty() || !rule.target_tags.is_disjoint(tags);
        FirewallRuleRow {
            environment: self.declared.environment.name.clone(),
            name: rule.name.clone(),
            direction: rule.direction,
            priority: rule.priority,
            denies,
            peers: ranges.iter().cloned().chain(tags.iter().map(|tag| format!("tag {tag}"))).collect(),
            targets: rule.target_tags.iter().cloned().collect(),
            services: ServiceSet::of_traffic(if denies { &rule.deny } else { &rule.allow }).texts(),
            pools: self.tags.iter().filter(|(_, tags)| holds(tags)).map(|(pool, _)| pool.clone()).collect(),
            drift: self.drift(&rule.name),
            moving: self.moving(&rule.name),
            warnings: self.warnings.iter().filter(|one| one.rule.as_deref() == Some(key)).cloned().collect(),
            key: key.to_owned(),
        }
    }

    fn moving(&self, name: &str) -> bool {
        let mut actions = self.applying.iter().flat_map(|change| &change.revision.plan.actions);
        actions.any(|action| action.step.name() == name)
    }

    fn drift(&self, name: &str) -> Drift {
        if self.declared.environment.observed_at.is_none() {
            return Drift::Unread;
        }
        let observed = self.declared.observed.resources.firewall_rules.get(name);
        match (self.declared.desired.firewall_rules.get(name), observed) {
            (Some(desired), Some(observed)) if firewall_rule_differences(observed, desired).is_empty() => {
                Drift::Equal
            }
            (Some(_), Some(_)) => Drift::Differs,
            (Some(_), None) => Drift::Missing,
            (None, _) => Drift::Undeclared,
        }
    }

    fn answer(&self, control: &Control, question: &Question) -> Result<WhatIf, Vec<Refused>> {
        let mut refused: Vec<Refused> = Vec::new();
        let source =
            self.party(control, &question.source).map_err(|why| refused.push(("source".to_owned(), why)));
        let target =
            self.party(control, &question.target).map_err(|why| refused.push(("target".to_owned(), why)));
        let service = service(question).map_err(|one| refused.push(one));
        let (Ok(source), Ok(target), Ok((protocol, port))) = (source, target, service) else {
            return Err(refused);
        };
        let legs = self.firewall().what_if(&source, &target, protocol, port);
        if legs.is_empty() {
            let why = "neither end is a pool: name the pool that is called, or the one that calls";
            return Err(vec![("target".to_owned(), why.to_owned())]);
        }
        Ok(WhatIf {
            source: source.name,
            target: target.name,
            service: ServiceSet::one(protocol, port).texts().join(", "),
            outcome: outcome(&legs),
            legs,
        })
    }

    /// Addresses of the VMs that are known by that name. Those of a canary whose tags differ are not its pool's.
    fn seen(&self, control: &Control, named: &str) -> Vec<String> {
        let tried = pool_of_canary(named);
        let pool = tried.unwrap_or(named);
        let group = self.declared.desired.groups.get(&name::instance_group(self.prefix(), pool));
        let apart = group.filter(|_| self.tags.contains_key(&canary_of(pool)));
        let version = apart.and_then(|group| Some(name::last_segment(&group.canary.as_ref()?.template)));
        control.live.look(&self.declared.environment.name, |rows| {
            let tries = |template: Option<&str>| version.is_some() && template == version;
            let own = rows
                .into_iter()
                .filter(|row| row.pool == pool && tries(row.instance.template.as_deref()) == tried.is_some());
            own.filter_map(|row| row.instance.address.clone()).collect()
        })
    }

    /// A pool's name or its canary's, `tag` and a tag, an address, a range.
    fn party(&self, control: &Control, text: &str) -> Result<Party, String> {
        let text = text.trim();
        let help = "write an address, a range as 10.0.0.0/8, a pool's name, or tag and a network tag";
        if text.is_empty() {
            return Err(format!("it is empty: {help}"));
        }
        if text.chars().count() > LONGEST_PARTY {
            return Err(format!("it is too long: {help}"));
        }
        let pool = text.strip_prefix("pool ").unwrap_or(text).trim();
        if let Some(tags) = self.tags.get(pool) {
            return Ok(Party::vms(&format!("pool {pool}"), tags.clone(), &self.seen(control, pool)));
        }
        if let Some(tag) = text.strip_prefix("tag ").map(str::trim).filter(|tag| name::is_rfc1035(tag)) {
            return Ok(Party::vms(&format!("VMs tagged {tag}"), Tags::from([tag.to_owned()]), []));
        }
        match parse_range(text) {
            Some(range) => Ok(Party::range(&range.to_string(), range)),
            None => Err(format!("`{text}` is neither a pool here nor an address: {help}")),
        }
    }
}

/// Ingress first, each direction in the order in which its rules decide. A rule that left the declaration decides as long
/// as it is there, so it has its place among the others.
fn in_order<'a>(
    desired: &'a BTreeMap<String, FirewallRule>,
    observed: &'a BTreeMap<String, FirewallRule>,
) -> Vec<&'a FirewallRule> {
    let left = observed.values().filter(|rule| !desired.contains_key(&rule.name));
    let mut rules: Vec<&FirewallRule> = desired.values().chain(left).collect();
    rules.sort_by(|one, other| {
        let egress = |rule: &FirewallRule| rule.direction == Direction::Egress;
        egress(one).cmp(&egress(other)).then_with(|| effective_order(one, other))
    });
    rules
}

fn service(question: &Question) -> Result<(u8, u16), Refused> {
    let protocol = question.protocol.trim();
    let protocol = if protocol.is_empty() { "tcp" } else { protocol };
    let number = protocol_number(protocol).ok_or_else(|| {
        let why = format!("`{protocol}` is no protocol: tcp, udp, icmp, esp, ah, sctp, ipip or its number");
        ("protocol".to_owned(), why)
    })?;
    let port = question.port.trim();
    let ported = protocol_has_ports(number);
    match (ported, port) {
        (true, "") => {
            Err(("port".to_owned(), format!("{} needs one: write 1 to 65535", protocol_word(number))))
        }
        (true, text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok((number, port)),
            _ => Err(("port".to_owned(), format!("`{text}` is no port: write 1 to 65535"))),
        },
        (false, "") => Ok((number, 0)),
        (false, _) => {
            Err(("port".to_owned(), format!("{} has no ports: leave it empty", protocol_word(number))))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn rules(each: &[(&str, Direction, u32)]) -> BTreeMap<String, FirewallRule> {
        let rule = |(name, direction, priority): &(&str, Direction, u32)| FirewallRule {
            name: (*name).to_owned(),
            description: String::new(),
            network: "n".to_owned(),
            direction: *direction,
            priority: *priority,
            source_ranges: BTreeSet::new(),
            destination_ranges: BTreeSet::new(),
            source_tags: BTreeSet::new(),
            target_tags: BTreeSet::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            logging: false,
            disabled: false,
        };
        each.iter().map(rule).map(|rule| (rule.name.clone(), rule)).collect()
    }

    #[test]
    fn what_left_the_declaration_stands_where_it_decides() {
        let desired = rules(&[
            ("ssh", Direction::Ingress, 1000),
            ("http", Direction::Ingress, 900),
            ("out", Direction::Egress, 10),
        ]);
        let observed = rules(&[
            ("ssh", Direction::Ingress, 7),
            ("old", Direction::Ingress, 950),
            ("older", Direction::Egress, 5),
        ]);
        let names: Vec<&str> =
            in_order(&desired, &observed).into_iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, ["http", "old", "ssh", "older", "out"]);
    }
}
