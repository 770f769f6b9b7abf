//! Invariants 1, 2, 3 and 6 against columns that nobody signs: what the log tells is believed, not what stands beside it.

use approval::{Algorithm, authenticator::Authenticator};
use control::{changes, passkeys, revising};
use domain::{ChangeId, ChangeState, Role};
use sqlx::PgPool;

use super::{ENDED, larger, planned, sql, start, untouched};
use crate::{
    approver::{Approver, approved, three},
    fixture::{Fixture, Worker, assert_chain, change, operator, person, production, propose},
};

/// It is refused with that reason, and Compute Engine is never asked.
async fn assert_refused(fixture: &Fixture, id: ChangeId, why: &str) {
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    let refused = change(control, id).await;
    let outcome = refused.outcome.unwrap_or_default();
    assert_eq!(refused.state, ChangeState::Failed, "{outcome}");
    assert!(outcome.contains(why) && outcome.contains("(evidence_invalid)"), "{outcome}");
    untouched(fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_6_terminal_a_cancelled_change_whose_state_is_put_back_never_runs(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    changes::cancel_change(control, &operator(), id).await.unwrap();
    sql(&pool, "UPDATE changes SET state = 'approved', finished_at = NULL, outcome = NULL").await;
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    assert_refused(&fixture, id, ENDED).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_an_author_who_is_struck_off_the_list_does_not_count(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    let editor = person("wen", &[Role::Operator]);
    let edited = planned(control, larger()).await;
    revising::revise_change(control, &editor, id, 1, edited, "Larger").await.unwrap();
    sql(
        &pool,
        "ALTER TABLE change_revisions DISABLE TRIGGER USER; UPDATE change_revisions SET created_by = NULL",
    )
    .await;
    for approver in &mut people {
        approver.approve(control, id).await.unwrap();
    }
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    assert_refused(&fixture, id, "an author of it who is not among its authors").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_a_policy_that_was_rewritten_asks_nobody_in_vain(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    three(control).await;
    sql(
        &pool,
        r#"ALTER TABLE policies DISABLE TRIGGER USER;
           UPDATE policies SET body = jsonb_set(body, '{rules}', '[{"applies": "everywhere", "require": []}]')"#,
    )
    .await;
    let id = propose(control, &operator(), production()).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Approved, "it asked nobody");
    assert_refused(&fixture, id, "policy default r1 is not as the audit log tells of it").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_a_roster_that_was_rewritten_makes_nobody_an_approver(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [wen, noor, _] = three(control).await;
    sql(
        &pool,
        r#"ALTER TABLE rosters DISABLE TRIGGER USER;
           UPDATE rosters SET body = jsonb_set(body, '{groups,security}', '["mallory"]')"#,
    )
    .await;
    let mut people = [wen, noor, Approver::new(control, "mallory").await];
    let id = approved(control, &mut people).await;
    assert_refused(&fixture, id, "roster r1 is not as the audit log tells of it").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_a_key_that_was_written_beside_the_log_signs_for_nobody(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    // Another approver's own key, made one of wen's.
    let mut jonah = Approver::new(control, "jonah").await;
    sql(&pool, "UPDATE passkeys SET person = 'wen' WHERE person = 'jonah'").await;
    std::mem::swap(&mut people[0].key, &mut jonah.key);
    let id = approved(control, &mut people).await;
    assert_refused(&fixture, id, "the audit log does not know a key that signed it as its voter's").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_a_key_that_took_the_place_of_a_registered_one_signs_for_nobody(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    // Under the name of wen's own.
    let mut stranger = Authenticator::new(&control.signing.party, Algorithm::EdDsa, 99).unwrap();
    stranger.credential_id.clone_from(&people[0].key.credential_id);
    sqlx::query("UPDATE passkeys SET cose_key = $1 WHERE person = 'wen'")
        .bind(stranger.cose_key())
        .execute(&pool)
        .await
        .unwrap();
    people[0].key = stranger;
    let id = approved(control, &mut people).await;
    assert_refused(&fixture, id, "the audit log does not know a key that signed it as its voter's").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_a_revoked_passkey_that_is_put_back_counts_for_nobody(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    let wen = &people[0].actor;
    let key = passkeys::list_passkeys(control, wen).await.unwrap().passkeys.remove(0);
    passkeys::revoke_passkey(control, wen, &key.id).await.unwrap();
    sql(
        &pool,
        "ALTER TABLE votes DISABLE TRIGGER USER; UPDATE votes SET voided_at = NULL, voided_because = NULL;
         UPDATE passkeys SET revoked_at = NULL; UPDATE changes SET state = 'approved'",
    )
    .await;
    assert_refused(&fixture, id, "the audit log knows that a key that signed it was revoked").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_2_bytes_a_reason_that_was_put_into_a_voter_s_mouth_refuses_the_change(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    sql(
        &pool,
        "ALTER TABLE votes DISABLE TRIGGER USER; UPDATE votes SET reason = 'Ship it' WHERE person = 'wen'",
    )
    .await;
    assert_refused(&fixture, id, "the audit log does not know a vote on it, or its reason, as it stands")
        .await;
    let log = control.store.export_audit(&Default::default(), 100).await.unwrap();
    assert!(log.iter().all(|(_, event)| !event.leaf.contains("I read it")), "a reason stands in the log");
}
