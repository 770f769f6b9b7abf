//! `g vm update-pool`: another pace, another template.

use domain::{Amount, pool::PoolSpec, token::Scope};
use sqlx::PgPool;

use crate::stack::{REFERENCES, Stack, example};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_is_given_another_pace_and_no_template_of_other_agents(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;
    let update = async |more: &[&str]| {
        stack.g(&token, &[&["vm", "update-pool", "backend-pool"][..], more].concat()).await
    };

    let nothing = update(&[]).await;
    assert_eq!((nothing.code, nothing.err.contains("--max-surge")), (2, true), "{}", nothing.err);
    // The pool has three zones.
    let slow = update(&["--max-surge", "1"]).await;
    assert_eq!((slow.code, slow.err.contains("number of zones")), (5, true), "{}", slow.err);
    let other = update(&["--template", "platform-eng"]).await;
    assert_eq!((other.code, other.err.contains("platform-engineer")), (5, true), "{}", other.err);
    let paced = update(&["--max-surge", "6", "--max-unavailable", "3", "--wait"]).await;
    assert_eq!(paced.code, 0, "{}", paced.err);
    let shown = stack.g(&token, &["change", "show", "chg-2"]).await;
    assert!(shown.out.contains("dev: edit pool backend-pool") && shown.out.contains("done"), "{}", shown.out);
    let control = &stack.running.control;
    let declared = control.store.get_environment("dev").await.unwrap().unwrap().spec;
    let pool = &declared.agent_pools[0];
    let pace = (pool.max_surge, pool.max_unavailable, pool.template_name.as_str());
    assert_eq!(pace, (Some(Amount::Fixed(6)), Amount::Fixed(3), "backend-dev"));
    stack.stop().await;
}

/// As it is declared now.
async fn declared(stack: &Stack) -> PoolSpec {
    let control = &stack.running.control;
    control.store.get_environment("dev").await.unwrap().unwrap().spec.agent_pools.remove(0)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_is_given_another_template_alone_and_with_a_pace(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    let second = "agent_vm_templates = [\n    {\n      name       = \"backend-large\"\n      \
                  agent_type = \"backend-developer\"\n      machine_type = \"e2-standard-4\"\n    },";
    let basic = std::fs::read_to_string(example("basic.tf")).unwrap();
    let file = stack.folder.path().join("two.tf");
    std::fs::write(&file, basic.replace("agent_vm_templates = [", second)).unwrap();
    let line = [&["vm", "import", file.to_str().unwrap(), "--wait"][..], &REFERENCES].concat();
    let imported = stack.g(&token, &line).await;
    assert_eq!(imported.code, 0, "{}", imported.err);
    let update = async |more: &[&str]| {
        let updated = stack.g(&token, &[&["vm", "update-pool", "backend-pool"][..], more].concat()).await;
        assert_eq!(updated.code, 0, "{}", updated.err);
    };

    let before = declared(&stack).await;
    update(&["--template", "backend-large", "--wait"]).await;
    let alone = declared(&stack).await;
    assert_eq!(alone, PoolSpec { template_name: "backend-large".to_owned(), ..before.clone() });
    update(&["--template", "backend-dev", "--max-surge", "6", "--wait"]).await;
    let paced = declared(&stack).await;
    assert_eq!(paced, PoolSpec { max_surge: Some(Amount::Fixed(6)), ..before });
    stack.stop().await;
}
