//! Firewall rules: what is declared beside what is observed, what they do together, and what-ifs.

mod rules;
mod what_if;

use domain::{
    Actor, Permission,
    firewall::{Effect, Tags, canary_of, pool_of_canary},
    name,
    view::{
        firewall::{
            CanaryFirewall, Drift, EffectiveRule, FirewallRuleForm, FirewallRuleRow, FirewallRuleView,
            FirewallView, PoolFirewall, Question,
        },
        firewall_settings::firewall_settings,
    },
};

use self::rules::Rules;
use crate::{Control, Error, environments, error::authorize};

const RECENT_CHANGES: u32 = 10;

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
