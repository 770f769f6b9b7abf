//! The built-in policy: development runs at once, everything else waits for people.

use domain::{change::Verdict, environment::Tier, plan::Plan};

/// Its name and revision, as verdicts carry it.
const POLICY: &str = "built-in r1";

/// How many people must approve the plan, and why.
pub fn decide(tier: Tier, plan: &Plan) -> Verdict {
    let total = plan.impact.total();
    match tier {
        Tier::Development => Verdict {
            policy: POLICY.to_owned(),
            approvals_needed: 0,
            reason: format!("{} is a development environment: changes run at once", plan.environment),
        },
        Tier::Guarded => Verdict {
            policy: POLICY.to_owned(),
            approvals_needed: 2,
            reason: format!(
                "{} is guarded: two people other than the proposer must approve ({} VMs created, {} replaced, {} deleted)",
                plan.environment, total.created, total.replaced, total.deleted
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::plan::Impact;

    use super::*;

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
    fn development_runs_at_once_and_says_so() {
        let verdict = decide(Tier::Development, &plan("dev"));
        assert_eq!(verdict.approvals_needed, 0);
        assert!(verdict.reason.contains("development environment"));
    }

    #[test]
    fn everything_else_waits() {
        assert!(decide(Tier::Guarded, &plan("prod")).approvals_needed > 0);
    }
}
