//! Passkeys: the public halves by which people sign votes. A revoked one stays, because votes name it.

use domain::Timestamp;

use crate::{Error, Result, Store, Tx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    pub credential_id: Vec<u8>,
    /// The person's id.
    pub person: String,
    pub cose_key: Vec<u8>,
    pub sign_count: u32,
    pub label: String,
    pub backup_eligible: bool,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct NewPasskey<'a> {
    pub credential_id: &'a [u8],
    pub person: &'a str,
    pub cose_key: &'a [u8],
    pub sign_count: u32,
    pub label: &'a str,
    pub backup_eligible: bool,
    pub at: Timestamp,
}

struct Row {
    credential_id: Vec<u8>,
    person: String,
    cose_key: Vec<u8>,
    sign_count: i64,
    label: String,
    backup_eligible: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl TryFrom<Row> for Passkey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let sign_count = u32::try_from(row.sign_count)
            .map_err(|error| Error::corrupt(format!("a passkey of {}", row.person), "sign_count", error))?;
        Ok(Self {
            credential_id: row.credential_id,
            person: row.person,
            cose_key: row.cose_key,
            sign_count,
            label: row.label,
            backup_eligible: row.backup_eligible,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        })
    }
}

impl Store {
    /// A person's, in the order in which they were registered, revoked ones too.
    pub async fn list_passkeys(&self, person: &str) -> Result<Vec<Passkey>> {
        sqlx::query_as!(
            Row,
            "SELECT credential_id, person, cose_key, sign_count, label, backup_eligible, created_at, last_used_at, revoked_at
             FROM passkeys WHERE person = $1 ORDER BY created_at, credential_id",
            person
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Passkey::try_from)
        .collect()
    }
}

impl Tx {
    /// A conflict: some person has it already.
    pub async fn insert_passkey(&mut self, new: &NewPasskey<'_>) -> Result<()> {
        sqlx::query!(
            "INSERT INTO passkeys (credential_id, person, cose_key, sign_count, label, backup_eligible, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            new.credential_id,
            new.person,
            new.cose_key,
            i64::from(new.sign_count),
            new.label,
            new.backup_eligible,
            new.at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Reads and locks: two assertions of one passkey are judged one after the other.
    pub async fn lock_passkey(&mut self, credential_id: &[u8]) -> Result<Option<Passkey>> {
        let row = sqlx::query_as!(
            Row,
            "SELECT credential_id, person, cose_key, sign_count, label, backup_eligible, created_at, last_used_at, revoked_at
             FROM passkeys WHERE credential_id = $1 FOR UPDATE",
            credential_id
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(Passkey::try_from).transpose()
    }

    /// Notes its new counter.
    pub async fn use_passkey(&mut self, credential_id: &[u8], sign_count: u32, at: Timestamp) -> Result<()> {
        sqlx::query!(
            "UPDATE passkeys SET sign_count = $2, last_used_at = $3 WHERE credential_id = $1",
            credential_id,
            i64::from(sign_count),
            at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// False: the person has no such passkey, or it is revoked already.
    pub async fn revoke_passkey(
        &mut self,
        person: &str,
        credential_id: &[u8],
        at: Timestamp,
    ) -> Result<bool> {
        let rows = sqlx::query!(
            "UPDATE passkeys SET revoked_at = $3 WHERE credential_id = $1 AND person = $2 AND revoked_at IS NULL",
            credential_id,
            person,
            at
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        Ok(rows > 0)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_passkey_is_one_person_s_until_it_is_revoked(pool: PgPool) {
        let store = Store::from(pool);
        for (sub, name) in [("wen", "Wen"), ("ines", "Ines")] {
            samples::sign_in(&store, sub, name).await;
        }
        let new = |person| NewPasskey {
            credential_id: b"id",
            person,
            cose_key: b"key",
            sign_count: u32::MAX,
            label: "Laptop",
            backup_eligible: true,
            at: at(1),
        };
        let mut tx = store.begin().await.unwrap();
        tx.insert_passkey(&new("wen")).await.unwrap();
        tx.commit().await.unwrap();
        let taken = store.begin().await.unwrap().insert_passkey(&new("ines")).await;
        assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");

        let asked = ["wen", "ines", "nobody"].map(str::to_owned);
        let usable = async || {
            let voters = store.voters(&asked).await.unwrap().into_iter();
            voters.map(|(sub, voter)| (sub, voter.name, voter.has_passkey)).collect::<Vec<_>>()
        };
        let known = |sub: &str, name: &str, has_passkey| (sub.to_owned(), name.to_owned(), has_passkey);
        assert_eq!(usable().await, [known("ines", "Ines", false), known("wen", "Wen", true)]);

        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.lock_passkey(b"id").await.unwrap().unwrap().sign_count, u32::MAX);
        assert_eq!(tx.lock_passkey(b"other").await.unwrap(), None);
        tx.use_passkey(b"id", 7, at(2)).await.unwrap();
        assert!(!tx.revoke_passkey("ines", b"id", at(3)).await.unwrap());
        assert!(tx.revoke_passkey("wen", b"id", at(3)).await.unwrap());
        assert!(!tx.revoke_passkey("wen", b"id", at(4)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(usable().await, [known("ines", "Ines", false), known("wen", "Wen", false)]);
        let passkeys = store.list_passkeys("wen").await.unwrap();
        assert_eq!(passkeys.len(), 1);
        assert_eq!((passkeys[0].sign_count, passkeys[0].last_used_at), (7, Some(at(2))));
        assert_eq!(passkeys[0].revoked_at, Some(at(3)));
        assert_eq!(store.list_passkeys("ines").await.unwrap(), []);
    }
}
