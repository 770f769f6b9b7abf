//! What keeps a group from its size: quotas, stock-outs, and instances that were told to rest.

use std::time::Duration;

use compute::{Error, InstanceName};
use domain::instance::{CurrentAction, Instance, InstanceStatus};
use serde_json::json;

use crate::harness::{Cloud, id, owns_groups, pool};

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
