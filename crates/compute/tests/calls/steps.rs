//! Steps sent twice, over what is there, and against what is not.

use compute::{Error, Submitted};
use domain::{
    plan::Step,
    resource::{InstanceGroup, ResourceKind},
};

use crate::harness::{Cloud, id, pool, template};

#[tokio::test]
async fn the_same_request_twice_has_one_effect() {
    let cloud = Cloud::start().await;
    let step = Step::CreateInstanceTemplate { instance_template: template("genesis-agent-web-1") };
    let first = cloud.submit(&step, id(1)).await.unwrap();
    assert_eq!(cloud.submit(&step, id(1)).await.unwrap(), first);
}

#[tokio::test]
async fn creating_what_is_there_as_wanted_is_done() {
    let cloud = Cloud::start().await;
    let group = pool(&cloud, 2).await;
    // However its references are spelled.
    let mut instance_template = template("genesis-agent-web-1");
    instance_template.network = "default".to_owned();
    instance_template.subnetwork = "regions/us-central1/subnetworks/default".to_owned();
    instance_template.source_image =
        "projects/ubuntu-os-cloud/global/images/family/ubuntu-2204-lts".to_owned();
    let again = cloud.submit(&Step::CreateInstanceTemplate { instance_template }, id(1)).await.unwrap();
    assert_eq!(again, Submitted::AlreadyThere);
    // The size is another step's.
    let instance_group = InstanceGroup { target_size: 3, ..group };
    let again = cloud.submit(&Step::CreateInstanceGroup { instance_group }, id(2)).await.unwrap();
    assert_eq!(again, Submitted::AlreadyThere);
}

#[tokio::test]
async fn creating_what_is_there_but_different_names_the_difference() {
    let cloud = Cloud::start().await;
    pool(&cloud, 1).await;
    let mut instance_template = template("genesis-agent-web-1");
    instance_template.machine_type = "e2-standard-4".to_owned();
    instance_template.labels.insert("component".to_owned(), "agent-vm".to_owned());
    let error = cloud.submit(&Step::CreateInstanceTemplate { instance_template }, id(1)).await.unwrap_err();
    assert_eq!(
        error,
        Error::Conflict {
            kind: ResourceKind::InstanceTemplate,
            name: "genesis-agent-web-1".to_owned(),
            differences: vec!["labels".to_owned(), "machine_type".to_owned()],
        }
    );
    assert_eq!(
        error.to_string(),
        "another instance template named genesis-agent-web-1 already exists, different in labels, machine_type"
    );
}

#[tokio::test]
async fn an_update_that_already_landed_is_done() {
    let cloud = Cloud::start().await;
    let group = pool(&cloud, 1).await;
    let instance_group = InstanceGroup { description: "Better web agents".to_owned(), ..group };
    let step = Step::UpdateInstanceGroup { instance_group };
    let Submitted::Started(operation) = cloud.submit(&step, id(1)).await.unwrap() else {
        panic!("it is new")
    };
    cloud.compute.wait(&cloud.scope, &operation).await.unwrap();
    // The process died before it stored the operation.
    assert_eq!(cloud.submit(&step, id(1)).await.unwrap(), Submitted::AlreadyThere);
}

#[tokio::test]
async fn deleting_what_is_gone_is_done() {
    let cloud = Cloud::start().await;
    let name = || "genesis-nothing".to_owned();
    for step in [
        Step::DeleteAutoscaler { name: name() },
        Step::DeleteInstanceGroup { name: name() },
        Step::DeleteInstanceTemplate { name: name() },
        Step::DeleteFirewallRule { name: name() },
        Step::DeleteHealthCheck { name: name() },
    ] {
        assert_eq!(cloud.submit(&step, id(1)).await.unwrap(), Submitted::AlreadyThere, "{step:?}");
    }
}

#[tokio::test]
async fn changing_what_is_gone_is_not_found() {
    let cloud = Cloud::start().await;
    let step = Step::ResizeInstanceGroup { name: "genesis-nothing".to_owned(), from: 1, to: 2 };
    let error = cloud.submit(&step, id(1)).await.unwrap_err();
    assert!(
        matches!(&error, Error::NotFound { message } if message.contains("genesis-nothing")),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_used_cannot_go() {
    let cloud = Cloud::start().await;
    let group = pool(&cloud, 1).await;
    let step = Step::DeleteInstanceTemplate { name: group.template.clone() };
    let error = cloud.submit(&step, id(1)).await.unwrap_err();
    assert!(matches!(&error, Error::InUse { message } if message.contains(&group.name)), "{error:?}");
    assert!(!error.is_permanent() && !error.is_transient(), "it ends when the group goes");
}
