//! The rules that an approval rests on, by their numbers in the design. Each is tried from the outside and against whoever can write to the database.

use std::time::Duration;

use control::{
    Clock, Control, Error, Signing, changes, import, passkeys, planning,
    reconcile::{self, Checkpoints, Stopped},
    revising, rosters, votes,
};
use domain::{
    ChangeId, ChangeState, Role,
    approvals::{Ballot, Policy},
    audit::AuditAction as Did,
    view::import::{ImportInput, Reading},
};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    approver::{Approver, approved, groups, three},
    fixture::{
        Fixture, Worker, actions, assert_chain, basic, change, operator, person, production, propose,
        restarted, without_agents,
    },
};

const PRODUCTION: &str = "genesis-project-prod";

async fn start(pool: &PgPool) -> Fixture {
    Fixture::with(pool.clone(), without_agents(), Clock::System).await
}

async fn planned(control: &Control, input: ImportInput) -> planning::Planned {
    let preview = import::preview_import(control, &operator(), input).await.unwrap();
    let Reading::Complete { desired } = preview.reading else { panic!("a complete import") };
    planning::plan_fleet(control, *desired).await.unwrap()
}

/// Production with two VMs more.
fn larger() -> ImportInput {
    let mut input = production();
    input.files[0].text = input.files[0].text.replace("max_replicas  = 5", "max_replicas  = 7");
    input
}

async fn untouched(fixture: &Fixture) {
    assert_eq!(fixture.operations(PRODUCTION).await, [], "Compute Engine was called");
    assert_eq!(fixture.control.store.list_environments().await.unwrap(), []);
}

