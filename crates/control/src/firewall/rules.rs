//! One environment's firewall rules, declared and observed, as rows in the order in which they decide.

use std::collections::BTreeMap;

use domain::{
    ChangeState,
    change::Change,
    firewall::{
        Direction, Firewall, ServiceSet, Tags, Warning, denies, effective_order, pool_tags, rule_key,
        warnings,
    },
    plan::firewall_rule_differences,
    resource::FirewallRule,
    view::firewall::{Drift, FirewallRuleRow},
};

use crate::{Control, Error, pools::Declared};

/// One environment's rules, with what is derived from them.
pub(super) struct Rules {
    pub(super) declared: Declared,
    pub(super) tags: BTreeMap<String, Tags>,
    pub(super) warnings: Vec<Warning>,
    /// Changes of the environment that are being applied.
    applying: Vec<Change>,
}

impl Rules {
    pub(super) async fn load(control: &Control, environment: store::Environment) -> Result<Self, Error> {
        let applying =
            control.store.list_changes_of(&environment.name, &[ChangeState::Applying]).await?.changes;
        let declared = Declared::load(control, environment).await?;
        let warnings = warnings(&declared.environment.spec.environment.name_prefix, &declared.desired);
        Ok(Self { tags: pool_tags(&declared.desired), warnings, applying, declared })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.declared.environment.spec.environment.name_prefix
    }

    pub(super) fn firewall(&self) -> Firewall<'_> {
        Firewall::new(self.declared.desired.firewall_rules.values())
    }

    pub(super) fn rows(&self) -> Vec<FirewallRuleRow> {
        let (declared, observed) = (&self.declared.desired, &self.declared.observed.resources);
        let rules = in_order(&declared.firewall_rules, &observed.firewall_rules);
        rules.into_iter().map(|rule| self.row(rule)).collect()
    }

    fn row(&self, rule: &FirewallRule) -> FirewallRuleRow {
        let key = rule_key(self.prefix(), &rule.name);
        let none = Tags::new();
        let (ranges, tags, own) = match rule.direction {
            Direction::Ingress => (&rule.source_ranges, &rule.source_tags, &rule.destination_ranges),
            Direction::Egress => (&rule.destination_ranges, &none, &rule.source_ranges),
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
            addresses: own.iter().cloned().collect(),
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
