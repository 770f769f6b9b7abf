//! Edits of firewall rules.

use super::EditError;
use crate::{FleetSpec, firewall::FirewallRuleSpec};

pub(super) fn create(spec: &mut FleetSpec, key: &str, rule: &FirewallRuleSpec) -> Result<(), EditError> {
    if spec.firewall_rules.contains_key(key) {
        return Err(EditError::invalid(
            "key",
            format!("firewall rule {key} is declared already: choose another key, or edit that one"),
        ));
    }
    spec.firewall_rules.insert(key.to_owned(), rule.clone());
    Ok(())
}

pub(super) fn update(spec: &mut FleetSpec, key: &str, rule: &FirewallRuleSpec) -> Result<(), EditError> {
    let known = spec.firewall_rules.get_mut(key).ok_or_else(|| EditError::missing("firewall rule", key))?;
    *known = rule.clone();
    Ok(())
}

pub(super) fn delete(spec: &mut FleetSpec, key: &str) -> Result<(), EditError> {
    let removed = spec.firewall_rules.remove(key);
    removed.map(drop).ok_or_else(|| EditError::missing("firewall rule", key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::{
            Edit,
            tests::{fleet, invalid_field},
        },
        firewall::Direction,
    };

    #[test]
    fn a_rule_is_created_edited_and_deleted() {
        let spec = fleet();
        let rule = FirewallRuleSpec::new("Probes", Direction::Ingress);
        let create = Edit::CreateFirewallRule { key: "probes".into(), firewall_rule: rule.clone() };
        let created = create.apply(&spec).unwrap();
        assert_eq!(invalid_field(create.apply(&created)), "key");

        let urgent = FirewallRuleSpec { priority: 10, ..rule };
        let update = Edit::UpdateFirewallRule { key: "probes".into(), firewall_rule: urgent };
        assert!(update.apply(&spec).is_err(), "it is not there yet");
        let updated = update.apply(&created).unwrap();
        assert_eq!(updated.firewall_rules["probes"].priority, 10);

        let delete = Edit::DeleteFirewallRule { key: "probes".into() };
        assert_eq!(delete.apply(&updated), Ok(spec.clone()));
        assert!(delete.apply(&spec).is_err());
    }
}
