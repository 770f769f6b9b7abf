//! Costs accrue from what was seen to run, survive a restart, and cross a budget's thresholds once.

use chrono::TimeDelta;
use control::{Clock, Control, Error, costs, fleet, reconcile};
use domain::{Role, Timestamp, audit::AuditAction, cost::Money, plan::FieldChange, view::costs::CostsView};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, operator, person, propose, restarted, viewer, with_agents};

/// A Tuesday before noon, far from the month's ends.
fn start() -> Timestamp {
    Timestamp::from_timestamp(1_794_909_600, 0).unwrap()
}

async fn running(pool: PgPool) -> (Fixture, Worker) {
    let fixture = Fixture::with(pool, with_agents(), Clock::manual(start())).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    worker.finish(id).await;
    (fixture, worker)
}

async fn now(control: &Control) -> CostsView {
    costs::load_costs(control, &viewer(), Some("dev"), None).await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_vms_cost_what_the_list_says_over_a_restart(pool: PgPool) {
    let (fixture, mut worker) = running(pool).await;
    let control = &fixture.control;
    worker.round().await.unwrap();
    let before = now(control).await;
    assert_eq!(before.running, 2);
    // Twice e2-standard-2, 20 and 50 GB of pd-ssd, an address.
    assert_eq!(before.now_monthly.words(), "$129");

    // The process dies; another one sees the same VMs an hour later.
    let epoch = worker.leader.epoch();
    drop(worker);
    let control = restarted(control);
    control.clock.advance(TimeDelta::hours(1));
    control.store.release_leadership(epoch).await.unwrap();
    let mut worker = Worker::start(&control).await;
    worker.round().await.unwrap();
    let after = now(&control).await;
    let seconds = after.total.seconds - before.total.seconds;
    // Two VMs for an hour and the rounds' part of a second.
    assert!((7200..=7206).contains(&seconds), "{seconds}");
    assert_eq!(after.total.unknown_seconds, 0);
    assert_eq!(after.total.on_demand, after.total.total);
    let parts = after.total.machines + after.total.disks + after.total.addresses;
    assert!((parts - after.total.total).nanos().abs() <= 2, "rounded apart, at most");
    assert_eq!(after.pools.len(), 1);
    assert_eq!(after.pools[0].spend.total, after.total.total);
    assert_eq!(after.days.iter().map(|day| day.spend.seconds).sum::<i64>(), after.total.seconds);
    let hour = Money::from_nanos(after.now_monthly.known.nanos() / 730);
    assert!((after.total.total - before.total.total - hour).nanos().abs() < hour.nanos() / 500);

    // A second look at the same adds nothing but its time.
    worker.round().await.unwrap();
    let again = now(&control).await;
    assert!(
        again.total.seconds - after.total.seconds <= 4,
        "{} {}",
        again.total.seconds,
        after.total.seconds
    );

    let csv = costs::export_costs(&control, &viewer(), "dev", start().date_naive()).await.unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("backend-pool,backend-developer,e2-standard-2,standard,"), "{csv}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_budget_s_thresholds_are_noticed_once_and_by_whoever_leads(pool: PgPool) {
    let (fixture, mut worker) = running(pool).await;
    let control = &fixture.control;
    let admin = person("ada", &[Role::Admin]);
    let refused = costs::set_budget(control, &operator(), "dev", 0, "1").await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden(_)), "{refused}");
    costs::set_budget(control, &admin, "dev", 0, "1").await.unwrap();
    let stale = costs::set_budget(control, &admin, "dev", 0, "2").await.unwrap_err();
    assert!(matches!(&stale, Error::Precondition(why) if why.contains("is $1.00 a month now")), "{stale}");
    let same = costs::set_budget(control, &admin, "dev", 1, "1.00").await.unwrap_err();
    assert!(matches!(same, Error::Conflict(_)), "{same}");

    // Two VMs cost $0.18 an hour: half a dollar takes three hours.
    assert_eq!(reconcile::costs::reconcile(control, &worker.leader).await.unwrap().crossed, 0);
    assert_eq!(fleet::load_fleet(control, &viewer(), None).await.unwrap().budget_notice, None);
    control.clock.advance(TimeDelta::hours(3));
    worker.round().await.unwrap();
    let crossed = reconcile::costs::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!((crossed.budgets, crossed.crossed), (1, 1));
    assert_eq!(reconcile::costs::reconcile(control, &worker.leader).await.unwrap().crossed, 0);
    let view = fleet::load_fleet(control, &viewer(), None).await.unwrap();
    let spend = view.spend.unwrap();
    assert_eq!((spend.budget, spend.days.len(), spend.unpriced), (Some(Money::from_dollars(1)), 16, false));
    assert!(spend.forecast > Money::from_dollars(1) && spend.share() < spend.budget);
    let notice = view.budget_notice.unwrap();
    assert_eq!((notice.threshold, notice.monthly), (50, Money::from_dollars(1)));

    control.clock.advance(TimeDelta::hours(3));
    worker.round().await.unwrap();
    assert_eq!(reconcile::costs::reconcile(control, &worker.leader).await.unwrap().crossed, 2);
    let standing = now(control).await.budget.standing.unwrap();
    assert_eq!((standing.crossed, standing.percent() >= 100), (Some(100), true));

    let log = control.store.list_audit(&store::AuditFilter::default(), 200).await.unwrap();
    let said = |action: AuditAction| log.iter().filter(|event| event.action == action).count();
    assert_eq!((said(AuditAction::SetBudget), said(AuditAction::CrossBudgetThreshold)), (1, 3));
    let set = log.iter().find(|event| event.action == AuditAction::SetBudget).unwrap();
    assert_eq!(
        (set.sentence().as_str(), set.detail.as_str()),
        ("ada set the budget of dev", "$1.00 a month, was none")
    );
    let monthly = |before: Option<&str>, after: Option<&str>| FieldChange {
        attribute: "monthly".to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    assert_eq!(set.differences, [monthly(None, Some("$1.00"))]);

    // More money: nothing of it is crossed. None: nothing is said.
    costs::set_budget(control, &admin, "dev", 1, "1000").await.unwrap();
    assert_eq!(reconcile::costs::reconcile(control, &worker.leader).await.unwrap().crossed, 0);
    assert_eq!(fleet::load_fleet(control, &viewer(), None).await.unwrap().budget_notice, None);
    costs::set_budget(control, &admin, "dev", 2, "").await.unwrap();
    assert_eq!(now(control).await.budget.standing, None);
    assert_eq!(fleet::load_fleet(control, &viewer(), None).await.unwrap().spend.unwrap().budget, None);
    let log = control.store.list_audit(&store::AuditFilter::default(), 200).await.unwrap();
    let taken = log.iter().find(|event| event.action == AuditAction::SetBudget).unwrap();
    assert_eq!(taken.differences, [monthly(Some("$1,000.00"), None)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_s_month_is_its_row_of_the_whole(pool: PgPool) {
    let (fixture, mut worker) = running(pool).await;
    let control = &fixture.control;
    control.clock.advance(TimeDelta::hours(30));
    worker.round().await.unwrap();
    let whole = now(control).await;
    let of = async |name: &str| costs::load_pool_costs(control, &viewer(), "dev", name, None).await;
    let own = of("backend-pool").await.unwrap();
    assert_eq!(own.view.pools, whole.pools, "the same integers as on Costs");
    assert_eq!((own.view.total, own.view.forecast), (whole.total, whole.forecast), "there is no other pool");
    assert_eq!((&own.view.days, own.view.as_of), (&whole.days, whole.as_of));
    assert_eq!(own.view.days.len(), 18, "from the first of November to the day after the start");
    let [priced] = &own.prices[..] else { panic!("one price: {:?}", own.prices) };
    let price = priced.price.as_ref().unwrap();
    assert_eq!((priced.vms, price.machine_type.as_str(), price.spot), (2, "e2-standard-2", false));
    assert_eq!(price.known().times(2), own.view.now_monthly.known, "what is declared is what runs");

    // The budget is the environment's, and no pool's.
    let admin = person("ada", &[Role::Admin]);
    costs::set_budget(control, &admin, "dev", 0, "100").await.unwrap();
    assert_eq!(of("backend-pool").await.unwrap().view.budget.standing, None);
    let missing = of("nowhere").await.unwrap_err();
    assert!(matches!(missing, Error::NotFound(_)), "{missing}");

    // A month in which it did not run, and which costs nothing.
    let before = costs::load_pool_costs(
        control,
        &viewer(),
        "dev",
        "backend-pool",
        Some("2026-10-05".parse().unwrap()),
    )
    .await
    .unwrap();
    assert_eq!((before.view.total.total, before.view.running), (Money::ZERO, 0));
    assert_eq!(before.prices.iter().map(|priced| priced.vms).collect::<Vec<_>>(), [0], "the declared VM's");
}
