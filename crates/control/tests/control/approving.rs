//! Voting as people do it: who may, what they are told, and what a passkey is for.

use approval::{Algorithm, authenticator::Authenticator};
use control::{
    Error, changes,
    edits::{self, Seen},
    fleet, me, passkeys, reconcile, rosters, votes,
};
use domain::{
    ChangeState, Permission, Role,
    approvals::Ballot,
    audit::AuditAction as Did,
    edit::Edit,
    plan::instances::{InstanceAction, InstanceVerb},
    view::{approval::Standing, change::Whose},
};
use sqlx::PgPool;

use crate::{
    approver::{Approver, approved, groups, roster, sign_in, three},
    fixture::{
        Fixture, PROJECT, Worker, actions, assert_chain, basic, change, operator, person, production,
        propose, viewer,
    },
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn three_people_clear_a_change_of_production_and_it_runs(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    let view = async |who: &Approver| changes::load_change(control, &who.actor, id).await.unwrap().approvals;

    assert_eq!(me::load_me(control, &wen.actor).await.unwrap().waiting_for_me, 1);
    assert_eq!(view(&wen).await.block, None);
    wen.approve(control, id).await.unwrap();
    let seen = view(&wen).await;
    assert_eq!(seen.tally(), "sre 1 of 2, security 0 of 1");
    assert_eq!((seen.votes[0].person_name.as_str(), seen.votes[0].reason.as_str()), ("wen", "I read it"));
    assert_eq!(seen.votes[0].group.as_deref(), Some("sre"));
    assert!(seen.block.unwrap().reason.contains("you have voted"));
    assert_eq!(me::load_me(control, &wen.actor).await.unwrap().waiting_for_me, 0);
    let load = async |who: &Approver, words: &str, whose: Whose| {
        changes::load_changes(control, &who.actor, None, words, None, whose).await.unwrap()
    };
    let waiting = load(&noor, "", Whose::WaitingForMe).await;
    assert_eq!(waiting.list.changes.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);
    let counts = async |who: &Approver| load(who, "state:failed", Whose::Everybody).await.counts;
    let (voted, asked) = (counts(&wen).await, counts(&noor).await);
    assert_eq!((voted.every, voted.recent, voted.waiting, voted.waiting_for_me), (1, 1, 1, 0));
    assert_eq!((asked, waiting.counts), (domain::change::ChangeCounts { waiting_for_me: 1, ..voted }, asked));

    let awaited = fleet::load_fleet(control, &noor.actor, None).await.unwrap().waiting;
    assert_eq!(awaited.iter().map(|one| one.change.id).collect::<Vec<_>>(), [id]);
    let seats = awaited[0].seats.iter().map(|seats| (seats.group.as_str(), seats.taken, seats.needed));
    assert_eq!(seats.collect::<Vec<_>>(), [("sre", 1, 2), ("security", 0, 1)]);
    assert!(awaited[0].change.expires_at.is_some());
    assert_eq!(fleet::load_fleet(control, &wen.actor, None).await.unwrap().waiting, []);

    noor.approve(control, id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    ines.approve(control, id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    assert_eq!(
        actions(control, id).await,
        [Did::ProposeChange, Did::VoteToApprove, Did::VoteToApprove, Did::VoteToApprove, Did::ApproveChange]
    );
    let mut worker = Worker::start(control).await;
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    assert_eq!(view(&ines).await.tally(), "sre 2 of 2, security 1 of 1");
    assert_chain(control).await;
}

/// Planned again by the declaration alone, such a change would look as if there were nothing left to do.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_done_to_an_instance_of_production_keeps_its_votes_and_runs(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);

    for verb in [InstanceVerb::Restart, InstanceVerb::Recreate, InstanceVerb::Delete] {
        let pool = "backend-pool".to_owned();
        let name = control.store.list_instances("prod", Some(&pool)).await.unwrap().remove(0).instance.name;
        let edit = Edit::ActOnInstances(InstanceAction { pool, verb, instances: vec![name] });
        let preview = edits::preview_edit(control, &operator(), "prod", &edit).await.unwrap();
        let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
        let id = edits::propose_edit(control, &operator(), "prod", &edit, seen, "").await.unwrap();
        people[0].approve(control, id).await.unwrap();
        reconcile::approvals::reconcile(control, &worker.leader).await.unwrap();
        assert_eq!(control.store.list_votes(id).await.unwrap()[0].voided_because, None, "{verb:?}");
        for person in &mut people[1..] {
            person.approve(control, id).await.unwrap();
        }
        let done = worker.finish(id).await;
        assert_eq!((done.state, done.revision.number), (ChangeState::Applied, 1), "{:?}", done.outcome);
    }
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_cannot_vote_is_told_why(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    roster(control).await;
    let author = person("wen", &[Role::Operator, Role::Approver]);
    let id = propose(control, &author, production()).await.unwrap();
    let author = Approver::with(control, author).await;
    let stranger = Approver::new(control, "anton").await;
    let keyless = person("ines", &[Role::Approver]);
    sign_in(control, &keyless).await;
    for (actor, why) in [
        (&author.actor, "proposed or edited"),
        (&stranger.actor, "none of these groups"),
        (&keyless, "passkey"),
    ] {
        let refused = votes::begin_vote(control, actor, id, 1, Ballot::Approve).await.unwrap_err();
        assert!(matches!(&refused, Error::Conflict(said) if said.contains(why)), "{refused}");
        let shown = changes::load_change(control, actor, id).await.unwrap().approvals.block.unwrap();
        assert!(shown.reason.contains(why), "{shown:?}");
        assert_eq!(shown.needs_passkey, why == "passkey");
    }
    for actor in [viewer(), operator()] {
        let refused = votes::begin_vote(control, &actor, id, 1, Ballot::Approve).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden(Permission::VoteOnChange)), "{refused}");
        let shown = changes::load_change(control, &actor, id).await.unwrap().approvals.block.unwrap();
        assert!(shown.reason.contains("role approver"), "{shown:?}");
    }
    // Without its author, sre has two left; were one of them gone, nobody could clear it.
    let view = changes::load_change(control, &keyless, id).await.unwrap();
    assert_eq!(view.approvals.stuck, None);
    rosters::declare_roster(control, &groups(&["wen", "noor"], &["ines"])).await.unwrap();
    let view = changes::load_change(control, &keyless, id).await.unwrap();
    assert!(view.approvals.stuck.unwrap().contains("sre 1 of 2"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn each_group_tells_who_has_not_signed_and_what_hinders_them(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    rosters::declare_roster(
        control,
        &groups(&["wen", "noor", "jonah", "anton", "rita", "olga"], &["ines", "noor"]),
    )
    .await
    .unwrap();
    let id = propose(control, &operator(), production()).await.unwrap();
    sign_in(control, &operator()).await;
    let mut wen = Approver::new(control, "wen").await;
    let mut noor = Approver::new(control, "noor").await;
    sign_in(control, &person("jonah", &[Role::Approver])).await;
    Approver::with(control, person("anton", &[Role::Operator])).await;

    let awaited = async |who: &Approver| {
        let detail = changes::load_detail(control, &who.actor, id, false).await.unwrap();
        let groups = detail.beside.awaited.into_iter();
        let said = groups.map(|group| {
            assert_eq!(group.more, 0);
            let people = group.people.into_iter();
            (group.group, people.map(|one| (one.name, one.you, one.standing)).collect::<Vec<_>>())
        });
        said.collect::<Vec<_>>()
    };
    let one = |name: &str, you, standing| (name.to_owned(), you, standing);
    let hindered = || {
        vec![
            one("jonah", false, Standing::WithoutPasskey),
            one("rita", false, Standing::NeverSignedIn),
            one("anton", false, Standing::NotApprover),
        ]
    };
    let author = || one("olga", false, Standing::Author);
    let can = |name: &str, you| one(name, you, Standing::CanSign);
    let sre = [vec![can("noor", false), can("wen", true)], hindered(), vec![author()]].concat();
    let security = vec![can("noor", false), one("ines", false, Standing::NeverSignedIn)];
    assert_eq!(awaited(&wen).await, [("sre".to_owned(), sre), ("security".to_owned(), security)]);

    // One who is in both groups sits in one of them.
    noor.approve(control, id).await.unwrap();
    wen.approve(control, id).await.unwrap();
    let elsewhere = one("noor", true, Standing::SignedFor("sre".to_owned()));
    let security = vec![one("ines", false, Standing::NeverSignedIn), elsewhere];
    assert_eq!(awaited(&noor).await, [("security".to_owned(), security)]);
    changes::cancel_change(control, &operator(), id).await.unwrap();
    assert_eq!(awaited(&noor).await, []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_overtaken_says_so_before_anybody_signs(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [wen, ..] = three(control).await;
    // Of the project that the other environment is in, with the same prefix.
    let guarded = basic(&[(r#"environment = "dev""#, r#"environment = "prod""#)]);
    let id = propose(control, &operator(), guarded).await.unwrap();
    let view = async || changes::load_change(control, &wen.actor, id).await.unwrap().approvals;
    let before = view().await;
    assert_eq!((before.block, before.stuck), (None, None));

    let other = propose(control, &operator(), basic(&[])).await.unwrap();
    Worker::start(control).await.finish(other).await;
    let after = view().await;
    let stuck = after.stuck.unwrap();
    for told in ["name_taken", "name_prefix", "belongs to environment dev", "Edit it, or cancel it"] {
        assert!(stuck.contains(told), "{told}: {stuck}");
    }
    let refused = votes::begin_vote(control, &wen.actor, id, 1, Ballot::Approve).await.unwrap_err();
    let Error::Precondition(why) = refused else { panic!("{refused}") };
    assert!(why.contains("belongs to environment dev") && why.ends_with("edit it, or cancel it"), "{why}");
    assert_eq!(after.block, None);
    votes::begin_vote(control, &wen.actor, id, 1, Ballot::Reject).await.unwrap();
    changes::cancel_change(control, &operator(), id).await.unwrap();
    assert_eq!(view().await.stuck, None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_rejection_with_a_reason_ends_it(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    wen.approve(control, id).await.unwrap();
    let options = ines.begin(control, id, Ballot::Reject).await.unwrap();
    let answer = ines.sign(&options);
    let silent = votes::finish_vote(control, &ines.actor, id, &answer, "  ").await.unwrap_err();
    assert!(matches!(&silent, Error::Invalid(fields) if fields[0].field == "reason"), "{silent}");
    ines.vote(control, id, Ballot::Reject).await.unwrap();
    let rejected = change(control, id).await;
    assert_eq!(rejected.state, ChangeState::Rejected);
    assert!(!rejected.outcome.unwrap().contains("ines"), "a name of a person stands in a history");
    assert_eq!(
        actions(control, id).await,
        [Did::ProposeChange, Did::VoteToApprove, Did::VoteToReject, Did::RejectChange]
    );
    let late = noor.approve(control, id).await.unwrap_err();
    assert!(matches!(&late, Error::Conflict(why) if why.contains("rejected")), "{late}");
    let shown = changes::load_change(control, &noor.actor, id).await.unwrap().approvals;
    assert_eq!((shown.tally().as_str(), shown.expires_at), ("sre 1 of 2, security 0 of 1", None));
    let block = shown.block.unwrap();
    assert!(block.reason.contains("nobody votes on it any more") && !block.needs_passkey, "{block:?}");
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_is_answered_once_and_a_passkey_is_one_person_s(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, _] = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    let field = |error: Error| match error {
        Error::Invalid(fields) => fields[0].field.clone(),
        other => panic!("{other}"),
    };

    // A wrong answer uses the challenge up as well.
    let options = wen.begin(control, id, Ballot::Approve).await.unwrap();
    let mut forged = wen.sign(&options);
    forged.signature[9] ^= 1;
    assert_eq!(field(wen.finish(control, id, &forged).await.unwrap_err()), "passkey");
    let right = wen.sign(&options);
    let used = wen.finish(control, id, &right).await.unwrap_err();
    assert!(matches!(used, Error::Precondition(_)), "{used}");

    // What one was asked, another cannot answer, with whatever key.
    let options = wen.begin(control, id, Ballot::Approve).await.unwrap();
    let answer = noor.sign(&options);
    let stolen = noor.finish(control, id, &answer).await.unwrap_err();
    assert!(matches!(stolen, Error::Precondition(_)), "{stolen}");
    assert_eq!(field(wen.finish(control, id, &answer).await.unwrap_err()), "passkey");

    let twice = wen.register(control).await.unwrap_err();
    assert!(matches!(&twice, Error::Conflict(why) if why.contains("registered already")), "{twice}");
    let mut thief = Approver::new(control, "thief").await;
    std::mem::swap(&mut thief.key, &mut wen.key);
    assert!(matches!(thief.register(control).await, Err(Error::Conflict(_))));
    assert_eq!(control.store.list_votes(id).await.unwrap(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn passkeys_are_listed_named_and_revoked_by_their_own_person(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    roster(control).await;
    let wen = Approver::new(control, "wen").await;
    let list = passkeys::list_passkeys(control, &wen.actor).await.unwrap();
    assert_eq!((list.passkeys.len(), list.groups), (1, vec!["sre".to_owned()]));
    let row = &list.passkeys[0];
    assert_eq!((row.label.as_str(), row.synced, row.revoked_at), ("Laptop", false, None));
    let stranger = passkeys::revoke_passkey(control, &viewer(), &row.id).await.unwrap_err();
    assert!(matches!(stranger, Error::NotFound(_)), "{stranger}");
    passkeys::revoke_passkey(control, &wen.actor, &row.id).await.unwrap();
    let again = passkeys::revoke_passkey(control, &wen.actor, &row.id).await.unwrap_err();
    assert!(matches!(again, Error::Conflict(_)), "{again}");

    let options = passkeys::begin_registration(control, &wen.actor).await.unwrap();
    assert!(options.exclude.is_empty(), "a revoked one may be replaced");
    let answer = wen.create(options);
    for label in ["", "  ", "a\0b", &"x".repeat(61)] {
        let refused = passkeys::finish_registration(control, &wen.actor, label, &answer).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid(fields) if fields[0].field == "label"), "{refused}");
    }
    let said = control.store.list_audit(&Default::default(), 20).await.unwrap();
    let passkey_events: Vec<Did> = said
        .iter()
        .map(|event| event.action)
        .filter(|action| matches!(action, Did::RegisterPasskey | Did::RevokePasskey))
        .collect();
    assert_eq!(passkey_events, [Did::RevokePasskey, Did::RegisterPasskey]);
    assert!(said.iter().all(|event| !event.object.contains("Laptop") && !event.detail.contains("Laptop")));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_revoked_passkey_leaves_room_for_another_and_what_it_signed_still_verifies(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let key = |seed| Authenticator::new(&control.signing.party, Algorithm::EdDsa, seed).unwrap();
    // With the first, from `three`, that makes twenty; one more was begun while there was room.
    for seed in 2..20 {
        people[0].key = key(seed);
        people[0].register(control).await.unwrap();
    }
    let begun = passkeys::begin_registration(control, &people[0].actor).await.unwrap();
    people[0].key = key(20);
    people[0].register(control).await.unwrap();
    let id = approved(control, &mut people).await;

    let wen = &mut people[0];
    wen.key = key(21);
    let answer = wen.create(begun);
    let late = passkeys::finish_registration(control, &wen.actor, "Laptop", &answer).await;
    for refused in [late, wen.register(control).await] {
        assert!(matches!(&refused, Err(Error::Conflict(why)) if why.contains("20 passkeys")), "{refused:?}");
    }

    let mut worker = Worker::start(control).await;
    worker.until(id, |change| change.state == ChangeState::Applying).await.unwrap();
    for row in passkeys::list_passkeys(control, &wen.actor).await.unwrap().passkeys {
        passkeys::revoke_passkey(control, &wen.actor, &row.id).await.unwrap();
    }
    // What was signed before goes on: each step verifies it again, with the revoked key.
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let vote = control.store.list_votes(id).await.unwrap().remove(0);
    assert!(vote.key_revoked_at.is_some() && vote.voided_at.is_none(), "{vote:?}");

    wen.register(control).await.unwrap();
    let larger = basic(&[
        (r#"environment = "dev""#, r#"environment = "prod""#),
        (PROJECT, "genesis-project-prod"),
        ("max_replicas  = 5", "max_replicas  = 7"),
    ]);
    let next = propose(control, &operator(), larger).await.unwrap();
    wen.approve(control, next).await.unwrap();
    assert_eq!(control.store.list_votes(next).await.unwrap().len(), 1);
    // What was applied is open no more.
    let open = passkeys::list_passkeys(control, &wen.actor).await.unwrap().passkeys;
    assert_eq!(open.iter().map(|row| (row.revoked_at.is_some(), row.open_votes)).max(), Some((true, 0)));
    assert_eq!(open.iter().map(|row| row.open_votes).sum::<u32>(), 1, "{open:?}");
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_roster_is_declared_once_and_one_that_nobody_could_satisfy_is_not(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let declared = rosters::declare_roster(control, &groups(&["a", "b"], &["c"])).await.unwrap();
    assert_eq!(declared.revision, 1);
    assert_eq!(rosters::declare_roster(control, &groups(&["a", "b"], &["c"])).await.unwrap(), declared);
    for (sre, security) in [(&["a"][..], &["c"][..]), (&["a", "b"], &["b"]), (&["a", ""], &["c"])] {
        let refused = rosters::declare_roster(control, &groups(sre, security)).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Invalid(fields) if fields[0].field == "approvals.groups"),
            "{refused}"
        );
    }
    assert_eq!(control.store.roster_in_force().await.unwrap(), declared);
    let said = control.store.list_audit(&Default::default(), 9).await.unwrap();
    assert_eq!(said.iter().map(|event| event.object.as_str()).collect::<Vec<_>>(), ["roster r1"]);
}
