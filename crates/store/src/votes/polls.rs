//! Of changes in lists: who was asked and who has voted, without the evidence that proves it.

use domain::{
    ChangeId, ChangeState,
    approvals::{Ballot, Requirement},
    environment::EnvironmentSpec,
};

use crate::{Result, Store, column};

/// A change as far as it takes to tell who has agreed to it, and for whom it waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Poll {
    pub id: ChangeId,
    pub state: ChangeState,
    /// It had all approvals that it took, whatever became of it.
    pub approved: bool,
    /// As its revision declares it: what the policy goes by. None: it cannot be read, which does not keep other changes from being listed.
    pub environment: Option<EnvironmentSpec>,
    /// By the rules of the day on which it was proposed.
    pub requirement: Requirement,
    /// Ids of who proposed or edited it.
    pub authors: Vec<String>,
    /// On its revision and not void, oldest first.
    pub votes: Vec<Cast>,
    /// While it waits: the change whose declaration took the place of the one that its plan was made against.
    pub overtaken_by: Option<ChangeId>,
}

/// A vote that nobody took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The person's id.
    pub person: String,
    pub person_name: String,
    pub ballot: Ballot,
    pub statement: Vec<u8>,
    /// By the database's time.
    pub in_time: bool,
    pub key_revoked: bool,
}

impl Store {
    /// Changes that wait for approvals, oldest first.
    pub async fn list_waiting_changes(&self) -> Result<Vec<Poll>> {
        self.polls(None).await
    }

    /// Those of the ids that there are, oldest first.
    pub async fn list_polls(&self, ids: &[ChangeId]) -> Result<Vec<Poll>> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.polls(Some(&ids)).await
    }

    async fn polls(&self, ids: Option<&[i64]>) -> Result<Vec<Poll>> {
        sqlx::query!(
            r#"SELECT c.id, c.state, c.approved_at IS NOT NULL AS "approved!",
                      r.desired -> 'environment' AS "environment!", r.verdict -> 'requirement' AS requirement,
                      (SELECT array_agg(DISTINCT author) FROM (
                           SELECT c.proposed_by AS author
                           UNION SELECT created_by FROM change_revisions
                               WHERE change_id = c.id AND created_by IS NOT NULL
                       ) people) AS "authors!",
                      given.people AS "people!", given.names AS "names!", given.ballots AS "ballots!",
                      given.statements AS "statements!", given.in_time AS "in_time!", given.revoked AS "revoked!",
                      e.declared_by AS "overtaken_by?"
               FROM changes c
               JOIN LATERAL (
                   SELECT number, base_generation, desired, verdict FROM change_revisions WHERE change_id = c.id
                   ORDER BY number DESC LIMIT 1
               ) r ON true
               LEFT JOIN environments e
                   ON c.state = $1 AND e.name = c.environment AND e.generation <> r.base_generation
               CROSS JOIN LATERAL (
                   SELECT coalesce(array_agg(v.person ORDER BY v.id), '{}') AS people,
                          coalesce(array_agg(coalesce(p.name, v.person) ORDER BY v.id), '{}') AS names,
                          coalesce(array_agg(v.ballot ORDER BY v.id), '{}') AS ballots,
                          coalesce(array_agg(v.statement ORDER BY v.id), '{}') AS statements,
                          coalesce(array_agg(v.not_after > clock_timestamp() ORDER BY v.id), '{}') AS in_time,
                          coalesce(array_agg(k.revoked_at IS NOT NULL ORDER BY v.id), '{}') AS revoked
                   FROM votes v
                   JOIN passkeys k USING (credential_id)
                   LEFT JOIN people p ON p.sub = v.person
                   WHERE v.change_id = c.id AND v.revision = r.number AND v.voided_at IS NULL
               ) given
               WHERE ($2::bigint[] IS NULL OR c.id = ANY($2))
                 AND ($2::bigint[] IS NOT NULL
                      OR (c.state = $1 AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())))
               ORDER BY c.id"#,
            ChangeState::AwaitingApprovals.as_str(),
            ids
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let id = ChangeId(row.id);
            let named = || id.to_string();
            let requirement = match row.requirement {
                Some(value) => column::json(named, "verdict", value)?,
                None => Requirement::default(),
            };
            let ballot =
                |word: &String| column::variant(named, "ballot", &Ballot::ALL, Ballot::as_str, word);
            let ballots = row.ballots.iter().map(ballot).collect::<Result<Vec<Ballot>>>()?;
            let people = row.people.into_iter().zip(row.names).zip(ballots).zip(row.statements);
            let votes = people.zip(row.in_time.into_iter().zip(row.revoked)).map(
                |((((person, person_name), ballot), statement), (in_time, key_revoked))| Cast {
                    person,
                    person_name,
                    ballot,
                    statement,
                    in_time,
                    key_revoked,
                },
            );
            Ok(Poll {
                id,
                state: column::text(named, "state", &row.state)?,
                approved: row.approved,
                environment: serde_json::from_value(row.environment).ok(),
                requirement,
                authors: row.authors,
                votes: votes.collect(),
                overtaken_by: row.overtaken_by.map(ChangeId),
            })
        })
        .collect()
    }
}
