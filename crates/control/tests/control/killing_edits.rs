//! Killed while it changes or removes what runs, another process finishes that too: Compute Engine takes each step once. The
//! places after the last operation are those of `killing`.

use control::{
    Clock, Control,
    edits::{self, Seen},
};
use domain::{
    ChangeId, ChangeState,
    edit::Edit,
    plan::instances::{InstanceAction, InstanceVerb},
    template::TemplateSpec,
};
use sqlx::PgPool;

use crate::{
    fixture::{Fixture, PROJECT, Worker, basic, operator, propose, without_agents},
    killing::{assert_told_once, depose, killed_and_followed},
};

const POOL: &str = "backend-pool";
const GROUPS: &str = "instanceGroupManagers";

/// Applied, sized by people. Nothing probes its VMs, so that empty ones settle.
async fn applied(pool: PgPool, replaced: &[(&str, &str)]) -> Fixture {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    let unprobed = (r#"environment = "dev""#, "environment = \"dev\"\n  enable_health_checks = false");
    let by_hand = ("enable_autoscaling = true", "enable_autoscaling = false");
    let mut all = vec![unprobed, by_hand];
    all.extend_from_slice(replaced);
    let id = propose(&fixture.control, &operator(), basic(&all)).await.unwrap();
    finish(&fixture.control, id).await;
    fixture
}

/// Killed by nobody.
async fn finish(control: &Control, id: ChangeId) {
    let applied = Worker::start(control).await.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    depose(control).await;
}

async fn proposed(control: &Control, edit: &Edit) -> ChangeId {
    let preview = edits::preview_edit(control, &operator(), "dev", edit).await.unwrap();
    assert_eq!(preview.plan.violations, []);
    let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    edits::propose_edit(control, &operator(), "dev", edit, seen, "").await.unwrap()
}

/// Of a change of that many steps: three of its claim, three of the look that follows, and eight of each step.
fn places(steps: i64) -> std::ops::Range<i64> {
    0..6 + 8 * steps
}

/// `expected`: type and collection of every operation that the edit is, sorted.
async fn killed_at(fixture: &Fixture, place: i64, edit: &Edit, expected: &[(&str, &str)]) {
    let control = &fixture.control;
    let id = proposed(control, edit).await;
    let before = fixture.operations(PROJECT).await;
    let (finished, killed) = killed_and_followed(control, id, place).await;
    assert!(killed, "it was over before place {place}");

    let mut taken = fixture.operations(PROJECT).await;
    for known in &before {
        let at = taken.iter().position(|one| one == known).expect("an operation is kept");
        taken.remove(at);
    }
    let mut found: Vec<_> = taken
        .iter()
        .map(|(kind, target)| (kind.as_str(), target.rsplit(" of ").next().unwrap_or_default()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, expected, "at place {place}: {taken:?}");
    assert_told_once(control, &finished, place).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_while_a_machine_type_changes_each_step_is_taken_once(pool: PgPool) {
    let fixture = applied(pool, &[("target_size   = 2", "target_size   = 1")]).await;
    let declared = fixture.control.store.get_environment("dev").await.unwrap().unwrap().spec;
    let template = declared.agent_vm_templates[0].clone();
    let machine_types = ["e2-standard-4", "e2-standard-2"].map(|machine_type| Some(machine_type.to_owned()));
    for (place, machine_type) in places(2).zip(machine_types.into_iter().cycle()) {
        // A disk of another size each time: a version that was there before would not be created again.
        let disk_size_gb = Some(100 + u32::try_from(place).unwrap());
        let template = TemplateSpec { machine_type, disk_size_gb, ..template.clone() };
        let edit = Edit::UpdateTemplate { name: template.name.clone(), template };
        killed_at(&fixture, place, &edit, &[("insert", "instanceTemplates"), ("patch", GROUPS)]).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_while_a_size_changes_it_is_set_once(pool: PgPool) {
    let fixture = applied(pool, &[("target_size   = 2", "target_size   = 1")]).await;
    for (place, target_size) in places(1).zip([2, 1].into_iter().cycle()) {
        let edit = Edit::ScalePool { name: POOL.to_owned(), target_size };
        killed_at(&fixture, place, &edit, &[("compute.instanceGroupManagers.resize", GROUPS)]).await;
        let vms = fixture.control.store.list_instances("dev", Some(POOL)).await.unwrap();
        assert_eq!(vms.len(), usize::try_from(target_size).unwrap(), "at place {place}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_while_a_pool_is_removed_each_part_of_it_is_deleted_once(pool: PgPool) {
    let fixture = applied(pool, &[("target_size   = 2", "target_size   = 1")]).await;
    let control = &fixture.control;
    let mut jobs = control.store.get_pool("dev", POOL).await.unwrap().unwrap().spec;
    jobs.name = "jobs".to_owned();
    jobs.enable_autoscaling = Some(true);
    let (create, delete) = (Edit::CreatePool { pool: jobs }, Edit::DeletePool { name: "jobs".to_owned() });
    for place in places(2) {
        finish(control, proposed(control, &create).await).await;
        killed_at(&fixture, place, &delete, &[("delete", "autoscalers"), ("delete", GROUPS)]).await;
    }
}

/// The only call that takes no request id: Compute Engine would not know a second one for the same.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_while_an_instance_is_updated_it_is_made_anew_once(pool: PgPool) {
    let by_name = ("target_size   = 2", "target_size   = 14\n      update_type   = \"OPPORTUNISTIC\"");
    let fixture = applied(pool, &[by_name, ("max_replicas  = 5", "max_replicas  = 20")]).await;
    let control = &fixture.control;
    let mut template =
        control.store.get_environment("dev").await.unwrap().unwrap().spec.agent_vm_templates[0].clone();
    template.disk_size_gb = Some(100);
    let edit = Edit::UpdateTemplate { name: template.name.clone(), template };
    finish(control, proposed(control, &edit).await).await;

    let vms = control.store.list_instances("dev", Some(POOL)).await.unwrap();
    assert_eq!(vms.len(), places(1).count(), "one for each place");
    for (place, vm) in places(1).zip(vms) {
        let instances = vec![vm.instance.name.clone()];
        let action = InstanceAction { pool: POOL.to_owned(), verb: InstanceVerb::Update, instances };
        let taken = ("compute.instanceGroupManagers.applyUpdatesToInstances", GROUPS);
        killed_at(&fixture, place, &Edit::ActOnInstances(action), &[taken]).await;
        let after = control.store.list_instances("dev", Some(POOL)).await.unwrap();
        let anew =
            after.into_iter().map(|row| row.instance).find(|one| one.name == vm.instance.name).unwrap();
        assert_ne!(anew.id, vm.instance.id, "at place {place}");
        assert_ne!(anew.template, vm.instance.template, "at place {place}");
    }
}
