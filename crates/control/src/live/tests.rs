use domain::{
    agent::AgentState,
    heartbeat::{HeartbeatMetrics, HeartbeatStatus},
    instance::{CurrentAction, InstanceStatus, ProbeHealth},
};

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn instance(name: &str, id: &str) -> Instance {
    Instance {
        name: name.into(),
        id: Some(id.into()),
        zone: "us-central1-a".into(),
        group: "g".into(),
        status: InstanceStatus::Running,
        current_action: CurrentAction::None,
        template: Some("t".into()),
        address: None,
        created_at: Some(at(0)),
        probe: None,
        last_error: None,
    }
}

fn heartbeat(boot: &str, sequence: u64) -> Heartbeat {
    Heartbeat {
        boot_id: boot.into(),
        sequence,
        uptime_seconds: sequence * 10,
        version: "0.1.0".into(),
        status: HeartbeatStatus::Healthy,
        agent_type: "backend-developer".into(),
        environment: "dev".into(),
        metrics: HeartbeatMetrics {
            tasks_completed_total: 0,
            cpu_utilization_percent: 0.0,
            memory_usage_bytes: 0,
            disk_usage_percent: 0.0,
        },
    }
}

fn fleet() -> Live {
    let live = Live::new(1, Thresholds::default());
    live.sync("dev", vec![("web".into(), instance("a", "7"))], at(0));
    live
}

#[test]
fn a_heartbeat_turns_a_starting_agent_healthy_and_silence_turns_it_silent() {
    let live = fleet();
    assert_eq!(live.rows("dev")[0].agent, AgentState::Starting);
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    assert_eq!(live.rows("dev")[0].agent, AgentState::Healthy);
    live.tick(at(60));
    assert_eq!(live.rows("dev")[0].agent, AgentState::Silent);
}

#[test]
fn silence_is_seen_at_the_first_look_after_its_moment() {
    let live = fleet();
    let state = || live.rows("dev")[0].agent;
    let look = |milliseconds: i64| {
        live.tick(at(0) + chrono::TimeDelta::milliseconds(milliseconds));
        state()
    };
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    let seen = [16_000, 16_250, 31_000, 31_250].map(look);
    let expected = [AgentState::Healthy, AgentState::Late, AgentState::Late, AgentState::Silent];
    assert_eq!(seen, expected);

    // What a row waits for is another moment once it has spoken again, or its pool has other patience.
    live.beat("dev", "a", "7", heartbeat("b", 2), at(40)).unwrap();
    assert_eq!(look(55_000), AgentState::Healthy);
    let hasty = Thresholds { late_after_seconds: 5, silent_after_seconds: 10, ..Thresholds::default() };
    live.set_thresholds("dev", vec![("web".into(), hasty)]);
    assert_eq!(look(55_001), AgentState::Silent);
    live.set_thresholds("dev", vec![]);
    assert_eq!(look(55_001), AgentState::Late, "it was heard, so nothing holds it silent");
}

#[test]
fn a_replayed_heartbeat_and_an_earlier_boot_are_refused() {
    let live = fleet();
    live.beat("dev", "a", "7", heartbeat("b", 2), at(1)).unwrap();
    assert_eq!(live.beat("dev", "a", "7", heartbeat("b", 2), at(2)), Err(BeatRefused::Replayed));
    live.beat("dev", "a", "7", heartbeat("c", 1), at(3)).unwrap();
    assert_eq!(live.beat("dev", "a", "7", heartbeat("b", 3), at(4)), Err(BeatRefused::Replayed));
}

#[test]
fn an_instance_that_is_in_no_pool_is_refused_also_under_a_known_name() {
    let live = fleet();
    assert_eq!(live.beat("dev", "a", "8", heartbeat("b", 1), at(1)), Err(BeatRefused::NotInPool));
    assert_eq!(live.beat("dev", "z", "7", heartbeat("b", 1), at(1)), Err(BeatRefused::NotInPool));
}

