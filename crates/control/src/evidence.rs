//! What the stored evidence of a change proves, from its raw bytes alone: no column that says "approved" is believed.

use std::collections::{BTreeMap, BTreeSet};

use approval::{Assertion, Bytes32, Statement, verify_assertion};
use domain::{
    Timestamp,
    approvals::{Ballot, Policy, Quorum, Requirement, Roster, evaluate},
    change::{Change, Verdict},
    environment::{EnvironmentSpec, Tier},
    plan::Plan,
};
use store::{Environment, Tx, Vote};

use crate::{Error, canonical::canonical, signing::Signing};

/// The policy and the roster in force, read in one transaction, and who shares a project with whom.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) policy: Policy,
    pub(crate) roster: Roster,
    guarded: Guarded,
}

/// Projects that hold a guarded environment, with its name.
#[derive(Clone, Debug)]
pub(crate) struct Guarded(BTreeMap<String, String>);

impl Guarded {
    pub(crate) fn of(environments: &[Environment]) -> Self {
        let guarded = environments.iter().filter(|row| row.spec.environment.tier() == Tier::Guarded);
        Self(guarded.map(|row| (row.spec.environment.project_id.clone(), row.name.clone())).collect())
    }

    /// By the declaration's own words, not by a column beside it. Who calls itself development in a project that also holds a guarded
    /// environment reaches that one's VMs, by a firewall rule for instance: it is guarded too.
    pub(crate) fn tier(&self, environment: &EnvironmentSpec) -> Tier {
        match self.0.contains_key(&environment.project_id) {
            true => Tier::Guarded,
            false => environment.tier(),
        }
    }
}

impl Rules {
    pub(crate) async fn read(tx: &mut Tx) -> Result<Self, Error> {
        let guarded = Guarded::of(&tx.list_environments().await?);
        Ok(Self { policy: tx.policy_in_force().await?, roster: tx.roster_in_force().await?, guarded })
    }

    pub(crate) fn requirement(&self, change: &Change) -> Requirement {
        self.require(&change.revision.desired.environment)
    }

    /// Who must agree to any change of the environment.
    pub(crate) fn require(&self, environment: &EnvironmentSpec) -> Requirement {
        self.policy.require(&environment.environment, self.guarded.tier(environment))
    }

    /// What the policy says of a plan, with its reason in words.
    pub(crate) fn decide(&self, environment: &EnvironmentSpec, plan: &Plan) -> Verdict {
        let verdict = self.policy.decide(self.guarded.tier(environment), plan);
        match self.guarded.0.get(&environment.project_id) {
            Some(other) if environment.tier() == Tier::Development => {
                let shares = format!("project {} also holds {other}", environment.project_id);
                Verdict { reason: format!("{shares}; {}", verdict.reason), ..verdict }
            }
            _ => verdict,
        }
    }
}

/// Why a vote is void that nobody took back.
pub(crate) const ENDED: &str = "its time is over";

/// A vote that does not hold any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stale {
    pub(crate) vote: i64,
    pub(crate) because: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Weighed {
    pub(crate) quorum: Quorum,
    pub(crate) stale: Vec<Stale>,
    /// Somebody said no.
    pub(crate) rejected: bool,
}

impl Weighed {
    /// Those that hold are enough, whatever became of others.
    pub(crate) fn holds(&self) -> bool {
        self.quorum.is_satisfied() && !self.rejected
    }

    pub(crate) fn stale_ids(&self) -> Vec<i64> {
        self.stale.iter().map(|stale| stale.vote).collect()
    }
}

/// Something that this control plane never wrote: a row was changed behind our back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forged(pub(crate) String);

/// Recomputes both digests over the value that would be executed.
pub(crate) fn check_bytes(change: &Change) -> Result<(), Forged> {
    let revision = &change.revision;
    let same = |digest: Result<crate::canonical::Canonical, Error>, expected: &str| {
        digest.is_ok_and(|canonical| canonical.sha256 == expected)
    };
    if !same(canonical(&revision.desired), &revision.payload_sha256)
        || !same(canonical(&revision.plan), &revision.plan_sha256)
    {
        return Err(Forged("its declaration or plan is not what was digested (bytes_mismatch)".to_owned()));
    }
    if revision.desired.environment.environment != change.environment
        || revision.plan.environment != change.environment
    {
        return Err(Forged("it declares another environment than its own (bytes_mismatch)".to_owned()));
    }
    Ok(())
}

