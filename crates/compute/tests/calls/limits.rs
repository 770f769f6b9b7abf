//! What keeps a group from its size: quotas, stock-outs, and instances that were told to rest; and the traps of Google's client where
//! the emulator refuses on demand.

use std::time::Duration;

use compute::{Error, InstanceName, Submitted};
use domain::{
    instance::{CurrentAction, Instance, InstanceStatus},
    plan::{InstanceRef, Step},
    pool::UpdateType,
};
use serde_json::json;

use crate::harness::{Cloud, id, owns_groups, pool, template};

const GROUP: &str = "genesis-pool-web";

async fn until(cloud: &Cloud, what: &str, reached: impl Fn(&[Instance], u32) -> bool) -> Vec<Instance> {
    for _ in 0..400 {
        let mut fleet = cloud.observe(&owns_groups([GROUP])).await;
        if let Some(status) = fleet.groups.remove(GROUP)
            && reached(&status.instances, status.target_size)
        {
            return status.instances;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never {what}")
}

fn run(instances: &[Instance]) -> bool {
    instances
        .iter()
        .all(|vm| vm.status == InstanceStatus::Running && vm.current_action == CurrentAction::None)
}

#[tokio::test]
async fn a_short_quota_is_named_where_it_is_asked_for_and_where_it_hurts() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "quota", "region": "us-central1", "metric": "CPUS", "limit": 4})).await;
    pool(&cloud, 3).await;
    let refused = |instances: &[Instance], _| instances.iter().any(|vm| vm.last_error.is_some());
    let instances = until(&cloud, "refused", refused).await;
    let error = instances.iter().find_map(|vm| vm.last_error.clone()).unwrap();
    assert_eq!(error.code, "QUOTA_EXCEEDED");
    assert_eq!(
        error.message,
        "Quota 'CPUS' exceeded. Limit: 4.0 in region us-central1.".replace(". L", ".  L")
    );
    let location = cloud.compute.location(&cloud.scope, &[]).await.unwrap();
    let cpus = location.quotas["CPUS"];
    assert_eq!((cpus.limit, cpus.usage, cpus.left()), (4.0, 4.0, 0.0));
    let errors = cloud.compute.list_group_errors(&cloud.scope, GROUP).await.unwrap();
    let newest = errors.first().unwrap();
    assert_eq!((newest.code.as_str(), newest.action.as_str()), ("QUOTA_EXCEEDED", "CREATING"));
    assert!(newest.at.is_some() && newest.zone.starts_with("us-central1-"), "{newest:?}");
    assert!(instances.iter().any(|vm| vm.name == newest.instance));
    cloud.end_faults().await;
    until(&cloud, "made after all", |instances, _| instances.len() == 3 && run(instances)).await;
}

#[tokio::test]
async fn instances_rest_and_come_back_as_they_were() {
    let cloud = Cloud::start().await;
    pool(&cloud, 2).await;
    let before = until(&cloud, "stable", |instances, _| instances.len() == 2 && run(instances)).await;
    let one = InstanceName { zone: before[0].zone.clone(), name: before[0].name.clone() };
    let compute = &cloud.compute;
    let stop = compute.stop_instances(&cloud.scope, GROUP, std::slice::from_ref(&one), id(1)).await.unwrap();
    compute.wait(&cloud.scope, stop.operation().unwrap()).await.unwrap();
    let rests = |instances: &[Instance], size: u32| {
        size == 1 && instances.iter().any(|vm| vm.name == one.name && vm.status == InstanceStatus::Terminated)
    };
    until(&cloud, "stopped", rests).await;
    let again =
        compute.stop_instances(&cloud.scope, GROUP, std::slice::from_ref(&one), id(2)).await.unwrap_err();
    assert!(matches!(again, Error::Invalid { .. }), "{again:?}");
    compute.start_instances(&cloud.scope, GROUP, std::slice::from_ref(&one), id(3)).await.unwrap();
    let after = until(&cloud, "started", |instances, size| size == 2 && run(instances)).await;
    assert_eq!(after[0].id, before[0].id, "the same VM");
}

/// A deletion of what is not there: done, unless something refuses the call before.
fn delete() -> Step {
    Step::DeleteHealthCheck { name: "genesis-nothing".to_owned() }
}

#[tokio::test]
async fn trap_1_an_operation_that_the_emulator_lets_fail_is_refused() {
    let cloud = Cloud::start().await;
    pool(&cloud, 1).await;
    let message = "The group is being changed.";
    let fault = json!({"kind": "operation", "code": "CONDITION_NOT_MET", "message": message, "status": 412, "path": "/resize"});
    cloud.fault(fault).await;
    let resize = Step::ResizeInstanceGroup { name: GROUP.to_owned(), from: 1, to: 2 };
    let submitted = cloud.submit(&resize, id(1)).await.unwrap();
    let operation = submitted.operation().unwrap();
    let error = cloud.compute.wait(&cloud.scope, operation).await.unwrap_err();
    let refused =
        Error::Refused { code: "CONDITION_NOT_MET".to_owned(), message: message.to_owned(), reason: None };
    assert_eq!(error, refused);

    // The same request is the same failure for ever; another one is another try.
    cloud.end_faults().await;
    assert_eq!(cloud.submit(&resize, id(1)).await.unwrap(), submitted);
    assert_eq!(cloud.compute.wait(&cloud.scope, operation).await.unwrap_err(), refused);
    let again = cloud.submit(&resize, id(2)).await.unwrap();
    cloud.compute.wait(&cloud.scope, again.operation().unwrap()).await.unwrap();
    until(&cloud, "larger", |_, size| size == 2).await;
}

