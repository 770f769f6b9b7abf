//! Invariant 2: what runs is what was signed, byte by byte, whatever is written to the database.

use control::{Error, incidents};
use domain::{ChangeState, Role, audit::AuditAction as Did, incident::Cause};
use sqlx::PgPool;

use super::{ENDED, PRODUCTION, sql, start, unguarded, untouched};
use crate::{
    approver::{approved, three},
    fixture::{PROJECT, Worker, assert_chain, basic, change, operator, person, propose},
    watching::count,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_2_bytes_a_flipped_column_never_runs(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    unguarded(&pool).await;
    sql(
        &pool,
        "CREATE TABLE c AS TABLE changes; CREATE TABLE r AS TABLE change_revisions; CREATE TABLE v AS TABLE votes;
         CREATE TABLE k AS TABLE passkeys",
    )
    .await;
    let restore = "DELETE FROM votes; DELETE FROM change_revisions; DELETE FROM passkeys;
        INSERT INTO passkeys TABLE k; INSERT INTO change_revisions TABLE r;
        INSERT INTO votes OVERRIDING SYSTEM VALUE TABLE v;
        UPDATE changes SET (environment, state, proposed_by, finished_at, outcome)
            = (SELECT environment, state, proposed_by, finished_at, outcome FROM c)";
    let mut worker = Worker::start(control).await;
    let mut steps = 0;
    for flip in [
        // The bytes alone, and the bytes with a digest that fits them.
        "UPDATE change_revisions SET desired_canonical = set_byte(desired_canonical, 40, 120)",
        "UPDATE change_revisions SET plan_canonical = plan_canonical || ' '",
        "UPDATE change_revisions SET desired_sha256 = set_byte(desired_sha256, 0, 255 - get_byte(desired_sha256, 0))",
        "UPDATE change_revisions SET plan_sha256 = set_byte(plan_sha256, 3, 255 - get_byte(plan_sha256, 3))",
        r#"UPDATE change_revisions SET desired_canonical = x.b, desired_sha256 = sha256(x.b) FROM (SELECT change_id AS i,
             convert_to(replace(convert_from(desired_canonical, 'UTF8'), '"max_replicas":5', '"max_replicas":9'), 'UTF8') AS b
             FROM change_revisions) x WHERE x.i = change_id"#,
        r#"UPDATE change_revisions SET plan_canonical = x.b, plan_sha256 = sha256(x.b) FROM (SELECT change_id AS i,
             convert_to(replace(convert_from(plan_canonical, 'UTF8'), '"reason":"', '"reason":"!'), 'UTF8') AS b
             FROM change_revisions) x WHERE x.i = change_id"#,
        "UPDATE change_revisions SET base_generation = base_generation + 1",
        "UPDATE change_revisions SET number = 2",
        "UPDATE changes SET environment = 'dev'",
        "UPDATE changes SET proposed_by = 'somebody'",
        // Evidence: each column of a vote and of its key that decides anything. Of the others, its reason is the log's to tell (`log`), its
        // nonce counts as the statement has it, and when it was cast is only shown.
        "UPDATE votes SET person = 'jonah' WHERE person = 'wen'",
        "UPDATE votes SET ballot = 'reject' WHERE person = 'wen'",
        "UPDATE votes SET revision = 2 WHERE person = 'wen'",
        "UPDATE votes SET change_id = change_id + 1 WHERE person = 'wen'",
        "UPDATE votes SET statement = set_byte(statement, 12, 113) WHERE person = 'wen'",
        "UPDATE votes SET statement = (SELECT statement FROM v WHERE person = 'noor') WHERE person = 'wen'",
        "UPDATE votes SET client_data_json = client_data_json || ' ' WHERE person = 'noor'",
        "UPDATE votes SET authenticator_data = set_byte(authenticator_data, 36, 77) WHERE person = 'noor'",
        "UPDATE votes SET signature = set_byte(signature, 20, 255 - get_byte(signature, 20)) WHERE person = 'ines'",
        "UPDATE votes SET credential_id = (SELECT credential_id FROM v WHERE person = 'noor') WHERE person = 'wen'",
        "UPDATE votes SET not_after = not_after + interval '1 year' WHERE person = 'wen'",
        "UPDATE votes SET voided_at = now(), voided_because = 'x' WHERE person = 'ines'",
        "DELETE FROM votes WHERE person = 'ines'",
        "UPDATE passkeys SET person = 'noor' WHERE person = 'wen'",
        "UPDATE passkeys SET revoked_at = now() WHERE person = 'wen'",
        "UPDATE passkeys SET cose_key = (SELECT cose_key FROM k WHERE person = 'noor') WHERE person = 'wen'",
    ] {
        sql(&pool, flip).await;
        worker.round().await.unwrap();
        steps += 1;
        let state: String = sqlx::query_scalar("SELECT state FROM changes").fetch_one(&pool).await.unwrap();
        let outcome: Option<String> =
            sqlx::query_scalar("SELECT outcome FROM changes").fetch_one(&pool).await.unwrap();
        match state.as_str() {
            "failed" => {
                let outcome = outcome.unwrap();
                let coded =
                    ["(bytes_mismatch)", "(evidence_invalid)"].iter().any(|code| outcome.contains(code));
                assert!(coded, "{flip}: {outcome}");
                // Not because it was given up on before.
                assert!(!outcome.contains(ENDED), "{flip}: {outcome}");
            }
            // A vote that is gone or void is missed, and nothing more can be known.
            "awaiting_approvals" => {}
            other => panic!("{flip}: the change is {other}"),
        }
        untouched(&fixture).await;
        sql(&pool, restore).await;
    }
    assert_eq!(steps, 26);
    // However often it was tried, one alarm.
    let open = control.store.list_open_incidents(Some("prod")).await.unwrap();
    assert_eq!(open.iter().map(|one| &one.cause).collect::<Vec<_>>(), [&Cause::Forgery(id)]);
    // Whole again, all of it is believed; but the log says that it was given up on.
    worker.round().await.unwrap();
    let ended = change(control, id).await;
    assert_eq!(ended.state, ChangeState::Failed);
    assert!(ended.outcome.unwrap().contains(ENDED));
    untouched(&fixture).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_2_bytes_are_looked_at_again_before_each_step(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    unguarded(&pool).await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    let before = fixture.operations(PRODUCTION).await;
    // It was claimed as it was signed; now another plan with a digest that fits takes its place.
    sql(
        &pool,
        r#"UPDATE change_revisions SET plan_canonical = x.b, plan_sha256 = sha256(x.b) FROM (SELECT
             convert_to(replace(convert_from(plan_canonical, 'UTF8'), '"reason":"', '"reason":"!'), 'UTF8') AS b
             FROM change_revisions) x"#,
    )
    .await;
    worker.round().await.unwrap();
    let failed = change(control, id).await;
    assert_eq!(failed.state, ChangeState::Failed);
    assert!(failed.outcome.unwrap().contains("(evidence_invalid)"));
    assert_eq!(fixture.operations(PRODUCTION).await, before, "a step ran on exchanged bytes");

    // Somebody must look: the alarm stays until a person who may not propose says what came of it.
    let alarm = control.store.list_open_incidents(Some("prod")).await.unwrap().remove(0);
    assert_eq!(alarm.cause, Cause::Forgery(id));
    assert!(alarm.why.contains("(evidence_invalid)"), "{}", alarm.why);
    worker.round().await.unwrap();
    let refused = incidents::close_incident(control, &operator(), alarm.id, "nothing").await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let wen = person("wen", &[Role::Approver]);
    let silent = incidents::close_incident(control, &wen, alarm.id, " ").await;
    assert!(matches!(silent, Err(Error::Invalid(_))), "{silent:?}");
    incidents::close_incident(control, &wen, alarm.id, "A restore went wrong; the backup is back")
        .await
        .unwrap();
    let again = incidents::close_incident(control, &wen, alarm.id, "twice").await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let closed = control.store.get_incident(alarm.id).await.unwrap().unwrap();
    assert_eq!(closed.closed_because.as_deref(), Some("A restore went wrong; the backup is back"));
    assert_eq!((count(control, Did::OpenIncident).await, count(control, Did::CloseIncident).await), (1, 1));
    assert_chain(control).await;
}

/// Nobody signs a change of development: what anchors its bytes is the log.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_2_bytes_that_nobody_signed_are_those_that_the_log_says_were_claimed(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    unguarded(&pool).await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    let before = fixture.operations(PROJECT).await;
    sql(
        &pool,
        r#"UPDATE change_revisions SET plan_canonical = x.b, plan_sha256 = sha256(x.b),
             plan = convert_from(x.b, 'UTF8')::jsonb FROM (SELECT
             convert_to(replace(convert_from(plan_canonical, 'UTF8'), '"reason":"', '"reason":"!'), 'UTF8') AS b
             FROM change_revisions) x"#,
    )
    .await;
    worker.round().await.unwrap();
    let failed = change(control, id).await;
    assert_eq!(failed.state, ChangeState::Failed);
    assert!(failed.outcome.unwrap().contains("(not_claimed)"));
    assert_eq!(fixture.operations(PROJECT).await, before, "a step ran on exchanged bytes");
}
