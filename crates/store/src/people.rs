//! People as their issuer last described them. The only place of names and addresses.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Role, Timestamp};

use crate::{Error, Result, Store, Tx, column};

/// What a sign-in says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The issuer's subject.
    pub sub: String,
    pub issuer: String,
    pub name: String,
    pub email: String,
    pub roles: BTreeSet<Role>,
    pub groups: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As of the last sign-in.
    pub claims: SignIn,
    pub first_sign_in: Timestamp,
    pub last_sign_in: Timestamp,
}

/// What it takes to vote, as far as a person has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    pub name: String,
    /// As of the last sign-in.
    pub roles: BTreeSet<Role>,
    /// One that was not revoked.
    pub has_passkey: bool,
}

struct Row {
    sub: String,
    issuer: String,
    name: String,
    email: String,
    roles: Vec<String>,
    groups: Vec<String>,
    first_sign_in: Timestamp,
    last_sign_in: Timestamp,
}

impl TryFrom<Row> for Person {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let roles = roles(&row.sub, &row.roles)?;
        Ok(Self {
            claims: SignIn {
                sub: row.sub,
                issuer: row.issuer,
                name: row.name,
                email: row.email,
                roles,
                groups: row.groups,
            },
            first_sign_in: row.first_sign_in,
            last_sign_in: row.last_sign_in,
        })
    }
}

fn roles(sub: &str, spelled: &[String]) -> Result<BTreeSet<Role>> {
    spelled.iter().map(|role| column::text(|| format!("person {sub}"), "roles", role)).collect()
}

impl Store {
    /// Who signed in last comes first.
    pub async fn list_people(&self, limit: u32) -> Result<Vec<Person>> {
        sqlx::query_as!(
            Row,
            "SELECT sub, issuer, name, email, roles, groups, first_sign_in, last_sign_in FROM people
             ORDER BY last_sign_in DESC, sub LIMIT $1",
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Person::try_from)
        .collect()
    }

    /// The names of those of the subjects who ever signed in.
    pub async fn names_of(&self, people: &[String]) -> Result<BTreeMap<String, String>> {
        let rows = sqlx::query!("SELECT sub, name FROM people WHERE sub = ANY($1)", people)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| (row.sub, row.name)).collect())
    }

    /// Those of the subjects who ever signed in, as they could vote.
    pub async fn voters(&self, people: &[String]) -> Result<BTreeMap<String, Voter>> {
        let rows = sqlx::query!(
            r#"SELECT sub, name, roles,
                      EXISTS (SELECT 1 FROM passkeys WHERE person = sub AND revoked_at IS NULL) AS "has_passkey!"
               FROM people WHERE sub = ANY($1)"#,
            people
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let roles = roles(&row.sub, &row.roles)?;
                Ok((row.sub, Voter { name: row.name, roles, has_passkey: row.has_passkey }))
            })
            .collect()
    }
}

impl Tx {
    /// Keeps what the issuer says now. A conflict: the subject is known from another issuer, whose word about it is not taken.
    pub async fn upsert_person(&mut self, sign_in: &SignIn, at: Timestamp) -> Result<()> {
        let roles: Vec<String> = sign_in.roles.iter().map(|role| role.as_str().to_owned()).collect();
        let rows = sqlx::query!(
            "INSERT INTO people (sub, issuer, name, email, roles, groups, first_sign_in, last_sign_in)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             ON CONFLICT (sub) DO UPDATE SET
                 name = excluded.name, email = excluded.email, roles = excluded.roles, groups = excluded.groups,
                 last_sign_in = excluded.last_sign_in
             WHERE people.issuer = excluded.issuer",
            sign_in.sub,
            sign_in.issuer,
            sign_in.name,
            sign_in.email,
            &roles,
            &sign_in.groups,
            at
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        if rows == 0 {
            return Err(Error::Conflict(format!("{} belongs to another issuer", sign_in.sub)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_sign_in_renews_what_is_known(pool: PgPool) {
        let store = Store::from(pool);
        assert_eq!(store.list_people(10).await.unwrap(), []);
        let mut sign_in = samples::sign_in(&store, "sub-1", "Robin").await;
        sign_in.name = "Robin Renamed".into();
        sign_in.roles = BTreeSet::from([Role::Admin, Role::Approver]);
        let mut tx = store.begin().await.unwrap();
        tx.upsert_person(&sign_in, at(50)).await.unwrap();
        tx.commit().await.unwrap();
        let renewed = Person { claims: sign_in, first_sign_in: at(0), last_sign_in: at(50) };
        assert_eq!(store.list_people(10).await.unwrap(), [renewed]);
        samples::sign_in(&store, "sub-2", "Sam").await;
        let names: Vec<String> =
            store.list_people(10).await.unwrap().into_iter().map(|person| person.claims.name).collect();
        assert_eq!(names, ["Robin Renamed", "Sam"]);
        let asked = ["sub-2", "sub-3"].map(str::to_owned);
        let sam = BTreeMap::from([("sub-2".to_owned(), "Sam".to_owned())]);
        assert_eq!(store.names_of(&asked).await.unwrap(), sam);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn another_issuer_cannot_become_a_known_person(pool: PgPool) {
        let store = Store::from(pool);
        let mut sign_in = samples::sign_in(&store, "sub-1", "Robin").await;
        sign_in.issuer = "https://elsewhere.example".into();
        let mut tx = store.begin().await.unwrap();
        let taken = tx.upsert_person(&sign_in, at(50)).await;
        assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
    }
}
