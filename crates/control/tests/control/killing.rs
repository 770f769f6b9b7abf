//! Killed at every place where a process may die, another one finishes what it began: each step has one effect and one word
//! in the log. The places are dealt to a few tests, so that they run side by side.

use std::collections::BTreeMap;

use compute_emulator::Config;
use control::{
    Clock, Control, changes, planning,
    reconcile::{Checkpoints, Stopped},
};
use domain::{ChangeId, ChangeState, audit::AuditAction as Did, change::Change, view::import::Reading};
use sqlx::PgPool;

use crate::fixture::{
    Fixture, PROJECT, REGION, Worker, assert_chain, basic, events, operator, restarted, with_agents,
};

const TESTS: i64 = 4;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_at_every_first_place_of_four_it_is_finished_by_another(pool: PgPool) {
    deal(pool, 0).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_at_every_second_place_of_four_it_is_finished_by_another(pool: PgPool) {
    deal(pool, 1).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_at_every_third_place_of_four_it_is_finished_by_another(pool: PgPool) {
    deal(pool, 2).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_at_every_fourth_place_of_four_it_is_finished_by_another(pool: PgPool) {
    deal(pool, 3).await;
}

/// Each run has an emptied database and a project of its own, until one is so long that nobody kills it.
async fn deal(pool: PgPool, first: i64) {
    let config = Config { clock_rate: 1000.0, ..with_agents() };
    let fixture = Fixture::with(pool.clone(), config, Clock::System).await;
    let mut places = 0;
    for place in (first..).step_by(usize::try_from(TESTS).unwrap()) {
        empty(&pool).await;
        if !killed_at(&fixture, place).await {
            break;
        }
        places += 1;
    }
    // The basic example has nine steps of eight places.
    assert!(places * TESTS >= 50, "only {places} places were tried");
}

/// False: it was over before the place was reached.
async fn killed_at(fixture: &Fixture, place: i64) -> bool {
    let project = format!("killed-at-{place:03}");
    let control = &fixture.control;
    // The longest grace there is: at this rate of the clock it is less than four seconds.
    let patient = ("max_replicas  = 5", "max_replicas  = 5\n      health_check_initial_delay = 3600");
    let input = basic(&[(PROJECT, &project), patient]);
    let Reading::Complete { desired } = terraform::read(&input) else { panic!("a complete import") };
    let planned = planning::plan_fleet(control, *desired).await.unwrap();
    let id = changes::propose(control, &operator(), planned, "a fleet", "").await.unwrap();
    let (finished, killed) = killed_and_followed(control, id, place).await;

    let steps = finished.revision.plan.actions.len();
    let operations = fixture.operations(&project).await;
    assert_eq!(operations.len(), steps, "at place {place}: {operations:?}");
    assert!(operations.iter().all(|(kind, _)| kind.ends_with("insert")), "at place {place}: {operations:?}");
    let mut targets: Vec<_> = operations.iter().map(|(_, target)| target).collect();
    targets.dedup();
    assert_eq!(targets.len(), steps, "at place {place}: {operations:?}");
    assert_eq!(fixture.vms(&project).await.len(), 2, "at place {place}");

    assert_told_once(control, &finished, place).await;
    retire(fixture, &project).await;
    killed
}

/// Works on the change until a process dies at the place, then with another one until it is applied. Nobody leads afterwards.
/// False: it was over before the place was reached.
pub(crate) async fn killed_and_followed(control: &Control, id: ChangeId, place: i64) -> (Change, bool) {
    let mut doomed = Worker::dying(control, Checkpoints::die_at(place)).await;
    let killed = match doomed.until(id, |change| change.state.is_terminal()).await {
        Ok(_) => false,
        Err(Stopped::Killed) => true,
        Err(other) => panic!("at place {place}: {other:?}"),
    };
    drop(doomed);

    let next = restarted(control);
    depose(&next).await;
    let finished = Worker::start(&next).await.finish(id).await;
    assert_eq!(finished.state, ChangeState::Applied, "at place {place}: {:?}", finished.outcome);
    depose(&next).await;
    (finished, killed)
}

/// Its lease need not be waited for: that it ends by time is the store's test.
pub(crate) async fn depose(control: &Control) {
    let epoch = control.store.get_leadership().await.unwrap().epoch;
    control.store.release_leadership(epoch).await.unwrap();
}

/// One word in the log for each thing that was done, and one thing done for each step.
pub(crate) async fn assert_told_once(control: &Control, finished: &Change, place: i64) {
    let (id, steps) = (finished.id, finished.revision.plan.actions.len());
    let mut said: BTreeMap<_, usize> = BTreeMap::new();
    for event in events(control, id).await {
        *said.entry((event.action.as_str(), event.object)).or_default() += 1;
    }
    assert!(said.values().all(|times| *times == 1), "at place {place}: {said:?}");
    for (did, times) in [
        (Did::ClaimChange, 1),
        (Did::IntendOperation, steps),
        (Did::FinishOperation, steps),
        (Did::FinishChange, 1),
    ] {
        let count = said.keys().filter(|(action, _)| *action == did.as_str()).count();
        assert_eq!(count, times, "at place {place}: {did:?}");
    }
    assert_chain(control).await;
}

/// Agents that nobody looks at any more would slow the next ones down.
async fn retire(fixture: &Fixture, project: &str) {
    for collection in ["autoscalers", "instanceGroupManagers"] {
        let list = fixture.get(project, &format!("regions/{REGION}/{collection}")).await;
        for item in list["items"].as_array().into_iter().flatten() {
            let url = item["selfLink"].as_str().expect("a link");
            let (_, path) = url.split_once(&format!("/{project}/")).expect("a path in the project");
            fixture.delete(project, path).await;
        }
    }
}

/// Quicker than a new database. The triggers that keep histories are the store's test, not in the way of this one.
async fn empty(pool: &PgPool) {
    let mut tx = pool.begin().await.unwrap();
    for statement in [
        "ALTER TABLE audit_events DISABLE TRIGGER USER",
        "ALTER TABLE audit_head DISABLE TRIGGER USER",
        "ALTER TABLE change_revisions DISABLE TRIGGER USER",
        "ALTER TABLE votes DISABLE TRIGGER USER",
        "ALTER TABLE budgets DISABLE TRIGGER USER",
        "ALTER TABLE run_intervals DISABLE TRIGGER USER",
        "TRUNCATE template_deletions, template_versions, run_intervals, budget_notices, budgets, autoscaling_samples, \
             votes, audit_events, heartbeats, instances, pools, templates, environments, operations, \
             change_revisions, changes",
        "UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')",
        "UPDATE leadership SET holder = NULL, expires_at = now()",
        "ALTER TABLE audit_events ENABLE TRIGGER USER",
        "ALTER TABLE audit_head ENABLE TRIGGER USER",
        "ALTER TABLE change_revisions ENABLE TRIGGER USER",
        "ALTER TABLE votes ENABLE TRIGGER USER",
        "ALTER TABLE budgets ENABLE TRIGGER USER",
        "ALTER TABLE run_intervals ENABLE TRIGGER USER",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}