/// Names a voter's reason in the log without a word of it. It is no part of what is signed; its salt is, so that who knows only the log
/// cannot guess what was written, and the same words of another vote have another name.
pub(crate) fn reason_digest(statement: &Statement, reason: &str) -> Bytes32 {
    Bytes32::sha256(&[&b"agent-manager.reason/v1\0"[..], &statement.nonce.0[..], reason.as_bytes()].concat())
}

/// Verifies every vote on the change's revision that is not void. `now` is the database's.
pub(crate) fn weigh(
    signing: &Signing,
    change: &Change,
    rules: &Rules,
    votes: &[Vote],
    now: Timestamp,
) -> Result<Weighed, Forged> {
    check_bytes(change)?;
    let mut approvers = BTreeSet::new();
    let (mut stale, mut rejected) = (Vec::new(), false);
    let of_this = |vote: &&Vote| vote.revision == change.revision.number && vote.voided_at.is_none();
    for vote in votes.iter().filter(of_this) {
        let statement = verify(signing, change, vote)
            .map_err(|why| Forged(format!("a vote on it does not verify: {why} (evidence_invalid)")))?;
        if let Some(because) = staleness(&statement, vote.key_revoked_at.is_some(), rules, now) {
            stale.push(Stale { vote: vote.id, because });
            continue;
        }
        match vote.ballot {
            Ballot::Approve => {
                approvers.insert(vote.person.clone());
            }
            Ballot::Reject => rejected = true,
        }
    }
    let authors: BTreeSet<String> = change.authors.iter().cloned().collect();
    let quorum = evaluate(&rules.requirement(change), &rules.roster, &approvers, &authors);
    Ok(Weighed { quorum, stale, rejected })
}

/// The signed bytes say what the row says, and the key of the person whom they name signed them.
fn verify(signing: &Signing, change: &Change, vote: &Vote) -> Result<Statement, String> {
    let statement = Statement::from_bytes(&vote.statement).map_err(|error| error.to_string())?;
    let wrong = mismatches(&statement, change)
        .into_iter()
        .chain([
            ("change_id", statement.change_id != vote.change),
            ("revision", statement.revision != vote.revision),
            ("approver", statement.approver != vote.person || vote.key_person != vote.person),
            ("action", statement.action != vote.ballot),
            ("not_after", statement.not_after != vote.not_after),
        ])
        .find(|(_, wrong)| *wrong);
    if let Some((field, _)) = wrong {
        return Err(format!("its {field} is another than the row's"));
    }
    let assertion = Assertion {
        client_data_json: &vote.client_data_json,
        authenticator_data: &vote.authenticator_data,
        signature: &vote.signature,
    };
    let digest = Statement::digest(&vote.statement);
    verify_assertion(&assertion, &digest.0, &signing.party, &vote.cose_key, None)
        .map_err(|refusal| refusal.to_string())?;
    Ok(statement)
}

/// Each field that a statement shares with the change it is about, and whether they differ.
pub(crate) fn mismatches(statement: &Statement, change: &Change) -> [(&'static str, bool); 7] {
    let revision = &change.revision;
    [
        ("change_id", statement.change_id != change.id),
        ("revision", statement.revision != revision.number),
        ("env", statement.env != change.environment),
        ("payload_sha256", statement.payload_sha256.to_string() != revision.payload_sha256),
        ("plan_sha256", statement.plan_sha256.to_string() != revision.plan_sha256),
        ("target_generation", statement.target_generation != revision.base_generation),
        ("requester", statement.requester != change.proposed_by),
    ]
}

/// Why a vote that nobody took back does not count by the rules in force; None: it does, if its signature holds, which is
/// [`weigh`]'s to say.
pub(crate) fn void_by(statement: &[u8], key_revoked: bool, rules: &Rules, now: Timestamp) -> Option<String> {
    match Statement::from_bytes(statement) {
        Ok(statement) => staleness(&statement, key_revoked, rules, now),
        Err(error) => Some(format!("what was signed cannot be read: {error}")),
    }
}

/// Why a true vote holds no more.
fn staleness(statement: &Statement, key_revoked: bool, rules: &Rules, now: Timestamp) -> Option<String> {
    let (policy, roster) = (&rules.policy, &rules.roster);
    if !statement.is_valid_at(now) {
        Some(ENDED.to_owned())
    } else if (&statement.policy_id, statement.policy_rev) != (&policy.id, policy.revision) {
        Some(format!(
            "the policy moved from {} r{} to {}",
            statement.policy_id,
            statement.policy_rev,
            policy.name()
        ))
    } else if statement.roster_rev != roster.revision {
        Some(format!("the roster moved from r{} to r{}", statement.roster_rev, roster.revision))
    } else if key_revoked {
        Some("the passkey that signed it was revoked".to_owned())
    } else {
        None
    }
}
