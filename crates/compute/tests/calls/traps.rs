//! What a PATCH cannot say, and what a list does not tell by itself.

use compute::{Error, Ownership};
use domain::{
    autoscaling::{AutoscalingMode, ScalingSchedule},
    environment::{CustomMetric, NamedPort},
    firewall::{Direction, Traffic},
    plan::Step,
    resource::{AutoHealing, Autoscaler, FirewallRule, HealthCheck, InstanceGroup, ScaleInControl},
};
use serde_json::json;

use crate::{
    harness::{Cloud, group, id, owns_groups, pool, scope, set},
    script::{Script, answer, refusal},
};

fn health_check() -> HealthCheck {
    HealthCheck {
        name: "genesis-pool-web-health".to_owned(),
        port: 8080,
        path: "/health".to_owned(),
        interval_sec: 5,
        timeout_sec: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        logging: true,
    }
}

#[tokio::test]
async fn trap_6_autohealing_is_cleared() {
    let cloud = Cloud::start().await;
    cloud.run(&Step::CreateHealthCheck { health_check: health_check() }).await;
    let plain = pool(&cloud, 1).await;
    let healing = AutoHealing { health_check: health_check().name, initial_delay_sec: 300 };
    let healed = InstanceGroup { auto_healing: Some(healing), ..plain.clone() };
    for wanted in [healed, plain] {
        cloud.run(&Step::UpdateInstanceGroup { instance_group: wanted.clone() }).await;
        let observed = cloud.observe(&owns_groups(["genesis-pool-web"])).await;
        assert_eq!(observed.resources.groups["genesis-pool-web"], wanted);
    }
}

#[tokio::test]
async fn trap_6_a_firewall_rule_loses_its_tags() {
    let cloud = Cloud::start().await;
    let tagged = FirewallRule {
        name: "genesis-agent-ssh".to_owned(),
        description: "SSH".to_owned(),
        network: "projects/demo-project/global/networks/default".to_owned(),
        direction: Direction::Ingress,
        priority: 1000,
        source_ranges: set(["10.0.0.0/8"]),
        destination_ranges: set([]),
        source_tags: set(["bastion"]),
        target_tags: set(["agent-vm"]),
        allow: vec![Traffic { protocol: "tcp".to_owned(), ports: vec!["22".to_owned()] }],
        deny: Vec::new(),
        logging: true,
        disabled: false,
    };
    let bare = FirewallRule { source_tags: set([]), target_tags: set([]), ..tagged.clone() };
    cloud.run(&Step::CreateFirewallRule { firewall_rule: tagged }).await;
    cloud.run(&Step::UpdateFirewallRule { firewall_rule: bare.clone() }).await;
    let ownership = Ownership { firewall_rules: set(["genesis-agent-ssh"]), ..owns_groups([]) };
    let observed = cloud.observe(&ownership).await;
    assert_eq!(observed.resources.firewall_rules["genesis-agent-ssh"], bare);
}

#[tokio::test]
async fn trap_6_an_autoscaler_loses_its_metrics() {
    let cloud = Cloud::start().await;
    pool(&cloud, 1).await;
    let metric = CustomMetric {
        name: "custom.googleapis.com/tasks".to_owned(),
        target: 12.5,
        kind: "GAUGE".to_owned(),
    };
    let busy = Autoscaler {
        name: "genesis-pool-web-autoscaler".to_owned(),
        group: "genesis-pool-web".to_owned(),
        min_replicas: 1,
        max_replicas: 5,
        cooldown_sec: 60,
        cpu_target: 0.75,
        predictive: true,
        custom_metrics: vec![metric],
        scale_in: ScaleInControl { max_percent: 25, time_window_sec: 600 },
        mode: AutoscalingMode::OnlyScaleOut,
        schedules: vec![ScalingSchedule {
            name: "office".to_owned(),
            description: "while people work".to_owned(),
            schedule: "0 8 * * Mon-Fri".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            duration_sec: 36_000,
            min_required_replicas: 3,
            disabled: false,
        }],
    };
    let bare = Autoscaler {
        custom_metrics: Vec::new(),
        predictive: false,
        mode: AutoscalingMode::Off,
        schedules: Vec::new(),
        ..busy.clone()
    };
    let ownership = Ownership { autoscalers: set(["genesis-pool-web-autoscaler"]), ..owns_groups([]) };
    cloud.run(&Step::CreateAutoscaler { autoscaler: busy.clone() }).await;
    assert_eq!(cloud.observe(&ownership).await.resources.autoscalers[&busy.name], busy);
    cloud.run(&Step::UpdateAutoscaler { autoscaler: bare.clone() }).await;
    assert_eq!(cloud.observe(&ownership).await.resources.autoscalers[&busy.name], bare);
}

#[tokio::test]
async fn trap_6_the_last_named_port_stays_and_the_caller_is_told() {
    let cloud = Cloud::start().await;
    let plain = pool(&cloud, 1).await;
    let port = NamedPort { name: "http".to_owned(), port: 8080 };
    let open = InstanceGroup { named_ports: vec![port], ..plain.clone() };
    cloud.run(&Step::UpdateInstanceGroup { instance_group: open }).await;
    let error = cloud.submit(&Step::UpdateInstanceGroup { instance_group: plain }, id(9)).await.unwrap_err();
    assert!(matches!(&error, Error::Invalid { message } if message.contains("named_ports")), "{error:?}");
}

/// A group that somebody changes between the reading and the PATCH; the fingerprint comes unpadded and goes out padded.
#[tokio::test]
async fn a_stale_fingerprint_is_told_apart() {
    let current = json!({"name": "genesis-pool-web", "fingerprint": "AAECAwQFBgc"});
    let stale = refusal(412, "conditionNotMet", "Invalid fingerprint.");
    let script = Script::start([answer(200, current), stale]).await;
    let step =
        Step::UpdateInstanceGroup { instance_group: group("genesis-pool-web", "genesis-agent-web-2", 1) };
    let error = script.client().await.submit(&scope(), &step, id(1)).await.unwrap_err();
    assert_eq!(error, Error::Stale { message: "Invalid fingerprint.".to_owned() });
    let seen = script.seen();
    assert_eq!(seen[1].method, "PATCH");
    assert_eq!(seen[1].body["fingerprint"], "AAECAwQFBgc=");
    assert_eq!(seen[1].query("requestId"), Some(id(1).to_string()));
}

#[tokio::test]
async fn a_group_s_instances_come_on_many_pages() {
    let cloud = Cloud::start().await;
    let group = pool(&cloud, 1100).await;
    let status = cloud.observe(&owns_groups([&group.name])).await.groups.remove(&group.name).unwrap();
    assert_eq!(status.target_size, 1100);
    assert_eq!(status.instances.len(), 1100);
    let names: std::collections::BTreeSet<_> =
        status.instances.iter().map(|instance| &instance.name).collect();
    assert_eq!(names.len(), 1100, "no instance comes twice");
}
