//! What the rules say of a draft, as the form's fields show it.

use domain::{FleetSpec, ObservedFleet, plan::Violation, rules};

use crate::{api::FieldProblem, form::within};

/// A broken rule as a field shows it.
pub fn problem(violation: &Violation) -> FieldProblem {
    let fix = violation.fix.as_ref().map(|fix| format!(" Write {fix}.")).unwrap_or_default();
    let message = format!("{}.{fix}", violation.message.trim_end_matches('.'));
    FieldProblem { field: violation.attribute.clone(), message }
}

/// The rules that a declaration of nothing but the form's noun breaks, by the form's fields. `at` is where the noun stands
/// in it, with the dot; `apart` are the rules about what else is declared.
pub fn broken(spec: &FleetSpec, at: &str, apart: &[&str]) -> Vec<FieldProblem> {
    rules::check(spec, &ObservedFleet::default())
        .into_iter()
        .filter(|violation| violation.attribute.starts_with(at) && !apart.contains(&violation.rule.as_str()))
        .map(|violation| within(problem(&violation), at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rule_says_what_to_write() {
        let violation = Violation {
            attribute: "agent_pools[0].max_surge".into(),
            rule: "surge_below_zones".into(),
            message: "too few".into(),
            fix: Some("3".into()),
        };
        assert_eq!(problem(&violation).message, "too few. Write 3.");
    }
}