#[tokio::test]
async fn trap_2_the_emulator_s_refusals_mean_the_same_with_a_status_and_without() {
    let cloud = Cloud::start().await;
    for (status, expected) in [
        (429, Error::RateLimited { message: "Rate Limit Exceeded".to_owned() }),
        (503, Error::Unavailable { message: "Backend Error".to_owned() }),
    ] {
        for canonical in [false, true] {
            cloud.fault(json!({"kind": "http", "status": status, "canonical": canonical})).await;
            let error = cloud.submit(&delete(), id(1)).await.unwrap_err();
            assert_eq!(error, expected, "{status}, canonical: {canonical}");
            cloud.end_faults().await;
        }
    }
    assert_eq!(cloud.submit(&delete(), id(1)).await.unwrap(), Submitted::AlreadyThere);
}

#[tokio::test]
async fn trap_2_an_outage_of_the_emulator_while_waiting_is_sat_out() {
    let cloud = Cloud::start().await;
    let step = Step::CreateInstanceTemplate { instance_template: template("genesis-agent-web-1") };
    let submitted = cloud.submit(&step, id(1)).await.unwrap();
    for (status, canonical) in [(503, false), (503, true), (429, false), (502, false)] {
        cloud
            .fault(json!({"kind": "http", "status": status, "canonical": canonical, "path": "/operations/"}))
            .await;
        let waited = cloud.compute.wait(&cloud.scope, submitted.operation().unwrap());
        let outage = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            cloud.end_faults().await;
        };
        let (waited, ()) = tokio::join!(waited, outage);
        assert_eq!(waited, Ok(()), "{status}, canonical: {canonical}");
    }
}

/// Each second call is refused: of two calls one is, and is asked again.
#[tokio::test]
async fn trap_3_a_hiccup_of_the_emulator_is_not_seen() {
    let cloud = Cloud::start().await;
    for (status, canonical) in [(429, false), (429, true), (503, false), (503, true)] {
        cloud.fault(json!({"kind": "http", "status": status, "canonical": canonical, "rate": 0.5})).await;
        for _ in 0..2 {
            let submitted = cloud.submit(&delete(), id(1)).await;
            assert_eq!(submitted, Ok(Submitted::AlreadyThere), "{status}, canonical: {canonical}");
        }
        cloud.end_faults().await;
    }
}

#[tokio::test]
async fn trap_4_an_update_by_name_is_sent_to_the_emulator_once() {
    let cloud = Cloud::start().await;
    let mut instance_group = pool(&cloud, 1).await;
    let stable = until(&cloud, "stable", |instances, _| instances.len() == 1 && run(instances)).await;
    let mut instance_template = template("genesis-agent-web-2");
    instance_template.tags.insert("second".to_owned());
    cloud.run(&Step::CreateInstanceTemplate { instance_template }).await;
    instance_group.template = "genesis-agent-web-2".to_owned();
    instance_group.update_policy.update_type = UpdateType::Opportunistic;
    cloud.run(&Step::UpdateInstanceGroup { instance_group }).await;

    // Each second such call is refused. The first one is of another group.
    let path = "/applyUpdatesToInstances";
    cloud.fault(json!({"kind": "http", "status": 503, "rate": 0.5, "path": path})).await;
    let vm = InstanceName { zone: stable[0].zone.clone(), name: stable[0].name.clone() };
    let elsewhere = cloud
        .compute
        .apply_updates_to_instances(&cloud.scope, "genesis-nothing", std::slice::from_ref(&vm))
        .await
        .unwrap_err();
    assert!(matches!(elsewhere, Error::NotFound { .. }), "{elsewhere:?}");
    let step = Step::UpdateInstance(InstanceRef { group: GROUP.to_owned(), zone: vm.zone, name: vm.name });
    let error = cloud.submit(&step, id(3)).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "asked again it would have been taken: {error:?}");
    let taken = cloud.submit(&step, id(3)).await.unwrap();
    assert!(taken.operation().is_some(), "nothing came of the refused one");
    assert_eq!(cloud.submit(&step, id(3)).await.unwrap(), Submitted::AlreadyThere);
}

#[tokio::test]
async fn trap_9_an_empty_name_is_invalid_also_while_the_emulator_is_away() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "http", "status": 503})).await;
    let error = cloud.submit(&Step::DeleteHealthCheck { name: String::new() }, id(1)).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "it never left: {error:?}");
}
