//! Firewall rules: in effective order, beside what Compute Engine holds, asked what-ifs, and written by changes.

use std::time::Duration;

use control::{Control, Error, edits, firewall};
use domain::{
    Amount, ChangeId, ChangeState,
    edit::Edit,
    firewall::{Direction, FirewallRuleSpec, Outcome, Severity, Traffic, WarningKind},
    pool::CanarySpec,
    view::firewall::{Drift, FirewallView, Question},
};
use serde_json::json;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::fixture::{
    Fixture, PATIENCE, PROJECT, Worker, basic, change, operator, propose, sync_live, viewer,
};

async fn applied(pool: PgPool) -> (Fixture, Worker) {
    let fixture = Fixture::start(pool).await;
    let imported = propose(&fixture.control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(&fixture.control).await;
    assert_eq!(worker.finish(imported).await.state, ChangeState::Applied);
    sync_live(&fixture.control, "dev").await;
    (fixture, worker)
}

async fn view(control: &Control, question: Option<Question>) -> FirewallView {
    firewall::load_firewall(control, &viewer(), Some("dev"), question.as_ref()).await.unwrap()
}

async fn propose_edit(control: &Control, edit: &Edit) -> ChangeId {
    let preview = edits::preview_edit(control, &operator(), "dev", edit).await.unwrap();
    let seen = edits::Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    edits::propose_edit(control, &operator(), "dev", edit, seen, "because").await.unwrap()
}

fn ask(source: &str, target: &str, port: &str) -> Question {
    Question { source: source.into(), target: target.into(), protocol: "tcp".into(), port: port.into() }
}

fn open_ssh() -> FirewallRuleSpec {
    FirewallRuleSpec {
        priority: 500,
        source_ranges: vec!["0.0.0.0/0".into()],
        target_tags: vec!["agent-vm".into()],
        allow: vec![Traffic { protocol: "tcp".into(), ports: vec!["22".into()] }],
        ..FirewallRuleSpec::new("From anywhere", Direction::Ingress)
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rules_stand_in_their_order_beside_what_runs_and_answer(pool: PgPool) {
    let (fixture, _worker) = applied(pool).await;
    let control = &fixture.control;
    let seen = view(control, None).await;
    let keys: Vec<&str> = seen.rules.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["allow-agent-http", "allow-agent-ssh"]);
    assert!(
        seen.rules.iter().all(|row| row.drift == Drift::Equal && row.pools == ["backend-pool"]),
        "{seen:?}"
    );
    assert_eq!(seen.answer, None);
    let [probes] = &seen.warnings[..] else { panic!("{:?}", seen.warnings) };
    assert_eq!(
        (probes.kind, probes.pools.clone()),
        (WarningKind::ProbesBlocked, vec!["backend-pool".into()])
    );

    let answer = async |source: &str, target: &str, port: &str| {
        view(control, Some(ask(source, target, port))).await.answer.unwrap()
    };
    let inside = answer("10.1.2.3", "backend-pool", "22").await.unwrap();
    assert_eq!((inside.outcome, inside.legs.len()), (Outcome::Allowed, 1));
    assert_eq!(inside.legs[0].answers[0].rule.as_deref(), Some("genesis-agent-allow-agent-ssh"));
    let outside = answer("203.0.113.9", "backend-pool", "22").await.unwrap();
    assert_eq!((outside.outcome, outside.legs[0].answers[0].rule.clone()), (Outcome::Denied, None));
    let both = answer("0.0.0.0/0", "backend-pool", "22").await.unwrap();
    assert_eq!(both.outcome, Outcome::Depends);
    let out = answer("backend-pool", "203.0.113.9", "443").await.unwrap();
    assert_eq!((out.outcome, out.legs[0].direction), (Outcome::Allowed, Direction::Egress));
    let among = answer("backend-pool", "backend-pool", "8080").await.unwrap();
    assert_eq!(among.legs.len(), 2, "what leaves one VM arrives at another");
    for (question, field) in [
        (ask("nowhere", "backend-pool", "22"), "source"),
        (ask("10.0.0.1", "", "22"), "target"),
        (ask("10.0.0.1", "backend-pool", "0"), "port"),
        (ask("10.0.0.1", "10.0.0.2", "22"), "target"),
        (Question { protocol: "tpc".into(), ..ask("10.0.0.1", "backend-pool", "22") }, "protocol"),
        (Question { protocol: "icmp".into(), ..ask("10.0.0.1", "backend-pool", "22") }, "port"),
    ] {
        let refused = view(control, Some(question)).await.answer.unwrap().unwrap_err();
        assert_eq!(refused.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [field]);
    }

    let pool = firewall::load_pool_firewall(control, &viewer(), "dev", "backend-pool").await.unwrap();
    assert!(pool.tags.contains(&"agent-vm".to_owned()) && pool.rules.iter().all(|rule| rule.decides));
    assert_eq!(pool.warnings.len(), 1);
    assert_eq!((pool.leaving, pool.canary), (vec![], None));
    for (result, said) in [
        (firewall::load_pool_firewall(control, &viewer(), "dev", "absent").await.err(), "pool absent in dev"),
        (
            firewall::load_firewall_rule(control, &viewer(), "dev", "absent").await.err(),
            "firewall rule absent in dev",
        ),
        (firewall::load_firewall(control, &viewer(), Some("absent"), None).await.err(), "environment absent"),
        (
            firewall::load_firewall_rule_form(control, &viewer(), Some("dev"), Some("absent")).await.err(),
            "firewall rule absent in dev",
        ),
    ] {
        assert!(matches!(&result, Some(error) if error.to_string().contains(said)), "{result:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rule_is_made_seen_edited_and_deleted_by_changes(pool: PgPool) {
    let (fixture, mut worker) = applied(pool).await;
    let control = &fixture.control;
    let create = Edit::CreateFirewallRule { key: "ssh-anywhere".into(), firewall_rule: open_ssh() };
    let created = propose_edit(control, &create).await;
    let traffic = change(control, created).await.revision.plan.impact.traffic;
    let [gained] = &traffic.gained[..] else { panic!("{traffic:?}") };
    assert_eq!(gained.sentence(), "from all IPv4 but 10.0.0.0/8 to backend-pool: tcp 22");
    assert!(gained.internet && traffic.lost.is_empty());
    assert_eq!(worker.finish(created).await.state, ChangeState::Applied);

    let seen = firewall::load_firewall_rule(control, &viewer(), "dev", "ssh-anywhere").await.unwrap();
    assert_eq!(seen.row.drift, Drift::Equal);
    assert!(seen.settings.iter().all(|row| !row.differs()), "{:?}", seen.settings);
    assert_eq!(seen.changes.iter().map(|row| row.id).collect::<Vec<_>>(), [created]);
    let kinds: Vec<_> = seen.row.warnings.iter().map(|one| (one.kind, one.severity)).collect();
    assert_eq!(kinds, [(WarningKind::OpenToTheInternet, Severity::Critical)]);
    // It decides before the narrower one, which has no effect any more.
    let order = view(control, None).await.rules;
    assert_eq!(order[0].key, "ssh-anywhere");
    let shadowed = order.iter().find(|row| row.key == "allow-agent-ssh").unwrap();
    assert!(shadowed.warnings.iter().any(|one| one.kind == WarningKind::Shadowed), "{shadowed:?}");

    // Somebody turns it by hand: the difference shows until a change mends it.
    let path = "global/firewalls/genesis-agent-ssh-anywhere";
    let mut body = fixture.get(PROJECT, path).await;
    body["priority"] = json!(7);
    let url = format!("{}/compute/v1/projects/{PROJECT}/{path}", fixture.emulator.endpoint());
    fixture.http.put(url).json(&body).send().await.unwrap().error_for_status().unwrap();
    let begun = Instant::now();
    let drifted = loop {
        worker.round().await.unwrap();
        let seen = firewall::load_firewall_rule(control, &viewer(), "dev", "ssh-anywhere").await.unwrap();
        if seen.row.drift == Drift::Differs {
            break seen;
        }
        assert!(begun.elapsed() < PATIENCE, "the difference was never seen");
        sleep(Duration::from_millis(50)).await;
    };
    let differing: Vec<_> = drifted.settings.iter().filter(|row| row.differs()).collect();
    let [priority] = &differing[..] else { panic!("{differing:?}") };
    assert_eq!((priority.desired.as_deref(), priority.observed.as_deref()), (Some("500"), Some("7")));

    let narrow = FirewallRuleSpec { source_ranges: vec!["10.9.0.0/16".into()], ..open_ssh() };
    let update = Edit::UpdateFirewallRule { key: "ssh-anywhere".into(), firewall_rule: narrow };
    let edited = propose_edit(control, &update).await;
    let traffic = change(control, edited).await.revision.plan.impact.traffic;
    assert!(traffic.gained.is_empty() && traffic.lost[0].internet, "{traffic:?}");
    assert_eq!(worker.finish(edited).await.state, ChangeState::Applied);

    let deleted = propose_edit(control, &Edit::DeleteFirewallRule { key: "ssh-anywhere".into() }).await;
    assert_eq!(worker.finish(deleted).await.state, ChangeState::Applied);
    let gone = firewall::load_firewall_rule(control, &viewer(), "dev", "ssh-anywhere").await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    let form = firewall::load_firewall_rule_form(control, &viewer(), None, None).await.unwrap();
    assert_eq!(form.keys, ["allow-agent-http", "allow-agent-ssh"]);
    assert!(form.tags.contains(&"agent-backend-developer".to_owned()), "{:?}", form.tags);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_canary_s_vms_have_rules_of_their_own_where_their_tags_differ(pool: PgPool) {
    let (fixture, mut worker) = applied(pool).await;
    let control = &fixture.control;
    let door = FirewallRuleSpec { target_tags: vec!["door".into()], ..open_ssh() };
    let rule = Edit::CreateFirewallRule { key: "door".into(), firewall_rule: door };
    let spec = control.store.get_environment("dev").await.unwrap().unwrap().spec;
    let mut template = spec.agent_vm_templates[0].clone();
    template.additional_tags.push("door".to_owned());
    let stage = Edit::StageTemplate { name: template.name.clone(), template };
    for edit in [rule, stage] {
        let staged = propose_edit(control, &edit).await;
        let traffic = change(control, staged).await.revision.plan.impact.traffic;
        assert!(traffic.gained.iter().all(|one| one.pools.is_empty()), "no agent has the tag: {traffic:?}");
        assert_eq!(worker.finish(staged).await.state, ChangeState::Applied);
    }
    let canary = CanarySpec { template_name: None, template_version: None, target_size: Amount::Fixed(1) };
    let start = Edit::StartCanary { name: "backend-pool".into(), canary };
    let tried = propose_edit(control, &start).await;
    let traffic = change(control, tried).await.revision.plan.impact.traffic;
    let [gained] = &traffic.gained[..] else { panic!("{traffic:?}") };
    assert_eq!(gained.sentence(), "from all IPv4 but 10.0.0.0/8 to backend-pool (canary): tcp 22");
    assert!(gained.internet);
    assert_eq!(worker.finish(tried).await.state, ChangeState::Applied);
    sync_live(control, "dev").await;

    let seen = view(control, None).await;
    assert_eq!(
        (&seen.pools[..], &seen.canaries[..]),
        (&["backend-pool".to_owned()][..], &["backend-pool (canary)".to_owned()][..])
    );
    let firewall = firewall::load_pool_firewall(control, &viewer(), "dev", "backend-pool").await.unwrap();
    assert!(firewall.rules.iter().all(|one| one.row.key != "door"), "{:?}", firewall.rules);
    assert!(firewall.warnings.iter().any(|one| one.kind == WarningKind::OpenToTheInternet));
    let canary = firewall.canary.unwrap();
    assert!(canary.tags.contains(&"door".to_owned()) && canary.rules[0].decides, "{canary:?}");
    assert_eq!(canary.rules[0].row.key, "door");
    assert_eq!(canary.rules[0].row.pools, ["backend-pool (canary)"]);

    let mut outcomes = Vec::new();
    for target in ["backend-pool", "backend-pool (canary)"] {
        let answer = view(control, Some(ask("203.0.113.9", target, "22"))).await.answer.unwrap().unwrap();
        outcomes.push((answer.target, answer.outcome));
    }
    assert_eq!(
        outcomes,
        [
            ("pool backend-pool".to_owned(), Outcome::Denied),
            ("pool backend-pool (canary)".to_owned(), Outcome::Allowed)
        ]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_empty_installation_has_no_rules(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let seen = firewall::load_firewall(&fixture.control, &viewer(), None, None).await.unwrap();
    assert_eq!((seen.environment, seen.rules), (None, vec![]));
    let form = firewall::load_firewall_rule_form(&fixture.control, &viewer(), None, None).await;
    assert!(matches!(&form, Err(Error::NotFound(what)) if what.ends_with("(import one first)")), "{form:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rule_for_some_of_the_vms_addresses_says_which(pool: PgPool) {
    let (fixture, mut worker) = applied(pool).await;
    let control = &fixture.control;
    let out = FirewallRuleSpec {
        source_ranges: vec!["10.1.0.0/16".into()],
        destination_ranges: vec!["192.0.2.0/24".into()],
        target_tags: vec!["agent-vm".into()],
        deny: vec![Traffic { protocol: "all".into(), ports: Vec::new() }],
        ..FirewallRuleSpec::new("Not into the test network", Direction::Egress)
    };
    let create = Edit::CreateFirewallRule { key: "out".into(), firewall_rule: out };
    let created = propose_edit(control, &create).await;
    assert_eq!(worker.finish(created).await.state, ChangeState::Applied);
    let seen = firewall::load_firewall_rule(control, &viewer(), "dev", "out").await.unwrap();
    assert_eq!(seen.row.drift, Drift::Equal);
    assert_eq!(seen.row.peers, ["192.0.2.0/24"]);
    assert_eq!(seen.row.addresses, ["10.1.0.0/16"]);
}
