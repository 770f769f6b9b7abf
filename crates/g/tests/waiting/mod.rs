//! `--wait`: what is told meanwhile, and how it ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
};

use approval::{Algorithm, authenticator::Authenticator};
use control::{Control, changes, passkeys, people, rosters, votes};
use domain::{
    Actor, ChangeId, ChangeState, Role,
    approvals::Ballot,
    token::Scope,
    view::approval::{RegistrationAnswer, VoteAnswer},
};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::stack::{
    REFERENCES, Said, Stack, example, person,
    proxy::{self, Fate},
};

/// Proposes the basic fleet as one of production, which people must clear.
async fn propose_production(stack: &Stack, token: &Path, url: &str) -> Said {
    let basic = std::fs::read_to_string(example("basic.tf")).unwrap();
    let text = basic.replace(r#"environment = "dev""#, r#"environment = "prod""#);
    let file = stack.folder.path().join("production.tf");
    std::fs::write(&file, text).unwrap();
    let line = [&["vm", "import", file.to_str().unwrap(), "--url", url][..], &REFERENCES].concat();
    stack.g(token, &line).await
}

/// Registers a passkey and approves with it.
async fn approve(control: &Control, actor: &Actor, id: ChangeId) {
    people::sign_in(control, actor, "https://issuer.test", "", &BTreeSet::new(), None).await.unwrap();
    let mut key = Authenticator::new(&control.signing.party, Algorithm::EdDsa, 7).unwrap();
    let options = passkeys::begin_registration(control, actor).await.unwrap();
    let made = key.create(&options.challenge);
    let answer = RegistrationAnswer {
        challenge: options.challenge,
        client_data_json: made.client_data_json,
        attestation_object: made.attestation_object,
    };
    passkeys::finish_registration(control, actor, "Laptop", &answer).await.unwrap();
    let options = votes::begin_vote(control, actor, id, 1, Ballot::Approve).await.unwrap();
    let signed = key.get(&options.challenge);
    let answer = VoteAnswer {
        challenge: options.challenge,
        credential_id: key.credential_id.clone(),
        client_data_json: signed.client_data_json,
        authenticator_data: signed.authenticator_data,
        signature: signed.signature,
    };
    votes::finish_vote(control, actor, id, &answer, "I read it").await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn approvals_are_shown_and_their_tally_is_told_as_it_moves(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let control = &stack.running.control;
    let token = stack.token(&Scope::ALL).await;
    let group = |name: &str, people: &[&str]| {
        (name.to_owned(), people.iter().map(|&person| person.to_owned()).collect::<BTreeSet<String>>())
    };
    let groups = BTreeMap::from([group("sre", &["wen", "noor"]), group("security", &["ines"])]);
    rosters::declare_roster(control, &groups).await.unwrap();

    let proposed = propose_production(&stack, &token, &stack.url).await;
    assert!(proposed.out.contains("chg-1  awaiting approvals"), "{}{}", proposed.out, proposed.err);
    let show = async || stack.g(&token, &["change", "show", "chg-1"]).await.out;
    let shown = show().await;
    assert!(shown.contains("approvals   sre 0 of 2, security 0 of 1\n"), "{shown}");
    assert!(!shown.contains("VOTE"), "{shown}");

    let mut waiting =
        tokio::process::Command::from(stack.command(&token, &["change", "show", "chg-1", "--wait"]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
    let mut told = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let line = told.next_line().await.unwrap();
    assert_eq!(line.as_deref(), Some("chg-1 awaiting approvals: sre 0 of 2, security 0 of 1"));
    let wen = person("wen", Role::Approver);
    approve(control, &wen, ChangeId(1)).await;
    let line = told.next_line().await.unwrap();
    assert_eq!(line.as_deref(), Some("chg-1 awaiting approvals: sre 1 of 2, security 0 of 1"));
    let shown = show().await;
    assert!(shown.contains("\napprove  wen  sre  ") && shown.contains("  I read it\n"), "{shown}");

    // A vote whose passkey was taken back counts no more, and is still there.
    let key = passkeys::list_passkeys(control, &wen).await.unwrap().passkeys.remove(0).id;
    passkeys::revoke_passkey(control, &wen, &key).await.unwrap();
    let line = told.next_line().await.unwrap();
    assert_eq!(line.as_deref(), Some("chg-1 awaiting approvals: sre 0 of 2, security 0 of 1"));
    let shown = show().await;
    assert!(shown.contains("\nvoid: approve  wen  none  "), "{shown}");

    changes::cancel_change(control, &person("olga", Role::Operator), ChangeId(1)).await.unwrap();
    assert_eq!(told.next_line().await.unwrap().as_deref(), Some("chg-1 cancelled"));
    let line = told.next_line().await.unwrap();
    assert_eq!(line.as_deref(), Some("error: chg-1 cancelled: cancelled before it started"));
    assert_eq!(waiting.wait().await.unwrap().code(), Some(7));
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_ended_badly_and_what_is_not_understood_have_codes_of_their_own(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let control = &stack.running.control;
    let token = stack.token(&Scope::ALL).await;
    propose_production(&stack, &token, &stack.url).await;
    let line = ["change", "show", "chg-1", "--wait"];
    let late = stack.g(&token, &[&line[..], &["--timeout", "0"]].concat()).await;
    assert_eq!(
        (late.code, late.err.contains("still awaiting approvals after 0 s")),
        (7, true),
        "{}",
        late.err
    );

    let blind = stack.token(&[Scope::Propose]).await;
    let unseen = stack.g(&blind, &line).await;
    assert_eq!(
        (unseen.code, unseen.err.contains("\n  chg-1 goes on; g cannot follow it")),
        (4, true),
        "{}",
        unseen.err
    );

    let mut tx = control.store.begin().await.unwrap();
    let (from, now) = (ChangeState::AwaitingApprovals, control.clock.now());
    tx.set_change_state(ChangeId(1), from, ChangeState::Failed, Some("a test wants it"), now).await.unwrap();
    tx.commit().await.unwrap();
    let failed = stack.g(&token, &line).await;
    assert_eq!((failed.code, failed.out.as_str()), (7, ""), "{}", failed.err);
    assert!(failed.err.ends_with("error: chg-1 failed: a test wants it\n"), "{}", failed.err);

    let strange = proxy::start(&stack.url, |_| Fate::Nonsense);
    let inside = stack.g(&token, &[&line[..], &["--url", strange.as_str()]].concat()).await;
    assert_eq!((inside.code, inside.err.contains("was not understood")), (1, true), "{}", inside.err);
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    let mut lose = true;
    let proxy = proxy::start(&stack.url, move |head| {
        let first = head.starts_with("POST /api/v1/changes ") && std::mem::take(&mut lose);
        if first { Fate::Unanswered } else { Fate::Answered }
    });
    let proposed = propose_production(&stack, &token, &proxy).await;
    assert_eq!((proposed.code, proposed.err.contains("g asks again")), (0, true), "{}", proposed.err);
    assert!(proposed.out.contains("chg-1  awaiting approvals"), "{}", proposed.out);
    let list = stack.g(&token, &["change", "list"]).await;
    assert_eq!(list.out.lines().count(), 2, "{}", list.out);

    let mut looks = 0;
    let proxy = proxy::start(&stack.url, move |_| {
        looks += 1;
        if looks < 3 { Fate::Unheard } else { Fate::Answered }
    });
    let line = ["change", "show", "chg-1", "--wait", "--timeout", "0", "--url"];
    let borne = stack.g(&token, &[&line[..], &[proxy.as_str()]].concat()).await;
    assert_eq!((borne.code, borne.err.contains("still awaiting approvals")), (7, true), "{}", borne.err);
    let proxy = proxy::start(&stack.url, |_| Fate::Unheard);
    let away = stack.g(&token, &[&line[..], &[proxy.as_str()]].concat()).await;
    assert_eq!((away.code, away.err.contains("chg-1 goes on without it")), (6, true), "{}", away.err);
    stack.stop().await;
}
