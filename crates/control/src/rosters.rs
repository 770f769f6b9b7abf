//! The roster comes from the configuration of who runs this installation: where its groups differ from those in force, they are a new revision.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{Actor, approvals::Roster, audit::AuditAction};
use store::{Hash, NewEvent};
use tokio::time::sleep;

use crate::{Control, Error, canonical::canonical, testimony};

/// Who acts, in the audit log.
const NAME: &str = "Configuration";
const RETRY: Duration = Duration::from_secs(2);

pub type Groups = BTreeMap<String, BTreeSet<String>>;

/// Declares the groups as soon as the database answers.
pub fn start(control: &Control, groups: Groups) {
    let control = control.clone();
    control.tasks.clone().spawn(async move {
        loop {
            let declared = tokio::select! {
                declared = declare_roster(&control, &groups) => declared,
                () = control.stop.cancelled() => return,
            };
            match declared {
                Ok(roster) => {
                    tracing::info!(
                        revision = roster.revision,
                        groups = roster.groups.len(),
                        "roster in force"
                    );
                    return;
                }
                Err(error) if error.is_fault() || matches!(error, Error::Conflict(_)) => {
                    tokio::select! {
                        () = sleep(RETRY) => {}
                        () = control.stop.cancelled() => return,
                    }
                }
                // The one in force stays.
                Err(error) => {
                    tracing::error!(%error, "the configured roster is refused");
                    return;
                }
            }
        }
    });
}

/// Puts the groups in force where they differ from those that are. Votes under the old revision are void from then on.
#[tracing::instrument(skip_all, err(level = "debug"))]
pub async fn declare_roster(control: &Control, groups: &Groups) -> Result<Roster, Error> {
    let mut tx = control.store.begin().await?;
    let current = tx.roster_in_force().await?;
    // A roster that nobody has yet is the empty one. Any other was told of in the log, or is not what was declared.
    let told = current.revision == 0 || testimony::tells_of_roster(control, &current).await?;
    if told && current.groups == *groups {
        return Ok(current);
    }
    let next = Roster { revision: current.revision + 1, groups: groups.clone() };
    next.check().map_err(|error| Error::invalid("approvals.groups", error.to_string()))?;
    let policy = tx.policy_in_force().await?;
    policy.check_with(&next).map_err(|error| Error::invalid("approvals.groups", error.to_string()))?;
    tx.insert_roster(&next).await?;
    let actor = Actor::system(NAME, "start");
    let sizes: Vec<String> =
        next.groups.iter().map(|(group, people)| format!("{group} {}", people.len())).collect();
    // The empty roster was never set.
    let before_sha256 = if current.revision > 0 { Some(digest(&current)?) } else { None };
    let event = NewEvent {
        detail: sizes.join(", "),
        before_sha256,
        after_sha256: Some(digest(&next)?),
        ..NewEvent::new(
            &actor,
            AuditAction::ReviseRoster,
            format!("roster r{}", next.revision),
            control.clock.now(),
        )
    };
    let event = event.differing(unlike(&current, &next), unlike(&next, &current));
    tx.append_audit(&event).await?;
    tx.commit().await?;
    Ok(next)
}

fn digest(roster: &Roster) -> Result<Hash, Error> {
    canonical(roster)?.sha256.parse().map_err(Error::internal)
}

/// The groups of `roster` that `other` has not or has otherwise, each with the issuer's subjects of its people: names and
/// addresses stay out of what can never be erased.
fn unlike(roster: &Roster, other: &Roster) -> Vec<(String, String)> {
    let unlike = roster.groups.iter().filter(|(group, people)| other.groups.get(*group) != Some(*people));
    unlike
        .map(|(group, people)| {
            let people: Vec<&str> = people.iter().map(String::as_str).collect();
            (group.clone(), people.join(", "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_groups_that_changed_are_told_with_the_subjects_in_them() {
        let roster = |groups: &[(&str, &[&str])]| {
            let people = |people: &[&str]| -> BTreeSet<String> {
                people.iter().map(|&person| person.to_owned()).collect()
            };
            let groups = groups.iter().map(|&(group, of)| (group.to_owned(), people(of))).collect();
            Roster { revision: 1, groups }
        };
        let before = roster(&[("kept", &["sub-1"]), ("left", &["sub-2"]), ("sre", &["sub-1", "sub-2"])]);
        let after = roster(&[("kept", &["sub-1"]), ("new", &["sub-4"]), ("sre", &["sub-1", "sub-3"])]);
        let field = |group: &str, people: &str| (group.to_owned(), people.to_owned());
        assert_eq!(unlike(&before, &after), [field("left", "sub-2"), field("sre", "sub-1, sub-2")]);
        assert_eq!(unlike(&after, &before), [field("new", "sub-4"), field("sre", "sub-1, sub-3")]);
        assert!(unlike(&before, &before).is_empty());
    }
}
