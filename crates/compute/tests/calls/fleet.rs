//! A group's VMs: how they come, what they tell, and what can be asked for one of them.

use std::time::Duration;

use compute::{InstanceName, Submitted};
use domain::{
    instance::{CurrentAction, Instance, InstanceStatus},
    observed::GroupStatus,
    plan::{InstanceRef, Step},
    pool::UpdateType,
};

use crate::harness::{Cloud, id, owns_groups, pool, template};

const GROUP: &str = "genesis-pool-web";

impl Cloud {
    async fn status(&self) -> GroupStatus {
        self.observe(&owns_groups([GROUP])).await.groups.remove(GROUP).expect("the group")
    }

    /// Until the group is as asked; the emulator's machines take some tens of milliseconds each.
    async fn until(&self, what: &str, condition: impl Fn(&GroupStatus) -> bool) -> GroupStatus {
        for _ in 0..400 {
            let status = self.status().await;
            if condition(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never {what}: {:?}", self.status().await)
    }

    async fn stable(&self, size: usize) -> Vec<Instance> {
        let running = |status: &GroupStatus| {
            status.is_stable
                && status.instances.len() == size
                && status.instances.iter().all(|instance| instance.status == InstanceStatus::Running)
        };
        self.until("stable", running).await.instances
    }

    async fn wait_for(&self, submitted: Submitted) {
        let operation = submitted.operation().expect("an operation");
        self.compute.wait(&self.scope, operation).await.expect("no failure");
    }
}

fn name(instance: &Instance) -> InstanceName {
    InstanceName { zone: instance.zone.clone(), name: instance.name.clone() }
}

#[tokio::test]
async fn running_instances_tell_where_they_are() {
    let cloud = Cloud::start().await;
    pool(&cloud, 3).await;
    let instances = cloud.stable(3).await;
    let zones: Vec<_> = instances.iter().map(|instance| instance.zone.as_str()).collect();
    assert_eq!(zones, ["us-central1-a", "us-central1-b", "us-central1-c"], "spread, and in a fixed order");
    for instance in &instances {
        assert!(instance.name.starts_with("agent-web-"), "{instance:?}");
        assert_eq!(instance.group, GROUP);
        assert_eq!(instance.template.as_deref(), Some("genesis-agent-web-1"));
        assert_eq!(instance.current_action, CurrentAction::None);
        assert_eq!(instance.probe, None, "the group has no health check");
        assert!(
            instance.id.is_some() && instance.address.is_some() && instance.created_at.is_some(),
            "{instance:?}"
        );
    }
}

#[tokio::test]
async fn a_resize_brings_more_and_a_deletion_takes_the_named_ones() {
    let cloud = Cloud::start().await;
    pool(&cloud, 1).await;
    cloud.run(&Step::ResizeInstanceGroup { name: GROUP.to_owned(), from: 1, to: 4 }).await;
    let instances = cloud.stable(4).await;
    let (gone, kept) = instances.split_first().expect("four");
    let deletion = cloud.compute.delete_instances(&cloud.scope, GROUP, &[name(gone)], id(2)).await.unwrap();
    cloud.wait_for(deletion).await;
    let left = cloud.stable(3).await;
    assert_eq!(left.iter().map(name).collect::<Vec<_>>(), kept.iter().map(name).collect::<Vec<_>>());
    assert_eq!(cloud.status().await.target_size, 3, "a named deletion makes the group smaller");
}

#[tokio::test]
async fn of_a_vm_that_left_its_group_nothing_more_is_asked() {
    let cloud = Cloud::start().await;
    pool(&cloud, 2).await;
    let InstanceName { zone, name: gone } = name(&cloud.stable(2).await[0]);
    let vm = InstanceRef { group: GROUP.to_owned(), zone, name: gone };
    cloud.run(&Step::DeleteInstance(vm.clone())).await;
    let (deletion, update) = (Step::DeleteInstance(vm.clone()), Step::UpdateInstance(vm));
    let leaving = cloud.submit(&update, id(8)).await.unwrap();
    assert_eq!(leaving, Submitted::AlreadyThere, "it is leaving");
    // Whether it is refused or taken once more: it leaves once.
    cloud.submit(&deletion, id(8)).await.unwrap();
    cloud.stable(1).await;
    for step in [&deletion, &update] {
        assert_eq!(
            cloud.submit(step, id(9)).await.unwrap(),
            Submitted::AlreadyThere,
            "it has left: {step:?}"
        );
    }
    assert_eq!(cloud.status().await.target_size, 1, "it counts once");
}

#[tokio::test]
async fn a_recreated_instance_keeps_its_name_and_gets_another_id() {
    let cloud = Cloud::start().await;
    pool(&cloud, 2).await;
    let before = cloud.stable(2).await;
    let recreation =
        cloud.compute.recreate_instances(&cloud.scope, GROUP, &[name(&before[0])], id(2)).await.unwrap();
    cloud.wait_for(recreation).await;
    let renewed = |status: &GroupStatus| {
        let found = status.instances.iter().find(|instance| instance.name == before[0].name);
        status.is_stable && found.is_some_and(|now| now.id.is_some() && now.id != before[0].id)
    };
    let after = cloud.until("recreated", renewed).await.instances;
    assert_eq!(after.iter().map(name).collect::<Vec<_>>(), before.iter().map(name).collect::<Vec<_>>());
    assert_eq!(after[1].id, before[1].id);
}

#[tokio::test]
async fn an_updated_instance_is_made_anew_once_though_less_would_do() {
    let cloud = Cloud::start().await;
    let mut instance_group = pool(&cloud, 2).await;
    let before = cloud.stable(2).await;
    // Tags alone: left to itself, Compute Engine would change them on the VM that runs.
    let mut instance_template = template("genesis-agent-web-2");
    instance_template.tags.insert("second".to_owned());
    cloud.run(&Step::CreateInstanceTemplate { instance_template }).await;
    instance_group.template = "genesis-agent-web-2".to_owned();
    instance_group.update_policy.update_type = UpdateType::Opportunistic;
    cloud.run(&Step::UpdateInstanceGroup { instance_group }).await;

    let InstanceName { zone, name: updated } = name(&before[0]);
    let step = Step::UpdateInstance(InstanceRef { group: GROUP.to_owned(), zone, name: updated });
    cloud.run(&step).await;
    // The process died before it stored the operation.
    assert_eq!(cloud.submit(&step, id(9)).await.unwrap(), Submitted::AlreadyThere);
    let renewed = |status: &GroupStatus| {
        let found = status.instances.iter().find(|instance| instance.name == before[0].name);
        status.is_stable
            && found.is_some_and(|now| {
                now.id.is_some()
                    && now.status == InstanceStatus::Running
                    && now.template.as_deref() == Some("genesis-agent-web-2")
            })
    };
    let after = cloud.until("updated", renewed).await.instances;
    assert_eq!(after.iter().map(name).collect::<Vec<_>>(), before.iter().map(name).collect::<Vec<_>>());
    assert_ne!(after[0].id, before[0].id, "its disks are lost, as the plan says");
    assert_eq!((&after[1].id, &after[1].template), (&before[1].id, &before[1].template));
}

#[tokio::test]
async fn a_serial_console_is_read_on_from_where_it_ended() {
    let cloud = Cloud::start().await;
    pool(&cloud, 1).await;
    let instance = cloud.stable(1).await.remove(0);
    let read = async |start| {
        cloud.compute.serial_port_output(&cloud.scope, &instance.zone, &instance.name, start).await
    };
    let whole = read(0).await.unwrap();
    assert!(!whole.contents.is_empty());
    assert_eq!((whole.start, whole.next), (0, whole.contents.len() as u64));
    let rest = read(whole.next).await.unwrap();
    assert!(rest.start >= whole.next, "{rest:?}");
    let tail = read(whole.next - 5).await.unwrap();
    assert!(tail.contents.starts_with(&whole.contents[whole.contents.len() - 5..]), "{tail:?}");
}

#[tokio::test]
async fn a_deleted_group_is_gone_with_its_instances() {
    let cloud = Cloud::start().await;
    pool(&cloud, 2).await;
    cloud.stable(2).await;
    cloud.run(&Step::DeleteInstanceGroup { name: GROUP.to_owned() }).await;
    for _ in 0..400 {
        let observed = cloud.observe(&owns_groups([GROUP])).await;
        if observed.groups.is_empty() && observed.resources.groups.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the group is still there");
}