#[test]
fn what_the_store_was_not_told_comes_back_unless_newer_came() {
    let live = fleet();
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    let batch = live.take_pending();
    assert!(live.take_pending().is_empty());
    live.beat("dev", "a", "7", heartbeat("b", 2), at(2)).unwrap();
    live.put_back(batch);
    let again = live.take_pending();
    assert_eq!(again.iter().map(|one| one.last.heartbeat.sequence).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_restart_keeps_refusing_what_was_already_seen() {
    let live = fleet();
    live.beat("dev", "a", "7", heartbeat("b", 5), at(1)).unwrap();
    let stored = live.take_pending();
    let next = Live::new(2, Thresholds::default());
    next.restore(stored);
    next.sync("dev", vec![("web".into(), instance("a", "7"))], at(2));
    assert_eq!(next.rows("dev")[0].agent, AgentState::Healthy);
    assert_eq!(next.beat("dev", "a", "7", heartbeat("b", 5), at(3)), Err(BeatRefused::Replayed));
}

#[test]
fn a_restart_makes_nobody_silent_and_wakes_nobody() {
    let live = fleet();
    live.beat("dev", "a", "7", heartbeat("b", 5), at(1)).unwrap();
    let stored = live.take_pending();
    let known = |state| KnownHealth {
        environment: "dev".into(),
        name: "a".into(),
        instance_id: Some("7".into()),
        state,
    };
    for (before, after) in
        [(AgentState::Healthy, AgentState::Healthy), (AgentState::Silent, AgentState::Silent)]
    {
        let next = Live::new(2, Thresholds::default());
        next.listen_from(at(600));
        next.restore(stored.clone());
        next.restore_health(vec![known(before)]);
        next.sync("dev", vec![("web".into(), instance("a", "7"))], at(600));
        assert_eq!(next.rows("dev")[0].agent, after);
        assert_eq!(next.take_transitions(), [], "nothing passed");
        next.beat("dev", "a", "7", heartbeat("b", 6), at(601)).unwrap();
        assert_eq!(next.rows("dev")[0].agent, AgentState::Healthy);
        next.tick(at(632));
        assert_eq!(next.rows("dev")[0].agent, AgentState::Silent);
    }
}

#[test]
fn each_passing_is_told_once() {
    let live = fleet();
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    live.beat("dev", "a", "7", heartbeat("b", 2), at(11)).unwrap();
    live.tick(at(60));
    let passed: Vec<_> = live.take_transitions().iter().map(|one| (one.before, one.after)).collect();
    let expected = [
        (None, AgentState::Starting),
        (Some(AgentState::Starting), AgentState::Healthy),
        (Some(AgentState::Healthy), AgentState::Silent),
    ];
    assert_eq!(passed, expected);
    assert_eq!(live.take_transitions(), []);
}

#[test]
fn an_agent_that_speaks_before_its_first_probe_starts_once() {
    let live = Live::new(1, Thresholds::default());
    let list = |current_action, probe, seconds| {
        let vm = Instance { current_action, probe: Some(probe), ..instance("a", "7") };
        live.sync("dev", vec![("web".into(), vm)], at(seconds));
    };
    list(CurrentAction::Creating, ProbeHealth::Unknown, 0);
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    list(CurrentAction::Verifying, ProbeHealth::Timeout, 2);
    list(CurrentAction::None, ProbeHealth::Healthy, 4);
    let passed: Vec<_> = live.take_transitions().iter().map(|one| (one.before, one.after)).collect();
    assert_eq!(passed, [(None, AgentState::Starting), (Some(AgentState::Starting), AgentState::Healthy)]);
}

#[test]
fn a_pool_s_own_thresholds_hold() {
    let live = fleet();
    let patient = Thresholds { late_after_seconds: 100, ..Thresholds::default() };
    live.set_thresholds("dev", vec![("web".into(), Thresholds { silent_after_seconds: 200, ..patient })]);
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    live.tick(at(60));
    assert_eq!(live.rows("dev")[0].agent, AgentState::Healthy);
    live.tick(at(202));
    assert_eq!(live.rows("dev")[0].agent, AgentState::Silent);
}

#[test]
fn boots_that_ended_before_a_restart_stay_refused() {
    let live = fleet();
    live.beat("dev", "a", "7", heartbeat("b", 5), at(1)).unwrap();
    live.beat("dev", "a", "7", heartbeat("c", 1), at(2)).unwrap();
    let next = Live::new(2, Thresholds::default());
    next.restore(live.take_pending());
    next.sync("dev", vec![("web".into(), instance("a", "7"))], at(3));
    assert_eq!(next.beat("dev", "a", "7", heartbeat("b", 6), at(3)), Err(BeatRefused::Replayed));
    next.beat("dev", "a", "7", heartbeat("c", 2), at(3)).unwrap();
}

#[test]
fn of_two_incarnations_the_one_that_spoke_last_is_restored() {
    let earlier = fleet();
    earlier.beat("dev", "a", "7", heartbeat("b", 1), at(9)).unwrap();
    let mut stored = earlier.take_pending();
    let mut before = stored[0].clone();
    before.instance_id = "8".into();
    before.last.received_at = at(1);
    stored.push(before);
    let next = Live::new(2, Thresholds::default());
    next.restore(stored);
    next.sync("dev", vec![("web".into(), instance("a", "7"))], at(10));
    assert_eq!(next.rows("dev")[0].agent, AgentState::Healthy);
}

#[test]
fn an_incarnation_is_found_also_where_two_environments_share_a_name() {
    let live = fleet();
    live.sync("development", vec![("web".into(), instance("a", "8"))], at(0));
    for (id, environment) in [("7", "dev"), ("8", "development")] {
        let row = live.find_incarnation("us-central1-a", "a", id).unwrap();
        assert_eq!(row.environment, environment);
    }
    assert!(live.find_incarnation("us-central1-a", "a", "9").is_none());
}

#[test]
fn the_agents_of_all_environments_are_counted_by_state_and_found_by_name() {
    let live = fleet();
    live.sync("test", ["b", "ab"].map(|name| ("web".to_owned(), instance(name, name))).into(), at(0));
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    let counts: Vec<_> = live.count_agents().iter().map(|one| (one.state, one.count)).collect();
    assert_eq!(counts, [(AgentState::Starting, 2), (AgentState::Healthy, 1)]);
    let named = |most, part: &str| {
        let found = live.find_named(most, |name| name.contains(part)).into_iter();
        found.map(|row| (row.environment, row.instance.name)).collect::<Vec<_>>()
    };
    let (first, second) = (("dev".to_owned(), "a".to_owned()), ("test".to_owned(), "ab".to_owned()));
    assert_eq!(named(9, "a"), [first.clone(), second]);
    assert_eq!(named(1, "a"), [first]);
    assert!(named(9, "c").is_empty());
}

#[test]
fn a_subscriber_resumes_after_its_last_event_and_a_stranger_is_told_to_load_again() {
    let live = fleet();
    let (Backlog::Events(all), _) = live.subscribe(Some(EventId { epoch: 1, number: 0 })) else {
        panic!("the log holds everything since the start")
    };
    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    let (Backlog::Events(missed), _) = live.subscribe(Some(all.last().unwrap().id)) else {
        panic!("the log holds everything since the start")
    };
    assert_eq!(missed.len(), 1);
    for stranger in [EventId { epoch: 9, number: 1 }, EventId { epoch: 1, number: u64::MAX }] {
        let (backlog, _) = live.subscribe(Some(stranger));
        assert!(matches!(backlog, Backlog::Gap(_)), "{stranger}");
    }
}

type Passing = (String, Option<AgentState>, Option<AgentState>);

fn passings(event: &Event) -> Vec<Passing> {
    match &event.news {
        News::Instances(deltas) => {
            deltas.iter().map(|delta| (delta.name.clone(), delta.before, delta.after)).collect()
        }
        _ => Vec::new(),
    }
}

/// What everybody was told since the start, event by event.
fn told(live: &Live) -> Vec<Vec<Passing>> {
    let (Backlog::Events(events), _) = live.subscribe(Some(EventId { epoch: 1, number: 0 })) else {
        panic!("the log holds everything since the start")
    };
    events.iter().map(|event| passings(event)).collect()
}

#[test]
fn everybody_is_told_of_another_state_and_who_names_the_instance_of_each_heartbeat() {
    let live = fleet();
    let row_of = |environment: &str, name: &str, after| {
        live.changed_rows(&[(environment.to_owned(), name.to_owned())], after)
    };
    let named = |name: &str, after| row_of("dev", name, after);
    let (rows, loaded) = named("a", 0);
    assert_eq!((rows.len(), rows[0].agent), (1, AgentState::Starting));
    let (starting, healthy) = (Some(AgentState::Starting), Some(AgentState::Healthy));
    for sequence in 1..=3 {
        live.beat("dev", "a", "7", heartbeat("b", sequence), at(10)).unwrap();
    }
    assert_eq!(
        told(&live),
        [vec![("a".to_owned(), None, starting)], vec![("a".to_owned(), starting, healthy)]]
    );
    let (rows, heard) = named("a", loaded);
    assert_eq!(rows[0].last_heartbeat.as_ref().unwrap().heartbeat.sequence, 3);
    assert_eq!(named("a", heard), (vec![], heard), "nothing came since");
    assert_eq!(named("z", 0), (vec![], heard));
    assert_eq!(row_of("test", "a", 0), (vec![], heard));

    live.sync("dev", vec![("batch".into(), instance("a", "7"))], at(11));
    let moved = vec![("a".to_owned(), healthy, None), ("a".to_owned(), None, healthy)];
    assert_eq!(told(&live).pop().unwrap(), moved, "it left one pool and came to another");
    live.sync("dev", vec![], at(12));
    assert_eq!(told(&live).pop().unwrap(), [("a".to_owned(), healthy, None)]);
}

#[test]
fn where_agents_are_is_found_once_until_one_of_them_passes_comes_or_leaves() {
    let live = fleet();
    let states = |places: &Places| -> Vec<(String, AgentState)> {
        let agents = places.get("web").and_then(|zones| zones.get("us-central1-a"));
        agents.into_iter().flat_map(|all| all.iter()).map(|one| (one.name.clone(), one.state)).collect()
    };
    let starting = live.places("dev");
    assert_eq!(states(&starting), [("a".to_owned(), AgentState::Starting)]);
    assert!(Arc::ptr_eq(&starting, &live.places("dev")));
    assert!(live.places("test").is_empty());

    live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
    let healthy = live.places("dev");
    assert_eq!(states(&healthy), [("a".to_owned(), AgentState::Healthy)]);
    live.beat("dev", "a", "7", heartbeat("b", 2), at(2)).unwrap();
    live.tick(at(3));
    live.sync("test", vec![("web".into(), instance("t", "9"))], at(3));
    live.sync("dev", vec![("web".into(), instance("a", "7"))], at(3));
    assert!(Arc::ptr_eq(&healthy, &live.places("dev")), "nobody of them moved");
    assert_eq!(states(&live.places("test")), [("t".to_owned(), AgentState::Starting)]);

    live.tick(at(60));
    assert_eq!(states(&live.places("dev")), [("a".to_owned(), AgentState::Silent)]);
    let fleet = ["c", "b", "a"].map(|name| ("web".to_owned(), instance(name, "7")));
    live.sync("dev", fleet.into(), at(60));
    let names: Vec<_> = states(&live.places("dev")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"], "by name");
    live.sync("dev", vec![], at(61));
    assert!(live.places("dev").is_empty());
    assert_eq!(states(&live.places("test")).len(), 1);
}

#[test]
fn passings_are_told_together_and_none_is_lost() {
    let live = Live::new(1, Thresholds::default());
    let names: Vec<String> = (0..1200).map(|number| format!("web-{number:04}")).collect();
    live.sync("dev", names.iter().map(|name| ("web".into(), instance(name, name))).collect(), at(0));
    let (_, mut heard) = live.subscribe(None);
    for name in &names {
        live.beat("dev", name, name, heartbeat("b", 1), at(1)).unwrap();
    }
    assert!(heard.try_recv().is_err(), "they wait for each other");
    live.tick(at(1));
    let events: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
    let passed: Vec<_> = events.iter().map(|event| passings(event)).collect();
    assert_eq!(passed.iter().map(Vec::len).collect::<Vec<_>>(), [500, 500, 200]);
    let (starting, healthy) = (Some(AgentState::Starting), Some(AgentState::Healthy));
    let expected: Vec<_> = names.iter().map(|name| (name.clone(), starting, healthy)).collect();
    assert_eq!(passed.concat(), expected);
    live.tick(at(1));
    assert!(heard.try_recv().is_err(), "each is told once");

    // Other news come after what passed before them.
    live.tick(at(40));
    live.beat("dev", "web-0000", "web-0000", heartbeat("b", 2), at(41)).unwrap();
    live.pools_changed("dev");
    let events: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
    let [.., last, pools] = &events[..] else { panic!("{events:?}") };
    assert_eq!(passings(last), [("web-0000".to_owned(), Some(AgentState::Silent), healthy)]);
    assert!(matches!(pools.news, News::Pools));
}

#[test]
fn the_log_lets_go_of_the_oldest_by_what_they_weigh() {
    let live = Live::new(1, Thresholds::default());
    let fleet: Vec<_> =
        (0..5000).map(|number| ("web".to_owned(), instance(&number.to_string(), "7"))).collect();
    for _ in 0..3 {
        live.sync("dev", fleet.clone(), at(0));
        live.sync("dev", vec![], at(0));
    }
    let came = |event: &Vec<Passing>| event.iter().filter(|(_, before, _)| before.is_none()).count();
    assert_eq!(told(&live).iter().map(came).sum::<usize>(), 15_000);
    live.sync("dev", fleet, at(0));
    let (backlog, _) = live.subscribe(Some(EventId { epoch: 1, number: 0 }));
    assert!(matches!(backlog, Backlog::Gap(_)));
    let (Backlog::Begin(head), _) = live.subscribe(None) else { panic!("nothing was heard before") };
    let (backlog, _) = live.subscribe(Some(head));
    assert!(matches!(backlog, Backlog::Events(missed) if missed.is_empty()));
}
