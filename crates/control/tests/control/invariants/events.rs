//! Invariant 9: each change of state has one event, and a refusal has none.

use control::passkeys;
use domain::{ChangeId, approvals::Ballot};
use sqlx::PgPool;

use super::{sql, start};
use crate::{
    approver::three,
    fixture::{assert_chain, operator, production, propose},
};

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
