//! The policy: an ordered list of rules. The first that applies says who must agree; the last applies to everything.

use std::{collections::BTreeSet, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use super::{MOST, Quota, Requirement, Roster, evaluate};
use crate::{change::Verdict, environment::Tier, plan::Plan};

/// To which environments a rule applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// By name.
    Environment(String),
    Tier(Tier),
    Everywhere,
}

impl Applies {
    fn to(&self, environment: &str, tier: Tier) -> bool {
        match self {
            Self::Environment(name) => name == environment,
            Self::Tier(wanted) => *wanted == tier,
            Self::Everywhere => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub applies: Applies,
    pub require: Requirement,
}

/// One revision of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub id: String,
    pub revision: i64,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("policy {0} has no rule for everything: end it with a rule that applies everywhere")]
    Open(String),
    #[error("policy {policy}, rule {rule}: {why}")]
    Rule { policy: String, rule: usize, why: String },
    #[error("policy {policy}, rule {rule} asks for {requirement}, which roster r{roster} cannot give: {why}")]
    Unsatisfiable { policy: String, rule: usize, requirement: String, roster: i64, why: String },
}

impl Policy {
    /// The one that every installation begins with, as the schema writes it: nobody is asked for development, three people for all else.
    pub fn first() -> Self {
        let quota = |group: &str, approvals| Quota { group: group.to_owned(), approvals };
        let (one, two) = (NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(1));
        Self {
            id: "default".to_owned(),
            revision: 1,
            rules: vec![
                Rule { applies: Applies::Tier(Tier::Development), require: Requirement::default() },
                Rule {
                    applies: Applies::Everywhere,
                    require: Requirement(vec![quota("sre", two), quota("security", one)]),
                },
            ],
        }
    }

    /// Its name and revision as people read them.
    pub fn name(&self) -> String {
        format!("{} r{}", self.id, self.revision)
    }