async fn sql(pool: &PgPool, statement: &'static str) {
    sqlx::raw_sql(statement).execute(pool).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Whoever owns the tables can take their guards away.
async fn unguarded(pool: &PgPool) {
    sql(
        pool,
        "ALTER TABLE change_revisions DISABLE TRIGGER USER; ALTER TABLE votes DISABLE TRIGGER USER;
         ALTER TABLE change_revisions DROP CONSTRAINT change_revisions_check, DROP CONSTRAINT change_revisions_check1,
             DROP CONSTRAINT change_revisions_check2, DROP CONSTRAINT change_revisions_check3;
         ALTER TABLE votes DROP CONSTRAINT votes_change_id_revision_fkey",
    )
    .await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_of_distinct_people_and_none_of_its_authors(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let mut jonah = Approver::with(control, person("jonah", &[Role::Operator, Role::Approver])).await;
    let id = propose(control, &jonah.actor, production()).await.unwrap();
    assert!(jonah.approve(control, id).await.is_err(), "its author voted");
    wen.approve(control, id).await.unwrap();
    // A second key of the same person is not a second person.
    let party = &control.signing.party;
    wen.key = approval::authenticator::Authenticator::new(party, approval::Algorithm::Es256, 99).unwrap();
    wen.register(control).await.unwrap();
    assert!(matches!(wen.approve(control, id).await, Err(Error::Conflict(_))));
    ines.approve(control, id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);

    // A state that says "approved" is not evidence.
    sql(&pool, "UPDATE changes SET state = 'approved'").await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    untouched(&fixture).await;
    noor.approve(control, id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    assert_chain(control).await;
}

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
    let restore = "SET session_replication_role = replica;
        DELETE FROM votes; DELETE FROM change_revisions; DELETE FROM passkeys;
        INSERT INTO passkeys TABLE k; INSERT INTO change_revisions TABLE r;
        INSERT INTO votes OVERRIDING SYSTEM VALUE TABLE v;
        UPDATE changes SET (environment, state, proposed_by, finished_at, outcome)
            = (SELECT environment, state, proposed_by, finished_at, outcome FROM c);
        SET session_replication_role = origin";
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
        // Evidence: each column of a vote, and its key.
        "UPDATE votes SET person = 'jonah' WHERE person = 'wen'",
        "UPDATE votes SET ballot = 'reject' WHERE person = 'wen'",
        "UPDATE votes SET revision = 2 WHERE person = 'wen'",
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
            }
            // A vote that is gone is missed, and nothing more can be known.
            "awaiting_approvals" => {}
            other => panic!("{flip}: the change is {other}"),
        }
        untouched(&fixture).await;
        sql(&pool, restore).await;
    }
    assert_eq!(steps, 24);
    // Whole again, it runs: what refused it were the flips.
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
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
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_an_edit_voids_votes_and_old_bytes_are_refused_with_their_revision(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    let [wen, noor, _] = &mut people;
    let edited = planned(control, larger()).await;
    let editor = person("noor", &[Role::Operator, Role::Approver]);
    let viewer = person("vera", &[Role::Viewer]);
    let refused = revising::revise_change(control, &viewer, id, 1, edited.clone(), "t").await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden(_)), "{refused}");
    assert_eq!(revising::revise_change(control, &editor, id, 1, edited.clone(), "Larger").await.unwrap(), 2);
    let now = change(control, id).await;
    assert_eq!((now.state, now.title.as_str()), (ChangeState::AwaitingApprovals, "Larger"));
    assert_eq!(now.authors, ["noor", "olga"]);
    let again = revising::revise_change(control, &editor, id, 1, edited.clone(), "t").await.unwrap_err();
    assert!(matches!(again, Error::Precondition(_)), "{again}");
    let same = revising::revise_change(control, &editor, id, 2, edited, "t").await.unwrap_err();
    assert!(matches!(&same, Error::Conflict(why) if why.contains("nothing would change")), "{same}");

    let view = changes::load_change(control, &wen.actor, id).await.unwrap().approvals;
    assert_eq!(view.tally(), "sre 0 of 2, security 0 of 1");
    assert!(view.votes.iter().all(|vote| vote.void.as_deref().is_some_and(|why| why.contains("edited"))));
    let old = votes::begin_vote(control, &wen.actor, id, 1, Ballot::Approve).await.unwrap_err();
    assert!(
        matches!(&old, Error::Precondition(why) if why.contains("revision 1") && why.contains("revision 2")),
        "{old}"
    );
    // Who edited is an author by now.
    let author = noor.approve(control, id).await.unwrap_err();
    assert!(matches!(&author, Error::Conflict(why) if why.contains("proposed or edited")), "{author}");
    wen.approve(control, id).await.unwrap();
    untouched(&fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_a_policy_a_roster_or_a_revoked_key_void_votes(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let mut worker = Worker::start(control).await;
    let voided = async |id| {
        let votes = control.store.list_votes(id).await.unwrap();
        votes.into_iter().filter_map(|vote| vote.voided_because).collect::<Vec<_>>()
    };

    let id = approved(control, &mut people).await;
    rosters::declare_roster(control, &groups(&["wen", "noor"], &["ines"])).await.unwrap();
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert!(voided(id).await.iter().all(|why| why.contains("roster moved from r1 to r2")));
    changes::cancel_change(control, &operator(), id).await.unwrap();

    let id = approved(control, &mut people).await;
    let mut policy: Policy = control.store.policy_in_force().await.unwrap();
    policy.revision += 1;
    let mut tx = control.store.begin().await.unwrap();
    tx.insert_policy(&policy).await.unwrap();
    tx.commit().await.unwrap();
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert!(voided(id).await.iter().all(|why| why.contains("policy moved from default r1 to default r2")));
    changes::cancel_change(control, &operator(), id).await.unwrap();

    let id = approved(control, &mut people).await;
    let key = passkeys::list_passkeys(control, &people[0].actor).await.unwrap().passkeys.remove(0);
    passkeys::revoke_passkey(control, &people[0].actor, &key.id).await.unwrap();
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert_eq!(voided(id).await, ["the passkey that signed it was revoked"]);
    assert!(people[0].approve(control, id).await.is_err(), "a revoked passkey signed");
    untouched(&fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_a_drift_of_the_target_voids_votes_and_says_what_moved(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, id).await.unwrap();
    let mut worker = Worker::start(control).await;
    // Planned again, nothing moved: the vote stays.
    reconcile::approvals::reconcile(control, &worker.leader).await.unwrap();
    let kept = change(control, id).await;
    assert_eq!(kept.revision.number, 1);
    assert_eq!(control.store.list_votes(id).await.unwrap()[0].voided_at, None);

    // Somebody makes by hand what the plan would have made, in another shape.
    let name = kept.revision.plan.actions[0].step.name().to_owned();
    let other = json!({"name": name, "type": "HTTP", "httpHealthCheck": {"port": 1, "requestPath": "/x"}});
    fixture.post(PRODUCTION, "global/healthChecks", &other).await;
    let status = reconcile::approvals::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(status.voided, 1);
    let vote = control.store.list_votes(id).await.unwrap().remove(0);
    let because = vote.voided_because.unwrap();
    assert!(because.contains("the fleet moved since it was planned") && because.contains(&name), "{because}");
    let replanned = change(control, id).await;
    assert_eq!((replanned.revision.number, replanned.state), (2, ChangeState::AwaitingApprovals));
    assert_eq!(replanned.authors, ["olga"], "planning again makes nobody an author");
    assert_eq!(replanned.revision.payload_sha256, kept.revision.payload_sha256);
    for person in &mut people {
        person.approve(control, id).await.unwrap();
    }
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_4_replay_a_signature_counts_for_one_change_revision_environment_and_action(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, ..] = three(control).await;
    let first = propose(control, &operator(), production()).await.unwrap();
    let second = propose(control, &operator(), larger()).await.unwrap();
    let elsewhere = basic(&[
        (r#"environment = "dev""#, r#"environment = "staging""#),
        ("genesis-project-dev", "genesis-project-staging"),
    ]);
    let third = propose(control, &operator(), elsewhere).await.unwrap();

    // Another change and another environment: the challenge of one is no answer to the other.
    for other in [second, third] {
        let options = wen.begin(control, first, Ballot::Approve).await.unwrap();
        let answer = wen.sign(&options);
        let refused = wen.finish(control, other, &answer).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Invalid(fields) if fields[0].message.contains(&first.to_string())),
            "{refused}"
        );
    }
    // Another action: signed for an approval, sent as the answer to a rejection.
    let approve = wen.begin(control, first, Ballot::Approve).await.unwrap();
    let reject = wen.begin(control, first, Ballot::Reject).await.unwrap();
    let mut answer = wen.sign(&approve);
    answer.challenge.clone_from(&reject.challenge);
    assert!(matches!(wen.finish(control, first, &answer).await, Err(Error::Invalid(_))));
    // The same one twice, and after an edit.
    let options = wen.begin(control, first, Ballot::Approve).await.unwrap();
    let answer = wen.sign(&options);
    let edited = planned(control, larger()).await;
    let stale = wen.begin(control, first, Ballot::Approve).await.unwrap();
    wen.finish(control, first, &answer).await.unwrap();
    assert!(matches!(wen.finish(control, first, &answer).await, Err(Error::Precondition(_))));
    revising::revise_change(control, &operator(), first, 1, edited, "Larger").await.unwrap();
    let stale = wen.sign(&stale);
    let refused = wen.finish(control, first, &stale).await.unwrap_err();
    assert!(matches!(&refused, Error::Precondition(why) if why.contains("revision 1")), "{refused}");
    assert_eq!(control.store.list_votes(second).await.unwrap(), []);
    assert_eq!(control.store.list_votes(third).await.unwrap(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_5_at_most_once_an_approved_change_is_claimed_and_each_call_made(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    // One leader dies at its first checkpoints, another takes over in a process of its own.
    let mut doomed = Worker::dying(control, Checkpoints::die_at(6)).await;
    let died = doomed.until(id, |change| change.state.is_terminal()).await;
    assert!(matches!(died, Err(Stopped::Killed)), "{died:?}");
    doomed.leader.release(control).await;
    drop(doomed);
    let control = &restarted(control);
    let mut worker = Worker::start(control).await;
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let claims = actions(control, id).await.into_iter().filter(|action| *action == Did::ClaimChange).count();
    assert_eq!(claims, 1);
    assert_eq!(fixture.operations(PRODUCTION).await.len(), applied.revision.plan.actions.len());
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_6_terminal_rejected_expired_and_cancelled_never_run(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let rejected = propose(control, &operator(), production()).await.unwrap();
    people[0].vote(control, rejected, Ballot::Reject).await.unwrap();
    let cancelled = approved(control, &mut people).await;
    changes::cancel_change(control, &operator(), cancelled).await.unwrap();
    let expired = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, expired).await.unwrap();
    sqlx::query("UPDATE changes SET expires_at = now() WHERE id = $1")
        .bind(expired.0)
        .execute(&pool)
        .await
        .unwrap();
    let late = people[1].approve(control, expired).await.unwrap_err();
    assert!(matches!(&late, Error::Conflict(why) if why.contains("is over")), "{late}");
    let mut worker = Worker::start(control).await;
    assert_eq!(reconcile::approvals::reconcile(control, &worker.leader).await.unwrap().expired, 1);
    for _ in 0..3 {
        worker.round().await.unwrap();
    }
    for (id, state) in [
        (rejected, ChangeState::Rejected),
        (cancelled, ChangeState::Cancelled),
        (expired, ChangeState::Expired),
    ] {
        assert_eq!(change(control, id).await.state, state);
        assert!(changes::cancel_change(control, &operator(), id).await.is_err());
        for person in &mut people {
            assert!(person.approve(control, id).await.is_err(), "{id} took a vote");
        }
        let edited = planned(control, larger()).await;
        assert!(revising::revise_change(control, &operator(), id, 1, edited, "t").await.is_err());
    }
    untouched(&fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_9_one_event_for_each_state_change_and_none_for_a_refusal(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let id: ChangeId = propose(control, &operator(), production()).await.unwrap();
    let count = async || control.store.list_audit(&Default::default(), 200).await.unwrap().len();
    let before = count().await;
    let options = wen.begin(control, id, Ballot::Approve).await.unwrap();
    let mut forged = wen.sign(&options);
    forged.signature[3] ^= 1;
    wen.finish(control, id, &forged).await.unwrap_err();
    assert_eq!(count().await, before, "a refused vote left an event");
    assert_eq!(passkeys::list_passkeys(control, &wen.actor).await.unwrap().passkeys[0].last_used_at, None);
    // Without the log, nothing happens: the vote that cannot be written down is not cast.
    sql(&pool, "ALTER TABLE audit_events ADD CONSTRAINT closed CHECK (action <> 'vote_to_approve')").await;
    assert!(wen.approve(control, id).await.is_err());
    assert_eq!(control.store.list_votes(id).await.unwrap(), []);
    sql(&pool, "ALTER TABLE audit_events DROP CONSTRAINT closed").await;
    for (person, events) in [(&mut wen, 1), (&mut noor, 1), (&mut ines, 2)] {
        let before = count().await;
        person.approve(control, id).await.unwrap();
        assert_eq!(count().await, before + events);
    }
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_15_clock_only_the_database_s_time_ends_a_vote(pool: PgPool) {
    let year = chrono::TimeDelta::days(365);
    let now = Clock::System.now();
    for (clock, lifetime) in
        [(now - year, Duration::from_secs(3600)), (now + year, Duration::from_secs(3600))]
    {
        let mut fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(clock)).await;
        fixture.control.signing =
            Signing { vote_lifetime: lifetime, ..(*fixture.control.signing).clone() }.into();
        let control = &fixture.control;
        let mut people = three_again(control).await;
        let id = approved(control, &mut people).await;
        changes::cancel_change(control, &operator(), id).await.unwrap();
    }
    // Two seconds of the database's, and our own clock stands a year behind.
    let mut fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(now - year)).await;
    let brief = Duration::from_secs(2);
    fixture.control.signing = Signing { vote_lifetime: brief, ..(*fixture.control.signing).clone() }.into();
    let control = &fixture.control;
    let mut people = three_again(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, id).await.unwrap();
    tokio::time::sleep(brief).await;
    let view = changes::load_change(control, &people[1].actor, id).await.unwrap().approvals;
    assert_eq!(view.tally(), "sre 0 of 2, security 0 of 1");
    assert_eq!(view.votes[0].void.as_deref(), Some("its time is over"));
    sql(&pool, "UPDATE changes SET state = 'approved' WHERE state = 'awaiting_approvals'").await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert_eq!(
        control.store.list_votes(id).await.unwrap()[0].voided_because.as_deref(),
        Some("its time is over")
    );
    untouched(&fixture).await;
}

/// The same people in the same database: their passkeys may be there already.
async fn three_again(control: &Control) -> [Approver; 3] {
    crate::approver::roster(control).await;
    let mut people = Vec::new();
    for name in ["wen", "noor", "ines"] {
        people.push(Approver::known(control, name).await);
    }
    people.try_into().unwrap_or_else(|_| panic!("three"))
}
