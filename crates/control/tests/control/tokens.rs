//! API tokens and sessions: made, used, listed, ended; and who may do that.

use std::collections::BTreeSet;

use control::{Control, Error, people, sessions, tokens};
use domain::{
    Actor, Permission, Role,
    audit::AuditAction,
    token::{MOST_TOKENS, Reach, Scope},
    view::token::{CreatedToken, NewToken, TokenState},
};
use sqlx::PgPool;
use store::{Hash, NewSession};

use crate::fixture::{Fixture, assert_chain, person};

fn wanted(scopes: &[Scope]) -> NewToken {
    NewToken { name: "nightly job".to_owned(), scopes: scopes.iter().copied().collect(), lifetime_days: 30 }
}

async fn signed_in(control: &Control, name: &str, roles: &[Role]) -> Actor {
    let actor = person(name, roles);
    people::sign_in(control, &actor, "https://issuer.test", "x@example.com", &BTreeSet::new(), None)
        .await
        .unwrap();
    actor
}

async fn bearer(control: &Control, created: &CreatedToken) -> Option<Actor> {
    let found = tokens::authenticate_token(control, &created.secret, "request-2").await.unwrap();
    found.map(|bearer| bearer.actor)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_acts_as_its_person_within_its_scopes_until_it_is_revoked(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let control = &fixture.control;
    let olga = signed_in(control, "olga", &[Role::Operator]).await;
    let created = tokens::create_token(control, &olga, wanted(&[Scope::Read, Scope::Operate])).await.unwrap();
    assert!(created.secret.starts_with("am_") && created.secret.len() == 46, "{}", created.secret.len());
    assert!(!format!("{created:?}").contains(&created.secret), "a secret is never printed");

    let actor = bearer(control, &created).await.unwrap();
    assert_eq!((actor.id.as_str(), &actor.roles), ("olga", &olga.roles));
    assert_eq!(actor.authn, format!("token:{}", created.row.id));
    assert!(actor.may(Permission::ReadFleet) && !actor.may(Permission::ProposeChange));
    // A token makes no tokens and ends no sessions.
    let refused = tokens::create_token(control, &actor, wanted(&[Scope::Read])).await;
    assert!(matches!(refused, Err(Error::BeyondToken(_))), "{refused:?}");
    let refused = sessions::end_other_sessions(control, &actor, None).await;
    assert!(matches!(refused, Err(Error::BeyondToken(_))), "{refused:?}");

    let stored: String = sqlx::query_scalar(
        "SELECT string_agg(t::text, ' ') || (SELECT string_agg(convert_from(leaf, 'UTF8') || detail, ' ') FROM audit_events)
         FROM api_tokens t",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(!stored.contains(&created.secret[3..]), "the secret is nowhere in the database");

    tokens::revoke_token(control, &olga, created.row.id).await.unwrap();
    assert!(bearer(control, &created).await.is_none());
    let again = tokens::revoke_token(control, &olga, created.row.id).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let listed = tokens::list_tokens(control, &olga).await.unwrap();
    assert_eq!((listed.own[0].state, listed.others.len()), (TokenState::Revoked, 0));

    let events = control.store.list_audit(&Default::default(), 10).await.unwrap();
    let actions: Vec<AuditAction> = events.iter().rev().map(|event| event.action).collect();
    assert_eq!(actions, [AuditAction::SignIn, AuditAction::CreateToken, AuditAction::RevokeToken]);
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_no_token_is_nobody(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let long = format!("am_{}", "a".repeat(43));
    for text in ["", "am_", "am_x", "Bearer", long.as_str(), &"a".repeat(100_000)] {
        assert!(tokens::authenticate_token(&fixture.control, text, "r").await.unwrap().is_none());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_has_what_its_person_has_now_and_not_more(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let olga = signed_in(control, "olga", &[Role::Operator]).await;
    let created = tokens::create_token(control, &olga, wanted(&Scope::ALL)).await.unwrap();
    assert!(bearer(control, &created).await.unwrap().may(Permission::ProposeChange));
    signed_in(control, "olga", &[Role::Viewer]).await;
    assert!(!bearer(control, &created).await.unwrap().may(Permission::ProposeChange));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn each_field_of_a_token_is_checked_and_their_number_too(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let olga = signed_in(control, "olga", &[Role::Operator]).await;
    let nothing = NewToken { name: " ".to_owned(), scopes: BTreeSet::new(), lifetime_days: 366 };
    let Err(Error::Invalid(errors)) = tokens::create_token(control, &olga, nothing).await else {
        panic!("a token without a name, a scope and an end")
    };
    let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["name", "scopes", "lifetime_days"]);
    for _ in 0..MOST_TOKENS {
        tokens::create_token(control, &olga, wanted(&[Scope::Read])).await.unwrap();
    }
    let one_more = tokens::create_token(control, &olga, wanted(&[Scope::Read])).await;
    assert!(matches!(one_more, Err(Error::Conflict(_))), "{one_more:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_out_ends_the_session_and_says_so_once(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let olga = signed_in(control, "olga", &[Role::Operator]).await;
    let lifetime = std::time::Duration::from_secs(3600);
    let session = NewSession { data: Vec::new(), person: Some(olga.id.clone()), lifetime };
    for id in [b"a", b"b"] {
        assert!(control.store.create_session(id, &session).await.unwrap());
    }
    let id = Hash(<sha2::Sha256 as sha2::Digest>::digest(b"a").into());
    for _ in 0..2 {
        people::sign_out(control, &olga, id).await.unwrap();
    }
    assert!(control.store.load_session(b"a", lifetime).await.unwrap().is_none());
    assert!(control.store.load_session(b"b", lifetime).await.unwrap().is_some());
    let log = control.store.list_audit(&Default::default(), 9).await.unwrap();
    assert_eq!(log.iter().filter(|event| event.action == AuditAction::SignOut).count(), 1);
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_who_manages_people_touches_what_is_others(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let olga = signed_in(control, "olga", &[Role::Operator]).await;
    let admin = signed_in(control, "ada", &[Role::Admin]).await;
    let vera = signed_in(control, "vera", &[Role::Viewer]).await;
    let created = tokens::create_token(control, &olga, wanted(&[Scope::Read])).await.unwrap();
    let session = |person: &str| NewSession {
        data: Vec::new(),
        person: Some(person.to_owned()),
        lifetime: std::time::Duration::from_secs(3600),
    };
    for (id, owner) in [(b"a", "olga"), (b"b", "olga"), (b"c", "vera")] {
        control.store.create_session(id, &session(owner)).await.unwrap();
    }
    let of = |id: &[u8]| Hash(<sha2::Sha256 as sha2::Digest>::digest(id).into());

    let refused = tokens::revoke_token(control, &vera, created.row.id).await;
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    let refused = sessions::end_session(control, &vera, &of(b"a").to_string()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let listed = sessions::list_sessions(control, &olga, Some(of(b"a"))).await.unwrap();
    let current: Vec<bool> = listed.own.iter().map(|row| row.current).collect();
    assert_eq!(current.iter().filter(|current| **current).count(), 1);
    assert_eq!((listed.own.len(), listed.others.len()), (2, 0));

    assert_eq!(sessions::end_other_sessions(control, &olga, Some(of(b"a"))).await.unwrap(), 1);
    let seen = sessions::list_sessions(control, &admin, None).await.unwrap();
    assert_eq!((seen.own.len(), seen.others.len()), (0, 2));
    sessions::end_session(control, &admin, &of(b"a").to_string()).await.unwrap();
    let gone = sessions::end_session(control, &admin, &of(b"a").to_string()).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    assert_eq!(tokens::list_tokens(control, &admin).await.unwrap().others.len(), 1);
    tokens::revoke_token(control, &admin, created.row.id).await.unwrap();
    assert!(bearer(control, &created).await.is_none());
    assert_eq!(people::list_people(control, &vera).await.unwrap().people.len(), 3);
    assert_chain(control).await;
    assert_eq!(olga.reach, Reach::Whole);
}
