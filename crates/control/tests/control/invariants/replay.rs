//! Invariant 4: a signature counts for one change, revision, environment and action, once.

use control::{Error, revising};
use domain::approvals::Ballot;
use sqlx::PgPool;

use super::{larger, planned, start};
use crate::{
    approver::three,
    fixture::{basic, operator, production, propose},
};

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
