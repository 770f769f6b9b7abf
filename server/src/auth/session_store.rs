//! Sessions in Postgres. Only a hash of a session's id is stored, so that a copy of the table signs nobody in.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use store::{Hash, NewSession, Store};
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{PERSON, Person};

#[derive(Clone, Debug)]
pub struct HashedSessions {
    store: Store,
    lifetime: Duration,
}

impl HashedSessions {
    /// `lifetime`: from when a session was made, by the database's clock alone. What a record says of its end is by this process's.
    pub const fn new(store: Store, lifetime: Duration) -> Self {
        Self { store, lifetime }
    }

    fn encode(&self, record: &Record) -> Result<NewSession> {
        Ok(NewSession {
            data: serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
            person: owner(record),
            lifetime: self.lifetime,
        })
    }
}

/// The store hashes it before it is written.
fn key(id: &Id) -> [u8; 16] {
    id.0.to_be_bytes()
}

/// Under which the store keeps it.
pub(super) fn digest(id: &Id) -> Hash {
    Hash(Sha256::digest(key(id)).into())
}

/// What the session of somebody who has just signed in holds.
pub(super) fn data_of(person: &Person) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&HashMap::from([(PERSON, person)]))
}

fn backend(error: store::Error) -> Error {
    Error::Backend(error.to_string())
}

/// Whom the session belongs to once somebody signed in, for their list of sessions.
fn owner(record: &Record) -> Option<String> {
    Some(record.data.get(PERSON)?.get("sub")?.as_str()?.to_owned())
}

#[async_trait]
impl SessionStore for HashedSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.store.create_session(&key(&record.id), &self.encode(record)?).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.store.save_session(&key(&record.id), &self.encode(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        // A sign-in makes a row of its own, so that how old the row is says since when somebody is signed in.
        let found = self.store.load_session(&key(id), self.lifetime).await.map_err(backend)?;
        let Some(session) = found else { return Ok(None) };
        let data = serde_json::from_slice(&session.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(session.expires_at.timestamp())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store.delete_session(&key(id)).await.map_err(backend)
    }
}
