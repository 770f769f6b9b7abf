//! Invariant 9: each change of state has one event, and a refusal has none.

use control::{Control, Error, changes, costs, passkeys, tokens};
use domain::{ChangeId, ChangeState, Role, approvals::Ballot, token::Scope, view::token::NewToken};
use sqlx::PgPool;

use super::{sql, start};
use crate::{
    approver::three,
    fixture::{Worker, assert_chain, basic, change, operator, person, production, propose},
};

async fn logged(control: &Control) -> usize {
    control.store.list_audit(&Default::default(), 200).await.unwrap().len()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_9_one_event_for_each_state_change_and_none_for_a_refusal(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let id: ChangeId = propose(control, &operator(), production()).await.unwrap();
    let before = logged(control).await;
    let options = wen.begin(control, id, Ballot::Approve).await.unwrap();
    let mut forged = wen.sign(&options);
    forged.signature[3] ^= 1;
    wen.finish(control, id, &forged).await.unwrap_err();
    assert_eq!(logged(control).await, before, "a refused vote left an event");
    assert_eq!(passkeys::list_passkeys(control, &wen.actor).await.unwrap().passkeys[0].last_used_at, None);
    // Without the log, nothing happens: the vote that cannot be written down is not cast.
    sql(&pool, "ALTER TABLE audit_events ADD CONSTRAINT closed CHECK (action <> 'vote_to_approve')").await;
    assert!(wen.approve(control, id).await.is_err());
    assert_eq!(control.store.list_votes(id).await.unwrap(), []);
    sql(&pool, "ALTER TABLE audit_events DROP CONSTRAINT closed").await;
    for (person, events) in [(&mut wen, 1), (&mut noor, 1), (&mut ines, 2)] {
        let before = logged(control).await;
        person.approve(control, id).await.unwrap();
        assert_eq!(logged(control).await, before + events);
    }
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_9_what_is_no_vote_has_one_event_too_and_what_is_refused_of_it_none(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [wen, ..] = three(control).await;
    let (operator, admin) = (operator(), person("ada", &[Role::Admin]));
    // A budget is of an environment that there is.
    let begun = propose(control, &operator, basic(&[])).await.unwrap();
    Worker::start(control).await.round().await.unwrap();
    assert_eq!(change(control, begun).await.state, ChangeState::Applying);
    let id: ChangeId = propose(control, &operator, production()).await.unwrap();

    let before = logged(control).await;
    changes::cancel_change(control, &operator, id).await.unwrap();
    assert_eq!(logged(control).await, before + 1, "a cancellation");
    let refused = changes::cancel_change(control, &operator, id).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(logged(control).await, before + 1, "a refused cancellation left an event");

    let key = passkeys::list_passkeys(control, &wen.actor).await.unwrap().passkeys.remove(0);
    passkeys::revoke_passkey(control, &wen.actor, &key.id).await.unwrap();
    assert_eq!(logged(control).await, before + 2, "a revocation");
    let refused = passkeys::revoke_passkey(control, &wen.actor, &key.id).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(logged(control).await, before + 2, "a refused revocation left an event");

    let new = |scopes: &[Scope]| NewToken {
        name: "nightly job".to_owned(),
        scopes: scopes.iter().copied().collect(),
        lifetime_days: 30,
    };
    tokens::create_token(control, &wen.actor, new(&[Scope::Read])).await.unwrap();
    assert_eq!(logged(control).await, before + 3, "a token");
    let refused = tokens::create_token(control, &wen.actor, new(&[])).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(logged(control).await, before + 3, "a refused token left an event");

    costs::set_budget(control, &admin, "dev", 0, "100").await.unwrap();
    assert_eq!(logged(control).await, before + 4, "a budget");
    let stale = costs::set_budget(control, &admin, "dev", 0, "200").await;
    assert!(matches!(stale, Err(Error::Precondition(_))), "{stale:?}");
    let stranger = costs::set_budget(control, &operator, "dev", 1, "200").await;
    assert!(matches!(stranger, Err(Error::Forbidden(_))), "{stranger:?}");
    assert_eq!(logged(control).await, before + 4, "a refused budget left an event");
    assert_chain(control).await;
}
