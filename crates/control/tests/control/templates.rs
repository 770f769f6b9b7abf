//! Templates: what is declared, what runs which version, and what differs between two of them.

use control::{Clock, Control, Error, edits, templates};
use domain::{
    ChangeId, ChangeState,
    edit::Edit,
    template::TemplateSpec,
    view::template::{PoolCount, TemplateRow},
};
use serde_json::json;
use sqlx::PgPool;
use tokio::time::{Duration, Instant, sleep};

use crate::fixture::{
    Fixture, PATIENCE, Worker, basic, operator, propose, sync_live, viewer, without_agents,
};

/// As a person does: reviews the edit, then proposes what was shown.
async fn propose_edit(control: &Control, edit: &Edit) -> Result<ChangeId, Error> {
    let preview = edits::preview_edit(control, &operator(), "dev", edit).await?;
    let seen = edits::Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    edits::propose_edit(control, &operator(), "dev", edit, seen, "because").await
}

async fn row(control: &Control, name: &str) -> TemplateRow {
    let rows = templates::list_templates(control, &viewer(), Some("dev")).await.unwrap();
    rows.into_iter().find(|row| row.name == name).unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_template_is_followed_from_its_first_version_to_its_end(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let imported = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(imported).await.state, ChangeState::Applied);
    sync_live(control, "dev").await;

    let rows = templates::list_templates(control, &viewer(), None).await.unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["backend-dev", "platform-eng"], "in the order of the declaration");
    let [first] = &rows[0].versions[..] else { panic!("{:?}", rows[0].versions) };
    assert_eq!((first.version, first.declared, first.exists), (1, true, Some(true)));
    assert_eq!(first.declared_by, imported);
    assert_eq!(first.running, [PoolCount { pool: "backend-pool".into(), vms: 2 }]);
    assert_eq!(
        (rows[0].pools.clone(), rows[0].vms(), rows[0].outdated()),
        (vec!["backend-pool".into()], 2, 0)
    );
    assert!(rows[1].pools.is_empty() && rows[1].vms() == 0);

    // A new one: a change, applied, version 1, and no VM of it.
    let batch = TemplateSpec::of_type("batch", rows[0].agent_type);
    let created = propose_edit(control, &Edit::CreateTemplate { template: batch.clone() }).await.unwrap();
    assert_eq!(worker.finish(created).await.state, ChangeState::Applied);
    assert_eq!(row(control, "batch").await.versions.len(), 1);
    let view = templates::load_template(control, &viewer(), "dev", "batch", None).await.unwrap();
    assert_eq!(view.comparison, None, "one version has nothing to be compared with");
    assert!(view.startup_script.unwrap().contains("backend-developer agent"));
    let machine = view.settings.iter().find(|setting| setting.name == "Machine type").unwrap();
    assert_eq!((machine.value.as_str(), machine.inherited), ("e2-standard-2: 2 vCPU, 8 GB", false));

    // Edited: version 2, and the difference as it was made.
    let larger = TemplateSpec { disk_size_gb: Some(100), ..batch };
    let update = Edit::UpdateTemplate { name: "batch".into(), template: larger };
    let edited = propose_edit(control, &update).await.unwrap();
    assert_eq!(worker.finish(edited).await.state, ChangeState::Applied);
    let view = templates::load_template(control, &viewer(), "dev", "batch", None).await.unwrap();
    let declared: Vec<_> = view.row.versions.iter().map(|one| (one.version, one.declared)).collect();
    assert_eq!(declared, [(2, true), (1, false)]);
    let comparison = view.comparison.unwrap();
    assert_eq!((comparison.from, comparison.to, comparison.unknown), (1, 2, vec![]));
    let [change] = &comparison.changes[..] else { panic!("{:?}", comparison.changes) };
    assert_eq!(change.attribute, "disk_size_gb");
    assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some("20"), Some("100")));
    let turned = templates::load_template(control, &viewer(), "dev", "batch", Some((2, 1))).await.unwrap();
    assert_eq!(turned.comparison.unwrap().changes[0].after.as_deref(), Some("20"));

    // What a pool uses stays; what none uses leaves, and is remembered.
    let used = propose_edit(control, &Edit::RetireTemplate { name: "backend-dev".into() }).await;
    assert!(
        matches!(&used, Err(Error::Invalid(errors)) if errors[0].message.contains("backend-pool")),
        "{used:?}"
    );
    let retired = propose_edit(control, &Edit::RetireTemplate { name: "batch".into() }).await.unwrap();
    assert_eq!(worker.finish(retired).await.state, ChangeState::Applied);
    let gone = row(control, "batch").await;
    assert!(gone.declared().is_none() && gone.versions.len() == 2, "{gone:?}");
    let view = templates::load_template(control, &viewer(), "dev", "batch", None).await.unwrap();
    assert_eq!(view.comparison.map(|one| (one.from, one.to)), Some((1, 2)));
    let form = templates::load_template_form(control, &viewer(), Some("dev"), Some("batch")).await;
    assert!(matches!(form, Err(Error::NotFound(_))), "what is retired cannot be edited: {form:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_template_that_only_a_canary_runs_is_used(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let tried =
        "enable_autoscaling = false\n      canary = { template_name = \"platform-eng\", target_size = 1 }";
    let edited = basic(&[
        ("enable_autoscaling = true", tried),
        ("agent_type = \"platform-engineer\"", "agent_type = \"backend-developer\""),
    ]);
    let imported = propose(control, &operator(), edited).await.unwrap();
    assert_eq!(Worker::start(control).await.finish(imported).await.state, ChangeState::Applied);
    sync_live(control, "dev").await;
    let used = row(control, "platform-eng").await;
    assert_eq!(used.pools, ["backend-pool"]);
    assert_eq!(used.versions[0].running, [PoolCount { pool: "backend-pool".into(), vms: 1 }]);
    let form = templates::load_template_form(control, &viewer(), Some("dev"), Some("platform-eng")).await;
    assert_eq!(form.unwrap().pools, ["backend-pool"]);
    assert_eq!(row(control, "backend-dev").await.vms(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_vm_that_cannot_be_made_runs_no_version(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    let control = &fixture.control;
    for zone in ["us-central1-a", "us-central1-b", "us-central1-c"] {
        fixture.fault(&json!({"kind": "stockout", "zone": zone})).await;
    }
    propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    let begun = Instant::now();
    loop {
        worker.round().await.unwrap();
        sync_live(control, "dev").await;
        let rows = control.live.rows("dev");
        // Each of them is listed with the version that it is meant to run.
        if rows.len() == 2
            && rows.iter().all(|row| row.instance.last_error.is_some() && row.instance.template.is_some())
        {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "both VMs are to fail: {rows:?}");
        sleep(Duration::from_millis(30)).await;
    }
    let meant = row(control, "backend-dev").await;
    assert_eq!((meant.versions[0].running.clone(), meant.vms(), meant.outdated()), (vec![], 0, 0));
    assert_eq!(meant.pools, ["backend-pool"]);
}

/// Versions are kept for ever: contents that cannot be read show whether a page reads them.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_page_reads_the_content_of_a_version_that_it_does_not_show(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let control = &fixture.control;
    let imported = propose(control, &operator(), basic(&[])).await.unwrap();
    assert_eq!(Worker::start(control).await.finish(imported).await.state, ChangeState::Applied);
    let before = templates::list_templates(control, &viewer(), None).await.unwrap();
    sqlx::query("UPDATE templates SET spec = jsonb_build_object('agent_type', spec -> 'agent_type')")
        .execute(&pool)
        .await
        .unwrap();
    assert!(control.store.list_templates("dev").await.is_err(), "who reads them fails");
    assert_eq!(templates::list_templates(control, &viewer(), None).await.unwrap(), before);
    let view = templates::load_template(control, &viewer(), "dev", "backend-dev", None).await.unwrap();
    assert_eq!(view.row, before[0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_there_is_named(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let none = templates::load_template_form(control, &viewer(), None, None).await.unwrap_err();
    assert!(none.to_string().contains("import one first"), "{none}");
    assert_eq!(templates::list_templates(control, &viewer(), None).await.unwrap(), []);

    let imported = propose(control, &operator(), basic(&[])).await.unwrap();
    assert_eq!(Worker::start(control).await.finish(imported).await.state, ChangeState::Applied);
    for (environment, template, versions, said) in [
        ("absent", "backend-dev", None, "environment absent"),
        ("dev", "absent", None, "template absent in dev"),
        ("dev", "backend-dev", Some((1, 7)), "version 7 of template backend-dev in dev"),
    ] {
        let error =
            templates::load_template(control, &viewer(), environment, template, versions).await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    let form = templates::load_template_form(control, &viewer(), None, None).await.unwrap();
    assert_eq!(form.names, ["backend-dev", "platform-eng"]);
    assert_eq!(form.place(), "agent_vm_templates[2].");
    let form =
        templates::load_template_form(control, &viewer(), Some("dev"), Some("backend-dev")).await.unwrap();
    assert_eq!((form.place().as_str(), form.pools.len()), ("agent_vm_templates[0].", 1));
}

/// Who was told to stay is named, and goes along again when the template is edited to roll.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_that_holds_a_version_is_named_and_rolls_when_it_is_asked_to(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let imported = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(imported).await.state, ChangeState::Applied);
    let form = async || {
        templates::load_template_form(control, &viewer(), Some("dev"), Some("backend-dev")).await.unwrap()
    };
    let begun = form().await;
    assert_eq!((begun.held.len(), begun.trying.len()), (0, 0));
    let sized = |gigabytes| TemplateSpec { disk_size_gb: Some(gigabytes), ..begun.template.clone().unwrap() };
    let stage = Edit::StageTemplate { name: "backend-dev".into(), template: sized(40) };
    let staged = propose_edit(control, &stage).await.unwrap();
    assert_eq!(worker.finish(staged).await.state, ChangeState::Applied);
    let held = form().await;
    assert_eq!((held.held, held.trying), (vec!["backend-pool".to_owned()], vec![]));
    let by_version = async || {
        let versions = row(control, "backend-dev").await.versions;
        versions.into_iter().map(|one| (one.version, one.held_by)).collect::<Vec<_>>()
    };
    assert_eq!(by_version().await, [(2, vec![]), (1, vec!["backend-pool".to_owned()])]);

    let update = Edit::UpdateTemplate { name: "backend-dev".into(), template: sized(41) };
    let preview = edits::preview_edit(control, &operator(), "dev", &update).await.unwrap();
    assert_eq!(preview.plan.impact.total().replaced, 0, "it asks no pool to roll");
    let roll = Edit::RollTemplate { name: "backend-dev".into(), template: sized(41) };
    let preview = edits::preview_edit(control, &operator(), "dev", &roll).await.unwrap();
    assert_eq!(preview.plan.impact.total().replaced, 2);
    let rolled = propose_edit(control, &roll).await.unwrap();
    assert_eq!(worker.finish(rolled).await.state, ChangeState::Applied);
    assert!(form().await.held.is_empty());
    let versions = by_version().await;
    assert!(versions.len() == 3 && versions.iter().all(|(_, held)| held.is_empty()), "{versions:?}");
}
