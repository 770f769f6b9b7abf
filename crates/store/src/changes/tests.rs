use domain::change::{ChangeCounts, Heading};
use sqlx::PgPool;

use super::*;
use crate::{
    OpenOf,
    samples::{self, at, propose},
};

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_change_is_read_back_with_its_revision_and_digests(pool: PgPool) {
    let store = Store::from(pool);
    let change = propose(&store, "dev", ChangeState::Approved).await;
    assert_eq!(store.get_change(change.id).await.unwrap(), Some(change.clone()));
    assert_eq!(change.revision.desired, samples::spec("dev"));
    assert_eq!(change.revision.plan, samples::plan("dev"));
    let expected = canonical::sha256(&canonical::to_bytes(&samples::plan("dev")).unwrap()).to_string();
    assert_eq!(change.revision.plan_sha256, expected);
    assert_eq!((change.approved_at, change.proposed_by_name.as_str()), (Some(at(1)), "sub-sre"));
    assert_eq!(store.get_change(ChangeId(999)).await.unwrap(), None);
    samples::sign_in(&store, "sub-sre", "Sam").await;
    assert_eq!(store.get_change(change.id).await.unwrap().unwrap().proposed_by_name, "Sam");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_state_is_left_only_by_who_knows_it_and_only_its_ways(pool: PgPool) {
    use ChangeState as State;
    let store = Store::from(pool);
    let id = propose(&store, "dev", State::Approved).await.id;
    let mut tx = store.begin().await.unwrap();
    tx.set_change_state(id, State::Approved, State::Applying, None, at(2)).await.unwrap();
    let again = tx.set_change_state(id, State::Approved, State::Applying, None, at(3)).await;
    assert_eq!(again.unwrap_err().to_string(), "chg-1 is applying, not approved");
    let back = tx.set_change_state(id, State::Applying, State::Approved, None, at(3)).await;
    assert!(matches!(back, Err(Error::Conflict(_))), "{back:?}");
    tx.set_change_state(id, State::Applying, State::Failed, Some("quota"), at(4)).await.unwrap();
    let nobody = tx.set_change_state(ChangeId(99), State::Applying, State::Failed, None, at(4)).await;
    assert!(matches!(nobody, Err(Error::NotFound(_))), "{nobody:?}");
    tx.commit().await.unwrap();
    let change = store.get_change(id).await.unwrap().unwrap();
    assert_eq!((change.state, change.outcome.as_deref()), (State::Failed, Some("quota")));
    assert_eq!((change.claimed_at, change.finished_at), (Some(at(2)), Some(at(4))));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn of_two_claims_at_once_one_is_a_conflict(pool: PgPool) {
    let store = Store::from(pool);
    let id = propose(&store, "dev", ChangeState::Approved).await.id;
    let claim = || async {
        let mut tx = store.begin().await?;
        tx.set_change_state(id, ChangeState::Approved, ChangeState::Applying, None, at(2)).await?;
        tx.commit().await
    };
    let results = tokio::join!(claim(), claim(), claim(), claim());
    let results = [results.0, results.1, results.2, results.3];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let conflicts = results.iter().filter(|result| matches!(result, Err(Error::Conflict(_)))).count();
    assert_eq!(conflicts, 3, "{results:?}");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn lists_are_pages_newest_first_with_filters(pool: PgPool) {
    let store = Store::from(pool);
    for environment in ["dev", "prod", "dev", "dev"] {
        let state = if environment == "dev" { ChangeState::Approved } else { ChangeState::AwaitingApprovals };
        propose(&store, environment, state).await;
    }
    let ids = |rows: Vec<ChangeSummary>| rows.into_iter().map(|row| row.id.0).collect::<Vec<_>>();
    let all = ChangeFilter::default();
    assert_eq!(ids(store.list_changes(&all, 3).await.unwrap()), [4, 3, 2]);
    let next = ChangeFilter { before: Some(ChangeId(2)), ..all.clone() };
    assert_eq!(ids(store.list_changes(&next, 3).await.unwrap()), [1]);
    let dev = ChangeFilter { environment: Some("dev"), ..all.clone() };
    assert_eq!(ids(store.list_changes(&dev, 9).await.unwrap()), [4, 3, 1]);
    let waiting = ChangeFilter { states: &[ChangeState::AwaitingApprovals], ..all.clone() };
    let waiting = store.list_changes(&waiting, 9).await.unwrap();
    assert_eq!(waiting[0].impact, samples::plan("prod").impact);
    assert_eq!(ids(waiting), [2]);
    let open =
        |environment: &str, changes| OpenOf { environment: Some(environment.into()), incidents: 0, changes };
    assert_eq!(store.count_open().await.unwrap(), [open("dev", 3), open("prod", 1)]);
    let approved = store.count_changes_approved().await.unwrap();
    assert_eq!(approved, ApprovedChanges { count: 3, since: Some(at(1)) });
    let queue = store.list_queue().await.unwrap();
    assert!(queue.iter().all(|one| one.environment == "dev" && one.state == ChangeState::Approved));
    assert_eq!(queue.iter().map(|one| one.id.0).collect::<Vec<_>>(), [1, 3, 4]);
    let counts = store.count_changes(None, at(0), ("sub-sre", &[ChangeId(2), ChangeId(99)])).await.unwrap();
    let every =
        ChangeCounts { every: 4, recent: 4, waiting: 1, waiting_for_me: 1, mine: 4, under_way: 3, failed: 0 };
    assert_eq!(counts, every);
    let counts = store.count_changes(Some("dev"), at(1), ("wen", &[ChangeId(2)])).await.unwrap();
    assert_eq!(counts, ChangeCounts { every: 3, under_way: 3, ..ChangeCounts::default() });
    let group = ["nothing".to_owned(), samples::plan("prod").actions[0].step.name().to_owned()];
    let touching = ChangeFilter { touches: &group, ..all.clone() };
    assert_eq!(ids(store.list_changes(&touching, 9).await.unwrap()), [2]);
    // Who edits a change is one of its authors, beside who proposed it.
    let (desired, plan) = (samples::spec("dev"), samples::plan("dev"));
    let verdict = store.get_change(ChangeId(3)).await.unwrap().unwrap().revision.verdict;
    let revised = NewRevision {
        number: 2,
        base_generation: 0,
        desired: &desired,
        plan: &plan,
        verdict: &verdict,
        created_by: Some("wen"),
        at: at(2),
    };
    let mut tx = store.begin().await.unwrap();
    tx.insert_revision(ChangeId(3), &revised).await.unwrap();
    tx.commit().await.unwrap();
    let edited = ChangeFilter { author: Some("wen"), ..all.clone() };
    assert_eq!(ids(store.list_changes(&edited, 9).await.unwrap()), [3]);
    let of_nobody = ChangeFilter { author: Some("noor"), ..all.clone() };
    assert!(store.list_changes(&of_nobody, 9).await.unwrap().is_empty());
    assert_eq!(store.count_changes(None, at(0), ("wen", &[])).await.unwrap().mine, 1);
    // Headings are of the same changes in the same order.
    let among = [ChangeId(4), ChangeId(2)];
    let some = ChangeFilter { among: Some(&among), ..all.clone() };
    let states = [ChangeState::AwaitingApprovals];
    let waiting = ChangeFilter { states: &states, ..all.clone() };
    for (filter, limit) in
        [(&all, 3), (&next, 3), (&dev, 9), (&dev, 2), (&waiting, 9), (&touching, 9), (&some, 9), (&edited, 9)]
    {
        let rows = store.list_changes(filter, limit).await.unwrap();
        let said = rows.into_iter().map(|row| Heading {
            id: row.id,
            title: row.title,
            state: row.state,
            proposed_by_name: row.proposed_by_name,
            proposed_at: row.proposed_at,
        });
        let headings = store.list_change_headings(filter, limit).await.unwrap();
        assert!(!headings.is_empty(), "{filter:?}");
        assert_eq!(headings, said.collect::<Vec<_>>(), "{filter:?}");
    }
    let approved = store.list_changes_in(&[ChangeState::Approved, ChangeState::Applying]).await.unwrap();
    assert!(approved.broken.is_empty(), "{approved:?}");
    assert_eq!(approved.changes.iter().map(|change| change.id.0).collect::<Vec<_>>(), [1, 3, 4]);
    let open = [ChangeState::Approved, ChangeState::AwaitingApprovals];
    for (environment, expected) in [("dev", vec![1, 3, 4]), ("prod", vec![2]), ("nowhere", vec![])] {
        let found = store.list_changes_of(environment, &open).await.unwrap().changes;
        assert_eq!(found.iter().map(|change| change.id.0).collect::<Vec<_>>(), expected, "{environment}");
    }
    assert!(store.list_changes_of("dev", &[ChangeState::Applying]).await.unwrap().changes.is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_revision_is_never_rewritten_and_a_forged_one_is_not_read(pool: PgPool) {
    let store = Store::from(pool.clone());
    let id = propose(&store, "dev", ChangeState::Approved).await.id;
    for rewrite in [
        "UPDATE change_revisions SET verdict = '{}'",
        "DELETE FROM change_revisions",
        "TRUNCATE changes CASCADE",
    ] {
        let refused = sqlx::query(rewrite).execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("change_revisions keeps its history"), "{refused}");
    }
    // Whoever owns the table can switch triggers and checks off; the reader then still refuses.
    sqlx::raw_sql(
        "ALTER TABLE change_revisions DISABLE TRIGGER USER;
         ALTER TABLE change_revisions DROP CONSTRAINT change_revisions_check, DROP CONSTRAINT change_revisions_check1,
             DROP CONSTRAINT change_revisions_check2, DROP CONSTRAINT change_revisions_check3;
         UPDATE change_revisions SET plan_canonical = plan_canonical || ' '",
    )
    .execute(&pool)
    .await
    .unwrap();
    let error = store.get_change(id).await.unwrap_err();
    assert_eq!(error.to_string(), "chg-1: plan cannot be read");
    // Others are read in spite of it.
    let sound = propose(&store, "prod", ChangeState::Approved).await;
    let open = store.list_changes_in(&[ChangeState::Approved]).await.unwrap();
    assert_eq!(open.changes.iter().map(|change| change.id).collect::<Vec<_>>(), [sound.id]);
    assert_eq!(open.broken.iter().map(|broken| broken.id).collect::<Vec<_>>(), [id]);
}
