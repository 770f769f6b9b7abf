//! Six ways to falsify the log, each as whoever owns the database would do it: triggers off, columns, hashes and the head
//! made to fit as far as they can be.

use audit_log::{Chain, Checkpoint, FirstWrong, Leaf, Why};
use domain::{Actor, audit::AuditAction};
use sqlx::{PgPool, Row as _};

use super::NewEvent;
use crate::{Store, samples::at};

const EVENTS: i64 = 12;

/// A log of twelve events, and what an operator wrote down at the tenth.
async fn witnessed(pool: &PgPool) -> (Store, Checkpoint) {
    let store = Store::from(pool.clone());
    let actor = Actor::system("reconciler", "tick");
    let append = async |from: i64, to: i64| {
        let events: Vec<_> = (from..=to)
            .map(|seq| NewEvent::new(&actor, AuditAction::EnrollAgent, format!("agent-{seq}"), at(seq)))
            .collect();
        let mut tx = store.begin().await.unwrap();
        tx.append_audits(&events).await.unwrap();
        tx.commit().await.unwrap();
    };
    append(1, 10).await;
    let checkpoint = store.verify_audit(None).await.unwrap().checkpoint();
    append(11, EVENTS).await;
    // As one who owns the tables, on every connection.
    for table in ["audit_events", "audit_head"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("ALTER TABLE {table} DISABLE TRIGGER USER")))
            .execute(pool)
            .await
            .unwrap();
    }
    assert_eq!(store.verify_audit(Some(&checkpoint)).await.unwrap().first_wrong, None);
    (store, checkpoint)
}

async fn run(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap();
}

/// Numbers, links, hashes and the head are made to fit what the rows say now: the forger hides every seam that they can.
async fn chain_anew(pool: &PgPool) {
    let rows = sqlx::query("SELECT seq, leaf FROM audit_events ORDER BY seq").fetch_all(pool).await.unwrap();
    let mut chain = Chain::START;
    for row in rows {
        let (old, bytes): (i64, Vec<u8>) = (row.get("seq"), row.get("leaf"));
        let mut leaf = Leaf::from_bytes(&bytes).unwrap();
        (leaf.seq, leaf.prev) = (chain.seq() + 1, chain.hash());
        let bytes = leaf.to_bytes().unwrap();
        let hash = Leaf::hash_bytes(&bytes);
        chain.follow(&bytes, &hash.0).unwrap();
        sqlx::query("UPDATE audit_events SET seq = $2, leaf = $3, hash = $4, object = $5 WHERE seq = $1")
            .bind(old)
            .bind(leaf.seq)
            .bind(&bytes)
            .bind(&hash.0[..])
            .bind(&leaf.object)
            .execute(pool)
            .await
            .unwrap();
    }
    let head = "UPDATE audit_head SET seq = $1, hash = $2";
    sqlx::query(head).bind(chain.seq()).bind(&chain.hash().0[..]).execute(pool).await.unwrap();
}

/// The event's leaf says something else.
async fn forge(pool: &PgPool, seq: i64, object: &str) {
    let bytes: Vec<u8> = sqlx::query_scalar("SELECT leaf FROM audit_events WHERE seq = $1")
        .bind(seq)
        .fetch_one(pool)
        .await
        .unwrap();
    let mut leaf = Leaf::from_bytes(&bytes).unwrap();
    object.clone_into(&mut leaf.object);
    let bytes = leaf.to_bytes().unwrap();
    sqlx::query("UPDATE audit_events SET leaf = $2, hash = $3, object = $4 WHERE seq = $1")
        .bind(seq)
        .bind(&bytes)
        .bind(&Leaf::hash_bytes(&bytes).0[..])
        .bind(object)
        .execute(pool)
        .await
        .unwrap();
}

async fn found(store: &Store, checkpoint: Option<&Checkpoint>) -> FirstWrong {
    store.verify_audit(checkpoint).await.unwrap().first_wrong.expect("the log passed as right")
}

fn wrong(seq: i64, why: Why) -> FirstWrong {
    FirstWrong { seq, why }
}

