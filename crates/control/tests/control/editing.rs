//! Edits of a running environment: previewed, proposed, and refused when what was seen is no longer so.

use control::{
    Error, changes,
    edits::{self, Seen},
};
use domain::{
    AgentType, ChangeState, Permission, Role, change::Change, edit::Edit, firewall::FirewallRuleSpec, name,
    plan::Step, pool::PoolSpec, template::TemplateSpec,
};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, change, operator, person, propose, viewer};

fn scale(target_size: u32) -> Edit {
    Edit::ScalePool { name: "backend-pool".into(), target_size }
}

fn rule(priority: u32) -> FirewallRuleSpec {
    let default = domain::fleet::default_firewall_rules();
    FirewallRuleSpec { priority, ..default["allow-agent-ssh"].clone() }
}

fn prioritise(priority: u32) -> Edit {
    Edit::UpdateFirewallRule { key: "allow-agent-ssh".into(), firewall_rule: rule(priority) }
}

const fn read(base_generation: i64) -> Seen<'static> {
    Seen { base_generation, digest: None }
}

/// Previewed, proposed and applied.
async fn carry_out(worker: &mut Worker, edit: &Edit) -> Change {
    let control = worker.control.clone();
    let preview = edits::preview_edit(&control, &operator(), "dev", edit).await.unwrap();
    let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(&control, &operator(), "dev", edit, seen, "").await.unwrap();
    let ended = worker.finish(id).await;
    assert_eq!(ended.state, ChangeState::Applied, "{:?}", ended.outcome);
    ended
}

