//! API tokens by the digest of their secret, and the answers kept for requests that named a key. The database's time ends both.

use std::collections::BTreeSet;

use domain::{
    Role, Timestamp,
    token::{Scope, TokenId},
};

use crate::{Error, Hash, Result, Store, Tx, column, error::found};

/// A token without its secret, which nobody has but its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    /// The subject of whom it acts as.
    pub person: String,
    pub person_name: String,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Neither expired nor revoked.
    pub usable: bool,
}

#[derive(Clone, Debug)]
pub struct NewApiToken<'a> {
    pub secret_sha256: Hash,
    pub person: &'a str,
    pub name: &'a str,
    pub scopes: &'a BTreeSet<Scope>,
    pub lifetime_days: u32,
}

/// Whom a token that can be used speaks for, with the roles of their last sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBearer {
    pub id: TokenId,
    pub scopes: BTreeSet<Scope>,
    pub sub: String,
    pub name: String,
    pub roles: BTreeSet<Role>,
}

struct Row {
    id: i64,
    person: String,
    person_name: String,
    name: String,
    scopes: Vec<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    usable: bool,
}

impl TryFrom<Row> for ApiToken {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let id = TokenId(row.id);
        Ok(Self {
            id,
            scopes: words(|| noun(id), "scopes", &row.scopes)?,
            person: row.person,
            person_name: row.person_name,
            name: row.name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            usable: row.usable,
        })
    }
}

fn noun(id: TokenId) -> String {
    format!("API token {id}")
}

fn words<T: std::str::FromStr + Ord>(
    row: impl Fn() -> String,
    column: &'static str,
    texts: &[String],
) -> Result<BTreeSet<T>>
where
    T::Err: ToString,
{
    texts.iter().map(|text| column::text(&row, column, text)).collect()
}

