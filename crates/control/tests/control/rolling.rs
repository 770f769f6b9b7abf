//! Another version of a pool, tried, taken and taken back; and what is done to instances by name.

use std::collections::BTreeMap;

use control::{
    Control, Error,
    edits::{self, Seen},
    pools,
};
use domain::{
    Amount, ChangeState, Permission,
    change::Change,
    edit::Edit,
    name,
    plan::{
        Step, ZoneImpact,
        instances::{InstanceAction, InstanceVerb},
    },
    pool::CanarySpec,
    view::rollout::{RolloutState, VersionRole},
};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, change, operator, propose, viewer};

const POOL: &str = "backend-pool";
const GROUP: &str = "genesis-pool-backend-pool";

/// Sized by people; a canary may be promoted `ready` seconds after its VMs were made.
async fn started(fixture: &Fixture, worker: &mut Worker, size: u32, ready: u32) {
    let by_hand = format!("enable_autoscaling = false\n      min_ready_sec = {ready}");
    let size = format!("target_size   = {size}");
    let most = ("max_replicas  = 5", "max_replicas  = 20");
    let edited = basic(&[("enable_autoscaling = true", &by_hand), ("target_size   = 2", &size), most]);
    let id = propose(&fixture.control, &operator(), edited).await.unwrap();
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
}

async fn edit(control: &Control, worker: &mut Worker, edit: &Edit) -> Change {
    let preview = edits::preview_edit(control, &operator(), "dev", edit).await.unwrap();
    assert_eq!(preview.plan.violations, []);
    let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", edit, seen, "").await.unwrap();
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    change(control, id).await
}

/// Name to id and template.
async fn vms(control: &Control) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let listed = control.store.list_instances("dev", Some(POOL)).await.unwrap();
    listed.into_iter().map(|row| (row.instance.name, (row.instance.id, row.instance.template))).collect()
}

/// The template gets another disk; its pools hold to what they run.
async fn stage(control: &Control) -> Edit {
    let spec = control.store.get_environment("dev").await.unwrap().unwrap().spec;
    let mut template = spec.agent_vm_templates[0].clone();
    template.disk_size_gb = Some(40);
    Edit::StageTemplate { name: template.name.clone(), template }
}