/// The basic fleet, sized by people.
fn by_hand() -> domain::view::import::ImportInput {
    basic(&[("enable_autoscaling = true", "enable_autoscaling = false")])
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_edit_is_previewed_proposed_and_applied(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.finish(propose(control, &operator(), by_hand()).await.unwrap()).await;
    let edit = scale(3);

    let preview = edits::preview_edit(control, &viewer(), "dev", &edit).await.unwrap();
    assert_eq!(preview.title, "dev: scale backend-pool from 2 to 3");
    assert_eq!(preview.differences.len(), 1, "{:?}", preview.differences);
    assert_eq!(preview.plan.impact.total().created, 1);
    assert!(matches!(preview.plan.actions[0].step, Step::ResizeInstanceGroup { from: 2, to: 3, .. }));

    let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", &edit, seen, "more work").await.unwrap();
    // Whoever signs it sees what the proposer saw, before it runs and long after.
    let declared = async || {
        let page = changes::load_detail(control, &viewer(), id, false).await.unwrap();
        page.beside.declared.expect("what was in force is known")
    };
    let waiting = declared().await;
    assert_eq!((waiting.first, &waiting.fields.shown), (false, &preview.differences));
    worker.finish(id).await;
    assert_eq!(change(control, id).await.state, ChangeState::Applied);
    assert_eq!(declared().await, waiting);

    // The same again follows a generation that is past.
    let error = edits::propose_edit(control, &operator(), "dev", &edit, seen, "").await.unwrap_err();
    assert!(matches!(&error, Error::Moved { environment, .. } if environment == "dev"), "{error}");
    assert!(error.to_string().contains("generation 2 now"), "{error}");
    // And what is so already is no change.
    let now = Seen { base_generation: 2, digest: None };
    let error = edits::propose_edit(control, &operator(), "dev", &edit, now, "").await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_may_not_and_what_is_not_there_is_refused(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let seen = Seen { base_generation: 1, digest: None };
    for refused in [viewer(), person("anton", &[Role::Approver])] {
        let error = edits::propose_edit(control, &refused, "dev", &scale(3), seen, "").await.unwrap_err();
        assert!(matches!(error, Error::Forbidden(Permission::ProposeChange)), "{error}");
    }
    let error = edits::preview_edit(control, &operator(), "dev", &scale(3)).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "no environment yet: {error}");

    Worker::start(control).await.finish(propose(control, &operator(), by_hand()).await.unwrap()).await;
    let missing = Edit::DeletePool { name: "ghost".into() };
    let error = edits::preview_edit(control, &operator(), "dev", &missing).await.unwrap_err();
    assert_eq!(error.to_string(), "pool ghost does not exist");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_edit_goes_on_where_something_else_was_changed_meanwhile(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.finish(propose(control, &operator(), by_hand()).await.unwrap()).await;

    // The first rule also takes the place of the module's own, which every plan notes.
    carry_out(&mut worker, &prioritise(950)).await;

    let seen = edits::preview_edit(control, &operator(), "dev", &scale(3)).await.unwrap();
    assert_eq!((seen.base_generation, seen.overtaken), (2, None));
    carry_out(&mut worker, &prioritise(900)).await;
    let begun = edits::preview_begun_edit(control, &viewer(), "dev", &scale(3), Some(2)).await.unwrap();
    assert_eq!((begun.base_generation, begun.overtaken), (3, None));
    assert_ne!(begun.digest, seen.digest, "it is computed upon what is in force");
    // The plan is step by step the one that was seen, and the change follows what is in force.
    assert_eq!(begun.plan, seen.plan);
    let seen = Seen { base_generation: 2, digest: Some(&seen.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", &scale(3), seen, "").await.unwrap();
    let ended = worker.finish(id).await;
    assert_eq!(ended.state, ChangeState::Applied, "{:?}", ended.outcome);
    assert_eq!(ended.revision.base_generation, 3);
    let desired = &ended.revision.desired;
    assert_eq!(desired.agent_pools[0].target_size, Some(3));
    assert_eq!(desired.firewall_rules["allow-agent-ssh"].priority, 900, "nothing was taken back");

    // Generation 4 has another size of the pool, and the rule as generation 3 had it.
    for late in [scale(4), Edit::DeletePool { name: "backend-pool".into() }] {
        let error = edits::propose_edit(control, &operator(), "dev", &late, read(3), "").await.unwrap_err();
        assert!(matches!(error, Error::Moved { .. }), "{error}");
        let preview = edits::preview_begun_edit(control, &viewer(), "dev", &late, Some(3)).await.unwrap();
        assert_eq!((preview.base_generation, preview.overtaken), (4, Some(3)));
    }
    let error =
        edits::propose_edit(control, &operator(), "dev", &prioritise(800), read(2), "").await.unwrap_err();
    assert!(error.to_string().contains("at generation 4 now, and the edit was of generation 2"), "{error}");
    // Of generations that nobody knows nothing is the same.
    for unknown in [0, 9] {
        let late =
            edits::propose_edit(control, &operator(), "dev", &prioritise(800), read(unknown), "").await;
        assert!(matches!(late, Err(Error::Moved { .. })), "{unknown}: {late:?}");
    }
    // Another plan than the one that was shown is not proposed, whatever it is of.
    let other = Seen { base_generation: 3, digest: Some("of another plan") };
    let error =
        edits::propose_edit(control, &operator(), "dev", &prioritise(800), other, "").await.unwrap_err();
    assert!(error.to_string().contains("since the plan was shown"), "{error}");
    let id = edits::propose_edit(control, &operator(), "dev", &prioritise(800), read(3), "").await.unwrap();
    assert_eq!(change(control, id).await.revision.base_generation, 4);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_created_or_came_into_use_meanwhile_decides_by_its_own_rules(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.finish(propose(control, &operator(), by_hand()).await.unwrap()).await;
    let spare = TemplateSpec::of_type("spare", AgentType::BackendDeveloper);
    carry_out(&mut worker, &Edit::CreateTemplate { template: spare.clone() }).await;
    let pool = PoolSpec {
        enable_autoscaling: Some(false),
        target_size: Some(1),
        ..PoolSpec::new("other", AgentType::BackendDeveloper, "spare")
    };
    carry_out(&mut worker, &Edit::CreatePool { pool: pool.clone() }).await;

    // A name that was free in generation 1 is taken now.
    let twice = Edit::CreatePool { pool };
    let error = edits::propose_edit(control, &operator(), "dev", &twice, read(1), "").await.unwrap_err();
    assert!(matches!(&error, Error::Invalid(fields) if fields[0].field == "name"), "{error}");
    // One that is free still may be taken.
    let create = Edit::CreateFirewallRule { key: "probes".into(), firewall_rule: rule(700) };
    edits::propose_edit(control, &operator(), "dev", &create, read(1), "").await.unwrap();

    // The template is what it was in generation 2, and a pool uses it now.
    let retire = Edit::RetireTemplate { name: "spare".into() };
    let error = edits::propose_edit(control, &operator(), "dev", &retire, read(2), "").await.unwrap_err();
    assert!(error.to_string().contains("spare is used by other"), "{error}");
    let larger = TemplateSpec { disk_size_gb: Some(100), ..spare };
    let update = Edit::UpdateTemplate { name: "spare".into(), template: larger };
    let id = edits::propose_edit(control, &operator(), "dev", &update, read(2), "").await.unwrap();
    let revision = change(control, id).await.revision;
    assert_eq!((revision.base_generation, revision.desired.agent_pools.len()), (3, 2));
    let group = name::instance_group(&revision.desired.environment.name_prefix, "other");
    assert!(revision.plan.doing(&group).is_some(), "who decides sees what it does to that pool");
    // In generation 1 there was no such template.
    let error = edits::propose_edit(control, &operator(), "dev", &update, read(1), "").await.unwrap_err();
    assert!(matches!(error, Error::Moved { .. }), "{error}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_may_not_plan_learns_of_no_generation(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let nobody = person("nora", &[]);
    let error = edits::preview_begun_edit(&fixture.control, &nobody, "dev", &scale(3), Some(1)).await;
    assert!(matches!(error, Err(Error::Forbidden(Permission::PlanChange))), "{error:?}");
}