impl Store {
    /// Of one person or of all; those that can be used first, then the newest.
    pub async fn list_api_tokens(&self, person: Option<&str>, limit: u32) -> Result<Vec<ApiToken>> {
        sqlx::query_as!(
            Row,
            r#"SELECT t.id, t.person, p.name AS person_name, t.name, t.scopes, t.created_at, t.expires_at,
                      t.last_used_at, t.revoked_at,
                      (t.revoked_at IS NULL AND t.expires_at > now()) AS "usable!"
               FROM api_tokens t JOIN people p ON p.sub = t.person
               WHERE $1::text IS NULL OR t.person = $1
               ORDER BY (t.revoked_at IS NULL AND t.expires_at > now()) DESC, t.id DESC LIMIT $2"#,
            person,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(ApiToken::try_from)
        .collect()
    }

    /// None for one that is unknown, expired or revoked. Notes when it was used, at most once a minute.
    pub async fn use_api_token(&self, secret_sha256: Hash) -> Result<Option<TokenBearer>> {
        let row = sqlx::query!(
            r#"SELECT t.id, t.scopes, p.sub, p.name, p.roles,
                      coalesce(t.last_used_at < now() - interval '1 minute', true) AS "stale!"
               FROM api_tokens t JOIN people p ON p.sub = t.person
               WHERE t.secret_sha256 = $1 AND t.revoked_at IS NULL AND t.expires_at > now()"#,
            &secret_sha256.0[..]
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id = TokenId(row.id);
        if row.stale {
            sqlx::query!("UPDATE api_tokens SET last_used_at = now() WHERE id = $1", row.id)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(TokenBearer {
            id,
            scopes: words(|| noun(id), "scopes", &row.scopes)?,
            roles: words(|| format!("person {}", row.sub), "roles", &row.roles)?,
            sub: row.sub,
            name: row.name,
        }))
    }
}

impl Tx {
    pub async fn insert_api_token(&mut self, new: &NewApiToken<'_>) -> Result<ApiToken> {
        let scopes: Vec<String> = new.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let days = i32::try_from(new.lifetime_days).unwrap_or(i32::MAX);
        sqlx::query_as!(
            Row,
            r#"INSERT INTO api_tokens (secret_sha256, person, name, scopes, expires_at)
               VALUES ($1, $2, $3, $4, now() + make_interval(days => $5))
               RETURNING id, person, (SELECT p.name FROM people p WHERE p.sub = person) AS "person_name!", name, scopes,
                         created_at, expires_at, last_used_at, revoked_at, true AS "usable!""#,
            &new.secret_sha256.0[..],
            new.person,
            new.name,
            &scopes,
            days
        )
        .fetch_one(self.connection())
        .await?
        .try_into()
    }

    /// Whose it is, and whether it was revoked before; locked until this transaction ends.
    pub async fn lock_api_token(&mut self, id: TokenId) -> Result<Option<(String, bool)>> {
        let row = sqlx::query!(
            r#"SELECT person, revoked_at IS NOT NULL AS "revoked!" FROM api_tokens WHERE id = $1 FOR UPDATE"#,
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| (row.person, row.revoked)))
    }

    /// From now on it lets nobody in.
    pub async fn revoke_api_token(&mut self, id: TokenId) -> Result<()> {
        let rows = sqlx::query!(
            "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1",
            id.0
        )
        .execute(self.connection())
        .await?;
        found(rows.rows_affected(), || noun(id))
    }

    /// How many of the person's tokens can be used. Other transactions that ask wait until this one ends.
    pub async fn count_api_tokens(&mut self, person: &str) -> Result<u32> {
        sqlx::query!("SELECT sub FROM people WHERE sub = $1 FOR UPDATE", person)
            .fetch_optional(self.connection())
            .await?;
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM api_tokens
               WHERE person = $1 AND revoked_at IS NULL AND expires_at > now()"#,
            person
        )
        .fetch_one(self.connection())
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use audit_log::canonical::sha256;
    use sqlx::PgPool;

    use super::*;
    use crate::samples;

    async fn token(store: &Store, secret: &[u8], days: u32) -> ApiToken {
        let scopes = BTreeSet::from([Scope::Read, Scope::Plan]);
        let new = NewApiToken {
            secret_sha256: sha256(secret),
            person: "sub-1",
            name: "nightly",
            scopes: &scopes,
            lifetime_days: days,
        };
        let mut tx = store.begin().await.unwrap();
        let token = tx.insert_api_token(&new).await.unwrap();
        tx.commit().await.unwrap();
        token
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_token_is_found_by_its_secret_until_it_is_revoked(pool: PgPool) {
        let store = Store::from(pool);
        samples::sign_in(&store, "sub-1", "Robin").await;
        let made = token(&store, b"one", 30).await;
        assert!(made.usable && made.last_used_at.is_none() && made.person_name == "Robin");
        assert_eq!((made.expires_at - made.created_at).num_days(), 30);

        assert_eq!(store.use_api_token(sha256(b"two")).await.unwrap(), None);
        let bearer = store.use_api_token(sha256(b"one")).await.unwrap().unwrap();
        assert_eq!((bearer.sub.as_str(), bearer.roles), ("sub-1", BTreeSet::from([Role::Operator])));
        assert_eq!(bearer.scopes, made.scopes);
        let listed = store.list_api_tokens(Some("sub-1"), 10).await.unwrap();
        assert!(listed[0].last_used_at.is_some());

        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.count_api_tokens("sub-1").await.unwrap(), 1);
        assert_eq!(tx.lock_api_token(made.id).await.unwrap(), Some(("sub-1".to_owned(), false)));
        tx.revoke_api_token(made.id).await.unwrap();
        assert_eq!(tx.count_api_tokens("sub-1").await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(store.use_api_token(sha256(b"one")).await.unwrap(), None);
        assert!(!store.list_api_tokens(None, 10).await.unwrap()[0].usable);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn invariant_15_clock_the_database_s_ends_a_token_and_allows_none_for_longer_than_a_year(
        pool: PgPool,
    ) {
        let store = Store::from(pool.clone());
        samples::sign_in(&store, "sub-1", "Robin").await;
        token(&store, b"one", 365).await;
        sqlx::query("UPDATE api_tokens SET created_at = now() - interval '2 days', expires_at = now() - interval '1 s'")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(store.use_api_token(sha256(b"one")).await.unwrap(), None);
        let forever = sqlx::query("UPDATE api_tokens SET expires_at = now() + interval '400 days'");
        assert!(forever.execute(&pool).await.is_err());
    }
}