fn canary() -> Edit {
    let canary = CanarySpec { template_name: None, template_version: None, target_size: Amount::Fixed(1) };
    Edit::StartCanary { name: POOL.into(), canary }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_version_is_staged_tried_promoted_and_can_be_gone_back_to(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    started(&fixture, &mut worker, 3, 0).await;
    let before = vms(control).await;
    let old = before.values().next().unwrap().1.clone().unwrap();

    let staged = edit(control, &mut worker, &stage(control).await).await;
    assert_eq!(staged.revision.plan.impact.total(), ZoneImpact::default());
    assert!(
        staged.revision.desired.template_versions.contains_key(&old),
        "the held version is carried whole"
    );
    assert_eq!(vms(control).await, before, "no VM is touched");

    let tried = edit(control, &mut worker, &canary()).await;
    let impact = tried.revision.plan.impact.clone();
    assert_eq!(impact.total(), ZoneImpact { replaced: 1, ..ZoneImpact::default() });
    assert_eq!((impact.capacity[0].lowest, impact.capacity[0].of), (3, 3));
    let view = pools::load_pool_rollout(control, &viewer(), "dev", POOL).await.unwrap();
    let rollout = view.rollout.unwrap();
    assert_eq!((rollout.state, rollout.holds_promotion), (RolloutState::Canary, None));
    let shares: Vec<_> = rollout.versions.iter().map(|v| (v.role, v.label.short(), v.ready)).collect();
    assert_eq!(shares, [(VersionRole::Own, "v1".into(), 2), (VersionRole::Canary, "v2".into(), 1)]);
    let first = pools::load_pool_overview(control, &viewer(), "dev", POOL).await.unwrap();
    let brief = first.pool.rollout.unwrap();
    assert_eq!((brief.state, brief.to.label.short(), brief.to.ready), (RolloutState::Canary, "v2".into(), 1));
    assert_eq!(first.rollout.map(|rollout| rollout.squares.len()), Some(3));
    assert_eq!(
        (first.undrawn, first.instances.len(), first.found),
        (0, 0, 3),
        "its squares are its instances"
    );

    let promoted = edit(control, &mut worker, &Edit::PromoteCanary { name: POOL.into() }).await;
    assert_eq!(promoted.revision.plan.impact.total().replaced, 2);
    let new: Vec<_> = vms(control).await.into_values().map(|(_, template)| template.unwrap()).collect();
    assert!(new.len() == 3 && new.iter().all(|template| *template != old), "{new:?}");
    let spec = control.store.get_pool("dev", POOL).await.unwrap().unwrap().spec;
    assert_eq!((spec.canary, spec.template_version), (None, None));

    let digits = name::version_digits(&old).to_owned();
    let back = Edit::SetPoolTemplate {
        name: POOL.into(),
        template_name: "backend-dev".into(),
        template_version: Some(digits),
    };
    let preview = edits::preview_edit(control, &operator(), "dev", &back).await.unwrap();
    assert_eq!(preview.plan.violations, []);
    assert_eq!(preview.plan.impact.total().replaced, 3);
    assert!(preview.desired.template_versions.contains_key(&old), "found among the versions of the past");

    // As it was before versions were kept whole.
    sqlx::query("DELETE FROM template_versions").execute(&pool).await.unwrap();
    let again = edits::preview_edit(control, &operator(), "dev", &back).await.unwrap();
    assert_eq!(again.desired, preview.desired, "its template says what it was");
    let never = Edit::SetPoolTemplate {
        name: POOL.into(),
        template_name: "backend-dev".into(),
        template_version: Some("00000000".into()),
    };
    let never = edits::preview_edit(control, &operator(), "dev", &never).await.unwrap();
    assert!(never.plan.violations.iter().any(|violation| violation.rule == "unknown_version"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_canary_of_a_quarter_of_ten_is_three(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    started(&fixture, &mut worker, 10, 0).await;
    edit(control, &mut worker, &stage(control).await).await;
    let quarter =
        CanarySpec { template_name: None, template_version: None, target_size: Amount::Percent(25) };
    let canary = Edit::StartCanary { name: POOL.into(), canary: quarter };
    let tried = edit(control, &mut worker, &canary).await;
    assert_eq!(tried.title, "dev: try backend-dev on 25% of the VMs of pool backend-pool");
    assert_eq!(tried.revision.plan.impact.total().replaced, 3, "a share is rounded up");
    let view = pools::load_pool_rollout(control, &viewer(), "dev", POOL).await.unwrap();
    let rollout = view.rollout.unwrap();
    assert_eq!(rollout.state, RolloutState::Canary);
    let shares: Vec<_> = rollout.versions.iter().map(|v| (v.role, v.wanted, v.ready)).collect();
    assert_eq!(shares, [(VersionRole::Own, 7, 7), (VersionRole::Canary, 3, 3)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_canary_is_not_promoted_before_its_time_and_is_rolled_back_at_any(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    started(&fixture, &mut worker, 2, 3600).await;
    let before = vms(control).await;
    edit(control, &mut worker, &stage(control).await).await;
    edit(control, &mut worker, &canary()).await;
    assert_ne!(vms(control).await, before);

    let promote = Edit::PromoteCanary { name: POOL.into() };
    let error = edits::preview_edit(control, &operator(), "dev", &promote).await.unwrap_err();
    assert!(
        matches!(&error, Error::Conflict(why) if why.contains("3600 s old, as min_ready_sec says")),
        "{error}"
    );
    let seen = Seen { base_generation: 3, digest: None };
    let error = edits::propose_edit(control, &operator(), "dev", &promote, seen, "").await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error}");

    edit(control, &mut worker, &Edit::RollBackCanary { name: POOL.into() }).await;
    let templates = |vms: BTreeMap<String, (Option<String>, Option<String>)>| {
        vms.into_values().map(|(_, template)| template).collect::<Vec<_>>()
    };
    assert_eq!(templates(vms(control).await), templates(before));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn instances_are_restarted_recreated_and_deleted_by_changes(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    started(&fixture, &mut worker, 2, 0).await;
    let before = vms(control).await;
    let names: Vec<String> = before.keys().cloned().collect();
    let act = |verb, name: &str| {
        Edit::ActOnInstances(InstanceAction { pool: POOL.into(), verb, instances: vec![name.to_owned()] })
    };

    let seen = Seen { base_generation: 1, digest: None };
    let restart = act(InstanceVerb::Restart, &names[0]);
    let refused = edits::propose_edit(control, &viewer(), "dev", &restart, seen, "").await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden(Permission::ProposeChange)), "{refused}");
    let ghost = act(InstanceVerb::Restart, "agent-backend-pool-none");
    let refused = edits::preview_edit(control, &operator(), "dev", &ghost).await.unwrap_err();
    assert!(refused.to_string().contains("is not in pool backend-pool"), "{refused}");

    let restarted = edit(control, &mut worker, &restart).await;
    assert_eq!(restarted.title, format!("dev: restart instance {}", names[0]));
    assert_eq!(restarted.revision.plan.impact.total().restarted, 1);
    assert_eq!(restarted.revision.plan.impact.capacity[0].lowest, 1);
    assert_eq!(vms(control).await, before, "the same VMs");

    let recreated = edit(control, &mut worker, &act(InstanceVerb::Recreate, &names[0])).await;
    assert!(matches!(recreated.revision.plan.actions[0].step, Step::RecreateInstance(_)));
    let after = vms(control).await;
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert_ne!(after[&names[0]].0, before[&names[0]].0, "another VM under the same name");
    assert_eq!(after[&names[1]], before[&names[1]]);

    let deleted = edit(control, &mut worker, &act(InstanceVerb::Delete, &names[1])).await;
    assert_eq!(deleted.revision.plan.actions.len(), 1, "{:?}", deleted.revision.plan.actions);
    assert_eq!(vms(control).await.keys().collect::<Vec<_>>(), [&names[0]]);
    let own = pools::load_pool(control, &viewer(), "dev", POOL).await.unwrap().changes;
    let own: Vec<_> = own.iter().map(|row| row.id).collect();
    assert_eq!(own[..3], [deleted.id, recreated.id, restarted.id], "each is a change of the pool");
    let spec = control.store.get_pool("dev", POOL).await.unwrap().unwrap().spec;
    assert_eq!(spec.target_size, Some(1));
    let observed = control.store.observed_fleet("dev").await.unwrap().unwrap();
    assert_eq!(observed.groups[GROUP].target_size, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_instance_is_updated_by_name_and_alone_runs_the_new_version(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    let by_name = "target_size   = 2\n      update_type   = \"OPPORTUNISTIC\"";
    let edited =
        basic(&[("enable_autoscaling = true", "enable_autoscaling = false"), ("target_size   = 2", by_name)]);
    let id = propose(control, &operator(), edited).await.unwrap();
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
    let before = vms(control).await;

    // A tag more: Compute Engine could set it on the VM that runs, and what was announced would not happen.
    let spec = control.store.get_environment("dev").await.unwrap().unwrap().spec;
    let mut template = spec.agent_vm_templates[0].clone();
    template.additional_tags.push("staged".to_owned());
    let (template_name, stage) =
        (template.name.clone(), Edit::StageTemplate { name: template.name.clone(), template });
    edit(control, &mut worker, &stage).await;
    let take = Edit::SetPoolTemplate { name: POOL.into(), template_name, template_version: None };
    let taken = edit(control, &mut worker, &take).await;
    assert_eq!(taken.revision.plan.impact.total().replaced, 0);
    assert_eq!(vms(control).await, before, "nothing happens by itself");

    let names: Vec<String> = before.keys().cloned().collect();
    let instances = vec![names[0].clone()];
    let action = InstanceAction { pool: POOL.into(), verb: InstanceVerb::Update, instances };
    let updated = edit(control, &mut worker, &Edit::ActOnInstances(action.clone())).await;
    assert_eq!(updated.revision.plan.impact.total(), ZoneImpact { replaced: 1, ..ZoneImpact::default() });
    let after = vms(control).await;
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert_ne!(after[&names[0]].0, before[&names[0]].0, "another VM under the same name");
    assert_ne!(after[&names[0]].1, before[&names[0]].1, "of the version that the pool declares");
    assert_eq!(after[&names[1]], before[&names[1]]);
    let again = edits::preview_edit(control, &operator(), "dev", &Edit::ActOnInstances(action)).await;
    assert!(again.unwrap_err().to_string().contains("already runs a version"));
}
