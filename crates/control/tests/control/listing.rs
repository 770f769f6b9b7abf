//! The list of instances, which is longer than its page.

use control::{
    Control, Error,
    instances::{Page, load_instances},
};
use domain::{
    ChangeState, Timestamp,
    agent::AgentState,
    instance::{CurrentAction, Instance, InstanceStatus},
    view::instance::{InstanceList, InstancePlace},
};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, operator, propose, viewer};

/// Declared, and nowhere declared: an alphabet would have it the other way round.
const POOLS: [&str; 2] = ["backend-pool", "aged-pool"];

/// Pool and instance, numbered: a hundred new ones of the first pool, and twenty of the second that nobody ever heard.
fn vm(number: usize, now: Timestamp) -> (String, Instance) {
    let old = number >= 100;
    let instance = Instance {
        name: format!("agent-{number:03}"),
        id: Some(number.to_string()),
        zone: format!("us-central1-{}", if number.is_multiple_of(2) { "c" } else { "a" }),
        group: "genesis-pool-backend-pool".to_owned(),
        status: InstanceStatus::Running,
        current_action: CurrentAction::None,
        template: None,
        address: None,
        created_at: Some(if old { now - chrono::TimeDelta::days(2) } else { now }),
        probe: None,
        last_error: None,
    };
    (POOLS[usize::from(old)].to_owned(), instance)
}

/// An environment of which so many are there, and their places in the list's order.
async fn listed(pool: PgPool) -> (Fixture, Vec<(String, Instance)>, Vec<InstancePlace>) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let applied = propose(control, &operator(), basic(&[])).await.unwrap();
    assert_eq!(Worker::start(control).await.finish(applied).await.state, ChangeState::Applied);
    let now = control.clock.now();
    let mut all: Vec<_> = (0..120).map(|number| vm(number, now)).collect();
    control.live.sync("dev", all.clone(), now);
    all.sort_by_key(|(pool, vm)| (pool != POOLS[0], vm.zone.clone(), vm.name.clone()));
    let place = |(pool, vm): &(String, Instance)| InstancePlace {
        pool: pool.clone(),
        zone: vm.zone.clone(),
        name: vm.name.clone(),
    };
    let places = all.iter().map(place).collect();
    (fixture, all, places)
}

async fn load(control: &Control, words: &str, page: Page<'_>) -> InstanceList {
    load_instances(control, &viewer(), Some("dev"), words, page).await.unwrap()
}

fn places(list: &InstanceList) -> Vec<InstancePlace> {
    list.rows.iter().map(InstancePlace::of).collect()
}

fn counted(list: &InstanceList) -> Vec<(AgentState, u32)> {
    let mut counts: Vec<_> = list.agents.iter().map(|one| (one.state, one.count)).collect();
    counts.sort_by_key(|(state, _)| state.as_str());
    counts
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_list_is_paged_both_ways_in_the_order_of_the_declaration(pool: PgPool) {
    let (fixture, _, all) = listed(pool).await;
    let control = &fixture.control;
    let first = load(control, "", Page::First).await;
    assert_eq!((first.total, first.found, first.earlier), (120, 120, 0));
    assert_eq!((places(&first), &first.previous), (all[..50].to_vec(), &None));
    let second = load(control, "", Page::After(first.next.as_ref().unwrap())).await;
    assert_eq!((places(&second), second.earlier), (all[50..100].to_vec(), 50));
    let third = load(control, "", Page::After(second.next.as_ref().unwrap())).await;
    assert_eq!((places(&third), third.earlier, &third.next), (all[100..].to_vec(), 100, &None));

    let back = load(control, "", Page::Before(third.previous.as_ref().unwrap())).await;
    assert_eq!((places(&back), back.earlier), (places(&second), 50));
    assert_eq!((&back.previous, &back.next), (&second.previous, &second.next));
    let start = load(control, "", Page::Before(back.previous.as_ref().unwrap())).await;
    assert_eq!((places(&start), start.earlier, start.previous), (places(&first), 0, None));
    // Less than a page is before it: the first page is whole all the same.
    assert_eq!(places(&load(control, "", Page::Before(&all[10])).await), places(&first));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_left_meanwhile_breaks_no_page(pool: PgPool) {
    let (fixture, vms, all) = listed(pool).await;
    let control = &fixture.control;
    let mut left = vms.clone();
    left.remove(49);
    control.live.sync("dev", left, control.clock.now());
    let after = load(control, "", Page::After(&all[49])).await;
    assert_eq!((places(&after), after.earlier), (all[50..100].to_vec(), 49));

    control.live.sync("dev", vms[..100].to_vec(), control.clock.now());
    let vanished = load(control, "", Page::After(&all[99])).await;
    assert_eq!((places(&vanished), vanished.earlier, vanished.next), (all[50..100].to_vec(), 50, None));
    assert!(vanished.previous.is_some());

    control.live.sync("dev", Vec::new(), control.clock.now());
    for page in [Page::First, Page::After(&all[49]), Page::Before(&all[49])] {
        let empty = load(control, "", page).await;
        assert_eq!((empty.total, empty.found, empty.earlier), (0, 0, 0), "{page:?}");
        assert_eq!((empty.rows, empty.previous, empty.next), (vec![], None, None), "{page:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn words_leave_some_and_the_tally_is_of_all_states(pool: PgPool) {
    let (fixture, _, all) = listed(pool).await;
    let control = &fixture.control;
    let both = [(AgentState::Silent, 20), (AgentState::Starting, 100)];
    let silent = load(control, "state:silent", Page::First).await;
    assert_eq!((silent.total, silent.found, places(&silent)), (120, 20, all[100..].to_vec()));
    assert_eq!((counted(&silent), silent.next), (both.to_vec(), None));
    assert_eq!(load(control, "age>1d", Page::First).await.found, 20);
    assert_eq!(load(control, "pool:aged-pool agent-10", Page::First).await.found, 10);

    let zone = "zone:us-central1-a";
    let first = load(control, zone, Page::First).await;
    assert_eq!(
        (first.found, counted(&first)),
        (60, vec![(AgentState::Silent, 10), (AgentState::Starting, 50)])
    );
    let rest = load(control, zone, Page::After(first.next.as_ref().unwrap())).await;
    let of_zone: Vec<_> = all.iter().filter(|place| place.zone.ends_with("-a")).cloned().collect();
    assert_eq!([places(&first), places(&rest)].concat(), of_zone);

    let unreadable = load(control, "size:4", Page::First).await;
    assert_eq!((unreadable.total, unreadable.found, counted(&unreadable)), (120, 0, both.to_vec()));
    assert_eq!((unreadable.rows, unreadable.next), (vec![], None));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_an_environment_there_is_no_instance(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let list = load_instances(control, &viewer(), None, "", Page::First).await.unwrap();
    assert_eq!((list.total, list.rows, list.agents), (0, vec![], vec![]));
    let error = load_instances(control, &viewer(), Some("dev"), "", Page::First).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}