/// Whoever also makes everything behind it fit leaves no seam: then the checkpoint tells.
async fn found_by_the_checkpoint_alone(pool: &PgPool, store: &Store, checkpoint: &Checkpoint) {
    chain_anew(pool).await;
    assert_eq!(store.verify_audit(None).await.unwrap().first_wrong, None, "a seam was left");
    assert_eq!(found(store, Some(checkpoint)).await, wrong(10, Why::NotAsWitnessed));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_edited_event_is_found(pool: PgPool) {
    let (store, checkpoint) = witnessed(&pool).await;
    run(&pool, "UPDATE audit_events SET detail = 'by nobody' WHERE seq = 4").await;
    let beside = Why::Beside("its column detail does not repeat the event".to_owned());
    assert_eq!(found(&store, None).await, wrong(4, beside));
    run(&pool, "UPDATE audit_events SET detail = '' WHERE seq = 4").await;
    forge(&pool, 4, "agent-x").await;
    assert_eq!(found(&store, None).await, wrong(5, Why::Previous));
    found_by_the_checkpoint_alone(&pool, &store, &checkpoint).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_edited_last_event_is_found(pool: PgPool) {
    let (store, _) = witnessed(&pool).await;
    forge(&pool, EVENTS, "agent-x").await;
    let head = Why::Beside("the log's head has another hash than its last event".to_owned());
    assert_eq!(found(&store, None).await, wrong(EVENTS + 1, head));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_deleted_event_is_found(pool: PgPool) {
    let (store, checkpoint) = witnessed(&pool).await;
    run(&pool, "DELETE FROM audit_events WHERE seq = 4").await;
    assert_eq!(found(&store, None).await, wrong(4, Why::Sequence(5)));
    found_by_the_checkpoint_alone(&pool, &store, &checkpoint).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_inserted_event_is_found(pool: PgPool) {
    let (store, checkpoint) = witnessed(&pool).await;
    run(
        &pool,
        "UPDATE audit_events SET seq = seq + 1000 WHERE seq >= 4;
         UPDATE audit_events SET seq = seq - 999 WHERE seq >= 1000;
         INSERT INTO audit_events
         SELECT 4, leaf, hash, at, environment, actor_kind, actor_id, action, object, detail, change_id, request_id
         FROM audit_events WHERE seq = 5",
    )
    .await;
    forge(&pool, 4, "agent-x").await;
    // It is a right leaf of number 4; the next one does not follow it.
    assert_eq!(found(&store, None).await, wrong(5, Why::Sequence(4)));
    found_by_the_checkpoint_alone(&pool, &store, &checkpoint).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn swapped_events_are_found(pool: PgPool) {
    let (store, checkpoint) = witnessed(&pool).await;
    run(
        &pool,
        "UPDATE audit_events SET seq = 1000 WHERE seq = 4;
         UPDATE audit_events SET seq = 4 WHERE seq = 7;
         UPDATE audit_events SET seq = 7 WHERE seq = 1000",
    )
    .await;
    assert_eq!(found(&store, None).await, wrong(4, Why::Sequence(7)));
    found_by_the_checkpoint_alone(&pool, &store, &checkpoint).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_truncated_log_is_found(pool: PgPool) {
    let (store, checkpoint) = witnessed(&pool).await;
    run(&pool, "DELETE FROM audit_events WHERE seq > 8").await;
    let behind = Why::Beside("the log's head says 12, its last event is 8".to_owned());
    assert_eq!(found(&store, None).await, wrong(9, behind));
    let cut = |seq| wrong(seq, Why::CutOff { witnessed: 10 });
    assert_eq!(found(&store, Some(&checkpoint)).await, cut(9));
    chain_anew(&pool).await;
    assert_eq!(store.verify_audit(None).await.unwrap().first_wrong, None, "a seam was left");
    assert_eq!(found(&store, Some(&checkpoint)).await, cut(9));
    run(&pool, "TRUNCATE audit_events").await;
    chain_anew(&pool).await;
    assert_eq!(found(&store, Some(&checkpoint)).await, cut(1));
    run(&pool, "DELETE FROM audit_head").await;
    assert_eq!(found(&store, None).await, wrong(1, Why::Beside("the log has no head".to_owned())));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_log_restored_from_an_older_copy_is_found(pool: PgPool) {
    let (store, checkpoint) = witnessed(&pool).await;
    run(
        &pool,
        "CREATE TABLE kept AS TABLE audit_events; DELETE FROM audit_events WHERE seq > 7;
         UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit_events WHERE seq = 7)",
    )
    .await;
    assert_eq!(store.verify_audit(None).await.unwrap().first_wrong, None, "an older copy is whole in itself");
    assert_eq!(found(&store, Some(&checkpoint)).await, wrong(8, Why::CutOff { witnessed: 10 }));
    // And life goes on behind it, past what was witnessed.
    let actor = Actor::system("reconciler", "tick");
    for seq in 8..=EVENTS + 2 {
        let mut tx = store.begin().await.unwrap();
        let event = NewEvent::new(&actor, AuditAction::EnrollAgent, format!("other-{seq}"), at(seq));
        tx.append_audit(&event).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(store.verify_audit(None).await.unwrap().first_wrong, None);
    assert_eq!(found(&store, Some(&checkpoint)).await, wrong(10, Why::NotAsWitnessed));
    run(
        &pool,
        "TRUNCATE audit_events; INSERT INTO audit_events SELECT * FROM kept;
         UPDATE audit_head SET seq = 12, hash = (SELECT hash FROM kept WHERE seq = 12)",
    )
    .await;
    assert_eq!(store.verify_audit(Some(&checkpoint)).await.unwrap().first_wrong, None);
}

/// The role that docs/runbooks/application-role.sql makes: it appends and reads, and that is all.
#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_application_s_role_only_appends(pool: PgPool) {
    let store = Store::from(pool.clone());
    let role = format!("app_{}", std::process::id());
    let script = include_str!("../../../../docs/runbooks/application-role.sql")
        .replace("agent_manager_application", &role);
    run(&pool, &script).await;
    // Whoever made the role takes part in it only when told so.
    run(&pool, &format!("GRANT {role} TO CURRENT_USER")).await;
    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SET ROLE {role}"))).execute(&mut *connection).await.unwrap();
    for (sql, allowed) in [
        ("SELECT 1 FROM audit_events", true),
        ("UPDATE audit_head SET seq = seq WHERE false", true),
        (
            "INSERT INTO people (sub, issuer, name, email, roles, groups, first_sign_in, last_sign_in)
          VALUES ('s', 'i', 'n', 'e', '{}', '{}', now(), now())",
            true,
        ),
        ("UPDATE audit_events SET object = 'x'", false),
        ("DELETE FROM audit_events", false),
        ("TRUNCATE audit_events", false),
        ("DELETE FROM audit_head", false),
        ("UPDATE change_revisions SET number = 2", false),
        ("UPDATE policies SET body = body", false),
        ("DELETE FROM rosters", false),
        ("DELETE FROM votes", false),
        ("UPDATE votes SET voided_at = now() WHERE false", true),
        ("SELECT 1 FROM passkeys WHERE false FOR UPDATE", true),
        ("UPDATE passkeys SET sign_count = 1, last_used_at = now(), revoked_at = now() WHERE false", true),
        ("UPDATE passkeys SET cose_key = '' WHERE false", false),
        ("ALTER TABLE audit_events DISABLE TRIGGER USER", false),
        ("DROP TABLE audit_events", false),
    ] {
        let done = sqlx::query(sql).execute(&mut *connection).await;
        let refused =
            done.as_ref().err().and_then(|error| error.as_database_error()?.code().map(|c| c.into_owned()));
        assert_eq!(refused.as_deref(), (!allowed).then_some("42501"), "{sql}: {done:?}");
    }
    let inserted = sqlx::query(
        "INSERT INTO audit_events (seq, leaf, hash, at, actor_kind, actor_id, action, object, detail, request_id)
         VALUES (1, '', decode(repeat('00', 32), 'hex'), now(), 'system', 'x', 'sign_in', 'x', '', 'r')",
    )
    .execute(&mut *connection)
    .await;
    assert!(inserted.is_ok(), "{inserted:?}");
    sqlx::raw_sql("RESET ROLE").execute(&mut *connection).await.unwrap();
    drop(connection);
    assert_eq!(found(&store, None).await.seq, 1);
    run(&pool, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}
