use chrono::Duration;
use domain::change::Change;
use sqlx::PgPool;

use super::*;
use crate::{
    NewPasskey,
    samples::{self, at, propose},
};

async fn waiting(store: &Store) -> Change {
    for (sub, name) in [("wen", "Wen"), ("ines", "Ines")] {
        samples::sign_in(store, sub, name).await;
        let mut tx = store.begin().await.unwrap();
        tx.insert_passkey(&NewPasskey {
            credential_id: sub.as_bytes(),
            person: sub,
            cose_key: b"key",
            sign_count: 0,
            label: "Laptop",
            backup_eligible: false,
            at: at(1),
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    propose(store, "prod", ChangeState::AwaitingApprovals).await
}

fn vote<'a>(change: &'a Change, person: &'a str, nonce: &'a [u8], not_after: Timestamp) -> NewVote<'a> {
    NewVote {
        change: change.id,
        environment: &change.environment,
        revision: change.revision.number,
        person,
        ballot: Ballot::Approve,
        reason: "",
        nonce,
        statement: b"statement",
        client_data_json: b"{}",
        authenticator_data: b"data",
        signature: b"signature",
        credential_id: person.as_bytes(),
        not_after,
        at: at(2),
    }
}

async fn cast(store: &Store, new: &NewVote<'_>) -> Result<()> {
    let mut tx = store.begin().await?;
    tx.insert_vote(new).await?;
    tx.commit().await
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_person_votes_once_on_a_revision_unless_the_vote_is_void(pool: PgPool) {
    let store = Store::from(pool.clone());
    let change = waiting(&store).await;
    let later = store.database_time().await.unwrap() + Duration::hours(1);
    cast(&store, &vote(&change, "wen", b"1", later)).await.unwrap();
    for again in [vote(&change, "wen", b"2", later), vote(&change, "ines", b"1", later)] {
        let refused = cast(&store, &again).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let votes = store.list_votes(change.id).await.unwrap();
    assert_eq!(votes.len(), 1);
    assert_eq!((votes[0].person_name.as_str(), votes[0].cose_key.as_slice()), ("Wen", &b"key"[..]));
    assert!(votes[0].is_live(1, at(0)) && !votes[0].is_live(2, at(0)) && !votes[0].is_live(1, later));
    let open = store.list_waiting_changes().await.unwrap();
    assert_eq!((open[0].id, &open[0].authors[..]), (change.id, &["sub-sre".to_owned()][..]));
    assert_eq!(open[0].environment.as_ref(), Some(&change.revision.desired.environment));
    assert!(!open[0].approved);
    let given = Cast {
        person: "wen".to_owned(),
        person_name: "Wen".to_owned(),
        ballot: Ballot::Approve,
        statement: b"statement".to_vec(),
        in_time: true,
        key_revoked: false,
    };
    assert_eq!(open[0].votes, [given]);
    assert_eq!(store.list_polls(&[change.id, ChangeId(99)]).await.unwrap(), open);
    assert_eq!(store.list_polls(&[]).await.unwrap(), []);

    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.void_votes(&[votes[0].id], "it was edited", at(3)).await.unwrap(), 1);
    assert_eq!(tx.void_votes(&[votes[0].id], "again", at(4)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(store.list_waiting_changes().await.unwrap()[0].votes, []);
    cast(&store, &vote(&change, "wen", b"2", later)).await.unwrap();
    let votes = store.list_votes(change.id).await.unwrap();
    assert_eq!(votes[0].voided_because.as_deref(), Some("it was edited"));
    assert!(!votes[0].is_live(1, at(0)) && votes[1].is_live(1, at(0)));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn evidence_is_never_rewritten(pool: PgPool) {
    let store = Store::from(pool.clone());
    let change = waiting(&store).await;
    let later = store.database_time().await.unwrap() + Duration::hours(1);
    cast(&store, &vote(&change, "wen", b"1", later)).await.unwrap();
    for rewrite in [
        "UPDATE votes SET signature = ''",
        "UPDATE votes SET not_after = not_after + interval '1 day'",
        "UPDATE votes SET voided_at = now(), voided_because = 'x', person = 'ines'",
        "DELETE FROM votes",
        "TRUNCATE votes",
    ] {
        let refused = sqlx::query(rewrite).execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("votes keeps its history"), "{rewrite}: {refused}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_database_says_what_is_overdue(pool: PgPool) {
    let store = Store::from(pool.clone());
    let change = waiting(&store).await;
    assert_eq!(store.list_overdue_changes().await.unwrap(), []);
    let now = store.database_time().await.unwrap();
    cast(&store, &vote(&change, "wen", b"1", now)).await.unwrap();
    assert_eq!(store.list_overdue_changes().await.unwrap(), [change.id]);
    assert!(!store.list_waiting_changes().await.unwrap()[0].votes[0].in_time);
    sqlx::query("UPDATE changes SET expires_at = now() - interval '1 second'").execute(&pool).await.unwrap();
    assert_eq!(store.list_waiting_changes().await.unwrap(), []);
    let ended = store.list_polls(&[change.id]).await.unwrap();
    assert_eq!(ended[0].votes.len(), 1, "who asks for it by its id is told of it all the same");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_waits_says_what_has_overtaken_it(pool: PgPool) {
    let store = Store::from(pool);
    let change = waiting(&store).await;
    let overtaken = async || store.list_waiting_changes().await.unwrap()[0].overtaken_by;
    assert_eq!(overtaken().await, None, "nothing is declared yet");
    let other = samples::environment(&store, "prod").await;
    samples::environment(&store, "dev").await;
    assert_eq!(overtaken().await, Some(other));
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.overtaken_by("prod", 0).await.unwrap(), Some(other));
    assert_eq!(tx.overtaken_by("prod", 1).await.unwrap(), None, "that one is in force");
    assert_eq!(tx.overtaken_by("lab", 0).await.unwrap(), None);
    tx.set_change_state(change.id, change.state, ChangeState::Rejected, Some("no"), at(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.list_polls(&[change.id]).await.unwrap()[0].overtaken_by, None, "it waits no more");
}
