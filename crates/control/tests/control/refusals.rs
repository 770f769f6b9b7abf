//! A person without roles is refused by each use-case. A new use-case gets its line here.

use control::{
    Error, alerts, audit, autoscaling, changes, commands, costs, diagnosis, environments, firewall, fleet,
    health, import, incidents, instances, me, outputs, passkeys, people, planning, policies, pools, revising,
    search, sessions, templates, timeline, tokens, votes,
};
use domain::{
    AgentType, ChangeId,
    approvals::Ballot,
    pool::PoolSpec,
    token::TokenId,
    view::{
        approval::{RegistrationAnswer, VoteAnswer},
        change::Whose,
        import::Reading,
        token::NewToken,
    },
};
use sqlx::PgPool;

use crate::fixture::{Fixture, basic, operator, person};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_without_a_role_is_served(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let nobody = person("nobody", &[]);
    let Reading::Complete { desired } =
        import::preview_import(control, &operator(), basic(&[])).await.unwrap().reading
    else {
        panic!("a complete import")
    };
    let planned = planning::plan_fleet(control, *desired).await.unwrap();
    let again = planned.clone();
    let answer = VoteAnswer {
        challenge: vec![0; 32],
        credential_id: vec![0],
        client_data_json: vec![],
        authenticator_data: vec![],
        signature: vec![],
    };
    let registration =
        RegistrationAnswer { challenge: vec![0; 32], client_data_json: vec![], attestation_object: vec![] };
    let no_token = NewToken { name: String::new(), scopes: Default::default(), lifetime_days: 1 };
    let no_pool = PoolSpec::new("x", AgentType::Architect, "x");
    let refusals = [
        ("preview_import", import::preview_import(control, &nobody, basic(&[])).await.err()),
        ("propose_import", import::propose_import(control, &nobody, basic(&[]), "", "").await.err()),
        ("propose", changes::propose(control, &nobody, planned, "", "").await.err()),
        ("revise_change", revising::revise_change(control, &nobody, ChangeId(1), 1, again, "").await.err()),
        (
            "revise_import",
            import::revise_import(control, &nobody, (ChangeId(1), 1), basic(&[]), "").await.err(),
        ),
        ("begin_vote", votes::begin_vote(control, &nobody, ChangeId(1), 1, Ballot::Approve).await.err()),
        ("finish_vote", votes::finish_vote(control, &nobody, ChangeId(1), &answer, "").await.err()),
        ("begin_registration", passkeys::begin_registration(control, &nobody).await.err()),
        (
            "finish_registration",
            passkeys::finish_registration(control, &nobody, "x", &registration).await.err(),
        ),
        ("list_passkeys", passkeys::list_passkeys(control, &nobody).await.err()),
        ("revoke_passkey", passkeys::revoke_passkey(control, &nobody, "00").await.err()),
        ("cancel_change", changes::cancel_change(control, &nobody, ChangeId(1)).await.err()),
        ("list_changes", changes::list_changes(control, &nobody, None, "", None).await.err()),
        ("load_changes", changes::load_changes(control, &nobody, None, "", None, Whose::Mine).await.err()),
        ("load_change", changes::load_change(control, &nobody, ChangeId(1)).await.err()),
        ("load_compared", changes::load_compared(control, &nobody, ChangeId(1)).await.err()),
        ("load_fleet", fleet::load_fleet(control, &nobody, None).await.err()),
        ("find_by_name", search::find_by_name(control, &nobody, "x").await.err()),
        ("list_pools", pools::list_pools(control, &nobody, None).await.err()),
        ("load_pool", pools::load_pool(control, &nobody, "dev", "x").await.err()),
        ("load_pool_overview", pools::load_pool_overview(control, &nobody, "dev", "x").await.err()),
        ("load_pool_rollout", pools::load_pool_rollout(control, &nobody, "dev", "x").await.err()),
        ("load_costs", costs::load_costs(control, &nobody, None, None).await.err()),
        ("load_pool_costs", costs::load_pool_costs(control, &nobody, "dev", "x", None).await.err()),
        ("export_costs", costs::export_costs(control, &nobody, "dev", Default::default()).await.err()),
        ("list_autoscaling", autoscaling::list_autoscaling(control, &nobody, None).await.err()),
        ("load_autoscaling", autoscaling::load_autoscaling(control, &nobody, "dev", "x", 3600).await.err()),
        (
            "load_autoscaling_form",
            autoscaling::load_autoscaling_form(control, &nobody, "dev", "x").await.err(),
        ),
        (
            "replay_autoscaling",
            autoscaling::replay_autoscaling(control, &nobody, "dev", &no_pool).await.err(),
        ),
        ("list_templates", templates::list_templates(control, &nobody, None).await.err()),
        ("load_template", templates::load_template(control, &nobody, "dev", "x", None).await.err()),
        ("load_template_form", templates::load_template_form(control, &nobody, None, None).await.err()),
        (
            "load_instances",
            instances::load_instances(control, &nobody, None, "", Default::default()).await.err(),
        ),
        ("load_instance", instances::load_instance(control, &nobody, "z", "x").await.err()),
        (
            "load_instance_history",
            health::load_instance_history(control, &nobody, "z", "x", false).await.err(),
        ),
        ("load_serial_end", instances::load_serial_end(control, &nobody, "z", "x", 1).await.err()),
        ("load_serial_page", instances::load_serial_page(control, &nobody, "z", "x", None).await.err()),
        ("load_cloud_errors", instances::load_cloud_errors(control, &nobody, "z", "x").await.err()),
        ("load_agent_status", instances::load_agent_status(control, &nobody, "z", "x").await.err()),
        ("restart_agent", commands::restart_agent(control, &nobody, "z", "x").await.err()),
        ("stop_agent", commands::stop_agent(control, &nobody, "z", "x").await.err()),
        ("list_commands", commands::list_commands(control, &nobody, "z", "x").await.err()),
        ("start_agent", commands::start_agent(control, &nobody, "z", "x").await.err()),
        ("list_alerts", alerts::list_alerts(control, &nobody, None).await.err()),
        ("close_incident", incidents::close_incident(control, &nobody, 1, "x").await.err()),
        ("overrule_brake", incidents::overrule_brake(control, &nobody, 1, "x").await.err()),
        ("list_environments", environments::list_environments(control, &nobody).await.err()),
        ("of_instance", environments::of_instance(control, &nobody, "z", "x").err()),
        ("of_change", environments::of_change(control, &nobody, ChangeId(1)).await.err()),
        ("load_environment", environments::load_environment(control, &nobody, "x").await.err()),
        ("load_outputs", outputs::load_outputs(control, &nobody, "x").await.err()),
        ("diagnose", diagnosis::diagnose(control, &nobody).await.err()),
        (
            "list_instances",
            instances::list_instances(control, &nobody, "x", Default::default(), None).await.err(),
        ),
        ("list_people", people::list_people(control, &nobody).await.err()),
        ("load_policy", policies::load_policy(control, &nobody).await.err()),
        ("list_sessions", sessions::list_sessions(control, &nobody, None).await.err()),
        ("end_session", sessions::end_session(control, &nobody, "").await.err()),
        ("end_other_sessions", sessions::end_other_sessions(control, &nobody, None).await.err()),
        ("list_tokens", tokens::list_tokens(control, &nobody).await.err()),
        ("create_token", tokens::create_token(control, &nobody, no_token).await.err()),
        ("revoke_token", tokens::revoke_token(control, &nobody, TokenId(1)).await.err()),
        ("list_audit", audit::list_audit(control, &nobody, Default::default()).await.err()),
        ("load_audit", audit::load_audit(control, &nobody, Default::default()).await.err()),
        ("load_firewall", firewall::load_firewall(control, &nobody, None, None).await.err()),
        ("load_firewall_rule", firewall::load_firewall_rule(control, &nobody, "dev", "x").await.err()),
        ("load_pool_firewall", firewall::load_pool_firewall(control, &nobody, "dev", "x").await.err()),
        (
            "load_firewall_rule_form",
            firewall::load_firewall_rule_form(control, &nobody, None, None).await.err(),
        ),
        ("load_pool_timeline", timeline::load_pool_timeline(control, &nobody, "dev", "x", None).await.err()),
        ("verify_audit", audit::verify_audit(control, &nobody).await.err()),
        ("export_audit", audit::export_audit(control, &nobody, Default::default()).await.err()),
        ("load_audit_event", audit::load_audit_event(control, &nobody, 1).await.err()),
    ];
    for (use_case, refusal) in refusals {
        assert!(matches!(refusal, Some(Error::Forbidden(_))), "{use_case}: {refusal:?}");
    }

    // Told so on a page: this one answers, with nothing in it.
    let me = me::load_me(control, &nobody).await.unwrap();
    assert_eq!((me.environments, me.waiting_for_me), (vec![], 0));
}
