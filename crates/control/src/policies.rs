//! The rules of approval that are in force: the policy, the roster, and what they ask of each environment.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, Permission,
    approvals::{Policy, Roster, evaluate},
    audit::AuditAction,
    view::policy::{EnvironmentRule, PolicyView, RevisedBy, RosterGroup, RuleRow, Standing},
};
use store::{AuditFilter, Environment};

use crate::{Control, Error, error::authorize, evidence::Guarded};

/// It names people, so whoever may not see them may not see it.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_policy(control: &Control, actor: &Actor) -> Result<PolicyView, Error> {
    authorize(actor, Permission::ReadPeople)?;
    authorize(actor, Permission::ReadFleet)?;
    let (policy, since) = control.store.policy_in_force_since().await?;
    let (roster, roster_since) = control.store.roster_in_force_since().await?;
    let environments = control.store.list_environments().await?;
    let guarded = Guarded::of(&environments);
    // Who never signed in has no name here: of them only the subject is shown.
    let people: Vec<String> = roster.people().into_iter().collect();
    let names = control.store.names_of(&people).await?;
    let by = roster_set_by(control, roster.revision).await?;
    Ok(PolicyView {
        // No use-case revises it: the first comes with the schema, and who wrote another had the database in hand.
        policy: Standing { revision: policy.revision, since: Some(since), by: None },
        environments: environments
            .iter()
            .map(|environment| asked_of(environment, &guarded, &policy, &roster))
            .collect(),
        roster: Standing { revision: roster.revision, since: roster_since, by },
        groups: groups(&roster, &names),
        vote_seconds: control.signing.vote_lifetime.as_secs(),
        change_seconds: control.signing.change_lifetime.as_secs(),
        rules: policy
            .rules
            .into_iter()
            .map(|rule| RuleRow { applies: rule.applies, requirement: rule.require })
            .collect(),
        id: policy.id,
        now: control.clock.now(),
    })
}

async fn roster_set_by(control: &Control, revision: i64) -> Result<Option<RevisedBy>, Error> {
    let named = format!("r{revision}");
    let filter = AuditFilter {
        action: Some(AuditAction::ReviseRoster),
        object: Some(&named),
        ..AuditFilter::default()
    };
    let found = control.store.list_audit(&filter, 1).await?;
    Ok(found.into_iter().next().map(|event| RevisedBy { name: event.actor_name, event: event.seq }))
}

fn asked_of(
    environment: &Environment,
    guarded: &Guarded,
    policy: &Policy,
    roster: &Roster,
) -> EnvironmentRule {
    let tier = guarded.tier(&environment.spec.environment);
    let requirement = policy.require(&environment.name, tier);
    let most = evaluate(&requirement, roster, &roster.people(), &BTreeSet::new());
    EnvironmentRule {
        environment: environment.name.clone(),
        tier,
        short: (!most.is_satisfied()).then(|| most.to_string()),
        requirement,
    }
}

fn groups(roster: &Roster, names: &BTreeMap<String, String>) -> Vec<RosterGroup> {
    let name = |person: &String| names.get(person).unwrap_or(person).clone();
    let group = |(group, people): (&String, &BTreeSet<String>)| {
        let mut people: Vec<String> = people.iter().map(name).collect();
        people.sort();
        RosterGroup { name: group.clone(), people }
    };
    roster.groups.iter().map(group).collect()
}