    /// In itself: an end that catches everything, and quotas that can be counted.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.rules.last().is_none_or(|rule| rule.applies != Applies::Everywhere) {
            return Err(PolicyError::Open(self.name()));
        }
        for (number, rule) in self.rules.iter().enumerate() {
            let refused = |why: String| Err(PolicyError::Rule { policy: self.name(), rule: number + 1, why });
            let quotas = &rule.require.0;
            if quotas.len() > MOST {
                return refused(format!("names more than {MOST} groups"));
            }
            let mut groups = BTreeSet::new();
            for Quota { group, approvals } in quotas {
                if group.trim().is_empty() {
                    return refused("names a group without a name".to_owned());
                }
                if !groups.insert(group) {
                    return refused(format!("names {group} twice: add the numbers up"));
                }
                if usize::try_from(approvals.get()).unwrap_or(usize::MAX) > MOST {
                    return refused(format!("asks for more than {MOST} people of {group}"));
                }
            }
        }
        Ok(())
    }

    /// With a roster: everybody together must be able to satisfy each rule, or no change under it could ever run.
    pub fn check_with(&self, roster: &Roster) -> Result<(), PolicyError> {
        self.check()?;
        let everybody = roster.people();
        for (number, rule) in self.rules.iter().enumerate() {
            let quorum = evaluate(&rule.require, roster, &everybody, &BTreeSet::new());
            if !quorum.is_satisfied() {
                return Err(PolicyError::Unsatisfiable {
                    policy: self.name(),
                    rule: number + 1,
                    requirement: rule.require.to_string(),
                    roster: roster.revision,
                    why: quorum.to_string(),
                });
            }
        }
        Ok(())
    }

    /// The requirement of the first rule that applies. Where none does, somebody has broken the policy, and nobody can satisfy it.
    pub fn require(&self, environment: &str, tier: Tier) -> Requirement {
        let rule = self.rules.iter().find(|rule| rule.applies.to(environment, tier));
        rule.map_or_else(
            || Requirement(vec![Quota { group: String::new(), approvals: NonZeroU32::MAX }]),
            |rule| rule.require.clone(),
        )
    }

    /// What it says of a plan, with its reason in words.
    pub fn decide(&self, tier: Tier, plan: &Plan) -> Verdict {
        let requirement = self.require(&plan.environment, tier);
        let total = plan.impact.total();
        let kind = match tier {
            Tier::Development => "a development environment",
            Tier::Guarded => "guarded",
        };
        let reason = if requirement.is_nobody() {
            format!("{} is {kind}: changes run at once", plan.environment)
        } else {
            format!(
                "{} is {kind}: {requirement} must approve, none of them its author ({} VMs created, {} replaced, {} deleted)",
                plan.environment, total.created, total.replaced, total.deleted
            )
        };
        Verdict { policy: self.name(), approvals_needed: requirement.approvals(), requirement, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Impact;

    fn policy(text: &str) -> Result<Policy, String> {
        let policy: Policy = serde_json::from_str(text).map_err(|error| error.to_string())?;
        policy.check().map_err(|error| error.to_string())?;
        Ok(policy)
    }

    fn rules(rules: &str) -> Result<Policy, String> {
        policy(&format!(r#"{{"id":"default","revision":1,"rules":[{rules}]}}"#))
    }

    const NOBODY: &str = r#"{"applies":"everywhere","require":[]}"#;
    const TWO: &str = r#"{"applies":{"tier":"guarded"},"require":[{"group":"sre","approvals":2},{"group":"security","approvals":1}]}"#;

    fn plan(environment: &str) -> Plan {
        Plan {
            environment: environment.into(),
            actions: Vec::new(),
            impact: Impact::default(),
            violations: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_first_rule_that_applies_decides() {
        let policy =
            rules(&format!(r#"{{"applies":{{"environment":"lab"}},"require":[]}},{TWO},{NOBODY}"#)).unwrap();
        let asked = |environment: &str, tier| policy.require(environment, tier).to_string();
        assert_eq!(asked("prod", Tier::Guarded), "2 of sre and 1 of security");
        assert_eq!(asked("lab", Tier::Guarded), "nobody");
        assert_eq!(asked("dev", Tier::Development), "nobody");
        let verdict = policy.decide(Tier::Guarded, &plan("prod"));
        assert_eq!((verdict.policy.as_str(), verdict.approvals_needed), ("default r1", 3));
        assert!(verdict.reason.contains("2 of sre and 1 of security must approve"), "{}", verdict.reason);
        assert!(policy.decide(Tier::Development, &plan("dev")).reason.contains("development environment"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in [
            "",
            TWO,
            r#"{"applies":"everywhere","require":[{"group":"sre","approvals":0}]}"#,
            r#"{"applies":"everywhere","require":[{"group":"sre","approvals":-1}]}"#,
            r#"{"applies":"everywhere","require":[{"group":"sre"}]}"#,
            r#"{"applies":"everywhere","require":[{"group":" ","approvals":1}]}"#,
            r#"{"applies":"everywhere","require":[{"group":"sre","approvals":21}]}"#,
            r#"{"applies":"everywhere","require":[{"group":"sre","approvals":1},{"group":"sre","approvals":1}]}"#,
            r#"{"applies":"everywhere"}"#,
            r#"{"applies":"everywhere","require":[],"unless":"friday"}"#,
            r#"{"applies":"nowhere","require":[]}"#,
        ] {
            assert!(rules(wrong).is_err(), "{wrong}");
        }
        // A policy that lost its end asks for what nobody can give.
        let broken = Policy { id: "x".into(), revision: 1, rules: Vec::new() };
        assert_eq!(broken.require("prod", Tier::Guarded).approvals(), u32::MAX);
    }

    #[test]
    fn a_policy_that_nobody_could_satisfy_is_refused() {
        let policy = rules(&format!("{TWO},{NOBODY}")).unwrap();
        let roster = |sre: &[&str], security: &[&str]| Roster::of(7, &[("sre", sre), ("security", security)]);
        assert_eq!(policy.check_with(&roster(&["a", "b"], &["c"])), Ok(()));
        assert_eq!(policy.check_with(&roster(&["a", "b", "c"], &["c"])), Ok(()));
        for (sre, security) in [(&["a", "b"][..], &["b"][..]), (&["a"], &["b", "c"]), (&[], &[])] {
            let error = policy.check_with(&roster(sre, security)).unwrap_err().to_string();
            assert!(error.contains("2 of sre and 1 of security") && error.contains("roster r7"), "{error}");
        }
    }
}
