//! What people ask of agents, until it is acknowledged or runs out.

use domain::{
    Timestamp,
    command::{COMMAND_LIFETIME_SECONDS, Command, CommandState, Verb},
};

use crate::{Notification, Result, Store, Tx, column};

#[derive(Clone, Debug)]
pub struct NewCommand<'a> {
    pub environment: &'a str,
    pub instance: &'a str,
    pub instance_id: &'a str,
    pub boot_id: &'a str,
    pub verb: Verb,
    pub asked_by: &'a str,
    pub at: Timestamp,
}

struct Row {
    id: i64,
    environment: String,
    instance: String,
    instance_id: String,
    boot_id: String,
    verb: String,
    state: String,
    asked_by: String,
    asked_by_name: String,
    asked_at: Timestamp,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
    detail: String,
}

impl TryFrom<Row> for Command {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let named = || format!("command {}", row.id);
        Ok(Self {
            verb: column::text(named, "verb", &row.verb)?,
            state: column::text(named, "state", &row.state)?,
            id: row.id,
            environment: row.environment,
            instance: row.instance,
            instance_id: row.instance_id,
            boot_id: row.boot_id,
            asked_by: row.asked_by,
            asked_by_name: row.asked_by_name,
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
            detail: row.detail,
        })
    }
}

impl Store {
    /// Newest first. Names are those that people have now.
    pub async fn list_commands(&self, environment: &str, instance: &str, limit: u32) -> Result<Vec<Command>> {
        sqlx::query_as!(
            Row,
            r#"SELECT c.id, c.environment, c.instance, c.instance_id, c.boot_id, c.verb, c.state, c.asked_by,
                      coalesce(p.name, c.asked_by) AS "asked_by_name!", c.asked_at, c.expires_at, c.ended_at, c.detail
               FROM agent_commands c LEFT JOIN people p ON p.sub = c.asked_by
               WHERE c.environment = $1 AND c.instance = $2 ORDER BY c.id DESC LIMIT $3"#,
            environment,
            instance,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Command::try_from)
        .collect()
    }

    /// All that are on their way, the oldest first.
    pub async fn list_pending_commands(&self) -> Result<Vec<Command>> {
        sqlx::query_as!(
            Row,
            r#"SELECT c.id, c.environment, c.instance, c.instance_id, c.boot_id, c.verb, c.state, c.asked_by,
                      coalesce(p.name, c.asked_by) AS "asked_by_name!", c.asked_at, c.expires_at, c.ended_at, c.detail
               FROM agent_commands c LEFT JOIN people p ON p.sub = c.asked_by
               WHERE c.state = 'pending' ORDER BY c.id"#
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Command::try_from)
        .collect()
    }
}

impl Tx {
    /// How many of the instance are on their way. Locks them, so that two that ask at once count each other.
    pub async fn lock_pending_commands(&mut self, environment: &str, instance: &str) -> Result<Vec<Verb>> {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 70))",
            environment,
            instance
        )
        .fetch_one(self.connection())
        .await?;
        let verbs = sqlx::query_scalar!(
            "SELECT verb FROM agent_commands WHERE environment = $1 AND instance = $2 AND state = 'pending' ORDER BY id",
            environment,
            instance
        )
        .fetch_all(self.connection())
        .await?;
        verbs.iter().map(|verb| column::text(|| format!("command of {instance}"), "verb", verb)).collect()
    }

    pub async fn insert_command(&mut self, new: &NewCommand<'_>) -> Result<i64> {
        let id = sqlx::query_scalar!(
            "INSERT INTO agent_commands (environment, instance, instance_id, boot_id, verb, state, asked_by, asked_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8) RETURNING id",
            new.environment,
            new.instance,
            new.instance_id,
            new.boot_id,
            new.verb.as_str(),
            new.asked_by,
            new.at,
            new.at + chrono::TimeDelta::seconds(COMMAND_LIFETIME_SECONDS)
        )
        .fetch_one(self.connection())
        .await?;
        self.notify(Notification::Health { environment: Some(new.environment.to_owned()) });
        Ok(id)
    }

    /// None: it has ended already, or is another instance's. What ended is told in the words of `detail`.
    pub async fn end_command(
        &mut self,
        id: i64,
        (environment, instance, instance_id): (&str, &str, &str),
        state: CommandState,
        detail: &str,
        at: Timestamp,
    ) -> Result<Option<Verb>> {
        let verb = sqlx::query_scalar!(
            "UPDATE agent_commands SET state = $5, ended_at = $6, detail = $7
             WHERE id = $1 AND environment = $2 AND instance = $3 AND instance_id = $4 AND state = 'pending' RETURNING verb",
            id,
            environment,
            instance,
            instance_id,
            state.as_str(),
            at,
            detail
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(verb) = verb else { return Ok(None) };
        self.notify(Notification::Health { environment: Some(environment.to_owned()) });
        column::text(|| format!("command {id}"), "verb", &verb).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::at;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_command_ends_once_and_only_by_its_own_instance(pool: PgPool) {
        let store = Store::from(pool);
        let new = NewCommand {
            environment: "dev",
            instance: "web-a",
            instance_id: "7",
            boot_id: "b",
            verb: Verb::Restart,
            asked_by: "sub-sre",
            at: at(0),
        };
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.lock_pending_commands("dev", "web-a").await.unwrap(), []);
        let id = tx.insert_command(&new).await.unwrap();
        tx.commit().await.unwrap();
        let pending = store.list_pending_commands().await.unwrap();
        assert_eq!((pending.len(), pending[0].verb, pending[0].expires_at), (1, Verb::Restart, at(300)));

        let mut tx = store.begin().await.unwrap();
        let done = CommandState::Done;
        let other = tx.end_command(id, ("dev", "web-a", "8"), done, "", at(1)).await.unwrap();
        assert_eq!(other, None, "another VM of the name");
        let own = ("dev", "web-a", "7");
        assert_eq!(tx.end_command(id, own, done, "boot c", at(1)).await.unwrap(), Some(Verb::Restart));
        assert_eq!(tx.end_command(id, own, CommandState::Expired, "", at(2)).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(store.list_pending_commands().await.unwrap(), []);
        let listed = store.list_commands("dev", "web-a", 5).await.unwrap();
        assert_eq!((listed[0].state, listed[0].detail.as_str()), (done, "boot c"));
    }
}
