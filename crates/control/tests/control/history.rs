//! What an agent's failure is told with: since when, what changed in the half hour before, and what came of it since.

use chrono::TimeDelta;
use control::{Clock, Error, commands, fleet, health, instances, live_sync, timeline};
use domain::{
    ChangeState, agent::AgentState, alert::AlertKind, audit::AuditAction as Did, incident::Cause,
    view::health::Source,
};
use sqlx::PgPool;
use store::{HealthTransition, NewIncident};

use crate::{
    fixture::{Fixture, Worker, basic, eventually, operator, propose, stop, viewer, with_agents},
    watching::heartbeat,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agent_that_falls_silent_is_told_with_the_change_of_the_half_hour_before(pool: PgPool) {
    let fixture = Fixture::with(pool, with_agents(), Clock::manual(Clock::System.now())).await;
    let control = &fixture.control;
    let fixed = ("enable_autoscaling = true", "enable_autoscaling = false");
    let first = propose(control, &operator(), basic(&[fixed])).await.unwrap();
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(first).await.state, ChangeState::Applied);
    control.clock.advance(TimeDelta::minutes(40));
    let three = ("target_size   = 2", "target_size   = 3");
    let second = propose(control, &operator(), basic(&[fixed, three])).await.unwrap();
    assert_eq!(worker.finish(second).await.state, ChangeState::Applied);

    // What is judged of all agents together is of no fleet whose own all speak.
    let cause = Cause::Alert(AlertKind::MissedHeartbeats);
    let at = control.clock.now();
    let new = NewIncident { environment: None, cause: &cause, title: "t", why: "w", at };
    let mut tx = control.store.begin().await.unwrap();
    tx.open_incident(&new).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(fleet::load_fleet(control, &viewer(), Some("dev")).await.unwrap().incidents, []);

    live_sync::start(control);
    control.live.first_reading().await;
    let vm = control.live.rows("dev").remove(0).instance;
    let (zone, name, vm_id) = (vm.zone.as_str(), vm.name.as_str(), vm.id.clone().unwrap());
    control.live.beat("dev", name, &vm_id, heartbeat("b", 1), control.clock.now()).unwrap();
    let well = health::load_instance_history(control, &viewer(), zone, name, true).await.unwrap();
    assert_eq!((well.fails_since, well.since.len()), (None, 0), "of one that is well nothing came");
    control.clock.advance(TimeDelta::seconds(31));
    let silent = eventually("the silence to be kept", || async {
        let passed = control.store.list_health_transitions("dev", name, 9).await.unwrap();
        passed.into_iter().find(|one| one.after == AgentState::Silent)
    })
    .await;

    let history = health::load_instance_history(control, &viewer(), zone, name, true).await.unwrap();
    assert_eq!((history.fails_since, history.before_until), (Some(silent.at), silent.at));
    assert_eq!(history.incidents, [], "no page of a VM but one that is held");
    let fleet = fleet::load_fleet(control, &viewer(), Some("dev")).await.unwrap();
    assert_eq!(fleet.incidents.len(), 1, "one of its own is silent");
    let before = &history.before;
    let finished = format!("finished {second}");
    let told = before.iter().find(|one| one.sentence.contains(&finished)).expect("the change of before");
    assert_eq!((told.source, told.change), (Source::Change, Some(second)));
    assert!(told.at < silent.at, "{told:?}");
    assert!(before.iter().all(|one| one.change != Some(first)), "too long ago: {before:?}");
    assert!(before.iter().any(|one| one.sentence.ends_with("to silent")), "{before:?}");

    let first_few = health::load_instance_history(control, &viewer(), zone, name, false).await.unwrap();
    assert!(first_few.before.len() <= 10, "{first_few:?}");
    let left_out = usize::try_from(first_few.earlier).unwrap();
    assert_eq!(first_few.before, before[left_out..], "the newest of them");
    assert_eq!((history.earlier, history.hour.tasks.len()), (0, 60));

    // What is done about it since is told, and nothing that stands before it.
    control.clock.advance(TimeDelta::seconds(2));
    commands::restart_agent(control, &operator(), zone, name).await.unwrap();
    let later = health::load_instance_history(control, &viewer(), zone, name, false).await.unwrap();
    let asked = format!("asked {name} to restart");
    assert!(later.since.iter().any(|one| one.sentence.ends_with(&asked)), "{:?}", later.since);
    assert!(later.since.iter().all(|one| one.at > silent.at), "{:?}", later.since);
    assert_eq!((later.fails_since, later.since_earlier), (Some(silent.at), 0));

    let now = instances::load_instance(control, &viewer(), zone, name).await.unwrap();
    assert_eq!(now.fails_since, Some(silent.at));
    assert!(now.machine_type.is_some(), "{now:?}");

    // Of one that left, what is kept is told.
    let gone = "agent-backend-pool-gone";
    let mut tx = control.store.begin().await.unwrap();
    let passed = HealthTransition { name: gone.to_owned(), after: AgentState::Gone, ..silent.clone() };
    tx.record_health(&[passed]).await.unwrap();
    tx.commit().await.unwrap();
    let left = instances::load_instance(control, &viewer(), zone, gone).await.unwrap_err().to_string();
    let named = format!("instance {gone} in {zone} has left pool backend-pool of dev: ");
    assert!(left.starts_with(&named) && left.ends_with(". It does not exist"), "{left}");
    let never = instances::load_instance(control, &viewer(), "us-central1-z", gone).await.unwrap_err();
    assert_eq!(never.to_string(), format!("instance {gone} in us-central1-z does not exist"));

    // The pool tells it too, with what is its own of the log and nothing else.
    let of = async |pool: &str, before| {
        timeline::load_pool_timeline(control, &viewer(), "dev", pool, before).await
    };
    let told = of("backend-pool", None).await.unwrap();
    assert!(told.events.is_sorted_by(|newer, older| newer.seq > older.seq), "newest first");
    let has = |action, object: &str| {
        told.events.iter().any(|event| event.action == action && event.object == object)
    };
    assert!(has(Did::FallSilent, name));
    for id in [first, second] {
        assert!(has(Did::ProposeChange, &id.to_string()) && has(Did::FinishChange, &id.to_string()), "{id}");
    }
    assert!(has(Did::FinishOperation, "create instance group genesis-pool-backend-pool"));
    let strange = told.events.iter().find(|event| {
        event.action == Did::IntendOperation
            || event.action == Did::SignIn
            || event.object.contains("instance template")
    });
    assert_eq!(strange, None);
    assert_eq!((told.next, told.reached), (None, None), "to the first event");
    let half_hour = told.before_failing.as_ref().expect("what came before");
    assert!(half_hour.until <= silent.at && half_hour.since == half_hour.until - TimeDelta::minutes(30));
    assert!(half_hour.happenings.iter().any(|one| one.change == Some(second)), "{half_hour:?}");
    assert!(half_hour.happenings.iter().all(|one| one.change != Some(first)), "{half_hour:?}");

    let older = of("backend-pool", Some(told.events[0].seq)).await.unwrap();
    assert_eq!(older.events, told.events[1..], "a page goes on where the one before it ended");
    assert_eq!(older.before_failing, None);
    let end = of("backend-pool", Some(told.events.last().unwrap().seq)).await.unwrap();
    assert_eq!((end.events, end.next), (vec![], None));
    let missing = of("nowhere", None).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound(_)), "{missing}");
    stop(control).await;
}
