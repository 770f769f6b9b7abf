//! Each kind of refusal becomes the error that a caller can act on, whatever shape it came in.

use std::time::Duration;

use compute::{Compute, Config, Error, Submitted};
use domain::plan::{InstanceRef, Step};
use serde_json::{Value, json};

use crate::{
    harness::{id, scope},
    script::{Answer, Script, answer, page, refusal},
};

fn delete() -> Step {
    Step::DeleteHealthCheck { name: "web-health".to_owned() }
}

async fn failure(answers: impl IntoIterator<Item = Answer>) -> (Error, usize) {
    let script = Script::start(answers).await;
    let error = script.client().await.submit(&scope(), &delete(), id(1)).await.unwrap_err();
    (error, script.seen().len())
}

#[tokio::test]
async fn trap_2_errors_without_status_are_told_apart_by_code_and_reason() {
    let message = "why".to_owned();
    let script = Script::start([]).await;
    let compute = script.client().await;
    for (code, reason, expected) in [
        (409, "alreadyExists", Error::AlreadyExists { message: message.clone() }),
        (412, "conditionNotMet", Error::Stale { message: message.clone() }),
        (400, "invalid", Error::Invalid { message: message.clone() }),
        (400, "required", Error::Invalid { message: message.clone() }),
        (400, "resourceInUseByAnotherResource", Error::InUse { message: message.clone() }),
        (400, "resourceNotReady", Error::Unavailable { message: message.clone() }),
        (403, "forbidden", Error::Forbidden { message: message.clone(), quota: false }),
        (403, "quotaExceeded", Error::Forbidden { message: message.clone(), quota: true }),
        (403, "rateLimitExceeded", Error::RateLimited { message: message.clone() }),
        (401, "authError", Error::Forbidden { message: message.clone(), quota: false }),
        (500, "backendError", Error::Unavailable { message: message.clone() }),
        (503, "backendError", Error::Unavailable { message: message.clone() }),
    ] {
        script.turn_to([refusal(code, reason, "why")]);
        let error = compute.submit(&scope(), &delete(), id(1)).await.unwrap_err();
        assert_eq!(error, expected, "{code} {reason}");
    }
}

#[tokio::test]
async fn trap_2_errors_with_a_status_mean_the_same() {
    let body = json!({"error": {
        "code": 400,
        "message": "Invalid JSON payload received. Unknown name \"x\".",
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": "x"}]}],
    }});
    let (error, _) = failure([answer(400, body)]).await;
    assert_eq!(error.to_string(), "refused as invalid: Invalid JSON payload received. Unknown name \"x\".");
    assert!(error.is_permanent() && !error.is_transient());
}

#[tokio::test]
async fn trap_3_too_many_requests_and_outages_are_asked_again() {
    let done = answer(200, json!({"name": "operation-1", "status": "RUNNING"}));
    let script = Script::start([]).await;
    let compute = script.client().await;
    for trouble in [refusal(429, "rateLimitExceeded", "slow down"), refusal(503, "backendError", "later")] {
        script.turn_to([trouble.clone(), trouble.clone(), trouble, done.clone()]);
        let submitted = compute.submit(&scope(), &delete(), id(1)).await.unwrap();
        assert_eq!(submitted.operation().unwrap().name, "operation-1");
        assert_eq!(script.seen().len(), 4);
    }
}

#[tokio::test]
async fn trap_3_asking_again_ends_and_says_so() {
    let (error, asked) = failure([refusal(429, "rateLimitExceeded", "slow down")]).await;
    assert_eq!(error, Error::RateLimited { message: "slow down".to_owned() });
    assert!(error.is_transient());
    assert_eq!(asked, 4);
}

#[tokio::test]
async fn trap_3_a_long_outage_is_not_hammered() {
    let script = Script::start([refusal(503, "backendError", "later")]).await;
    let compute = script.client().await;
    for _ in 0..10 {
        let error = compute.submit(&scope(), &delete(), id(1)).await.unwrap_err();
        assert_eq!(error, Error::Unavailable { message: "later".to_owned() });
    }
    assert_eq!(script.seen().len(), 4 + 4 + 2 + 7, "after ten failures each call is tried once");

    let done = answer(200, json!({"name": "operation-1", "status": "RUNNING"}));
    script.turn_to([done.clone()]);
    for _ in 0..18 {
        compute.submit(&scope(), &delete(), id(1)).await.unwrap();
    }
    script.turn_to([refusal(503, "backendError", "later"), done]);
    compute.submit(&scope(), &delete(), id(1)).await.unwrap();
    assert_eq!(script.seen().len(), 2, "once it is well again, a hiccup is not seen");
}

#[tokio::test]
async fn trap_3_a_page_of_a_proxy_is_an_outage() {
    let (error, _) = failure([page(502, "<html>\n  <title>Bad Gateway</title>\n</html>")]).await;
    assert_eq!(
        error,
        Error::Unavailable { message: "HTTP 502: <html> <title>Bad Gateway</title> </html>".to_owned() }
    );
    let (error, _) = failure([page(502, &"x".repeat(100_000))]).await;
    assert!(error.to_string().len() < 600);
}

#[tokio::test]
async fn trap_4_a_post_is_repeated_with_the_same_request_id() {
    let done = answer(200, json!({"name": "operation-1", "status": "RUNNING"}));
    let script = Script::start([refusal(503, "backendError", "later"), done]).await;
    let step = Step::ResizeInstanceGroup { name: "genesis-pool-web".to_owned(), from: 1, to: 2 };
    script.client().await.submit(&scope(), &step, id(7)).await.unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), 2);
    for request in &seen {
        assert_eq!(request.method, "POST");
        assert_eq!(request.query("requestId"), Some(id(7).to_string()));
        assert_eq!(request.query("size").as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn trap_4_an_update_by_name_has_no_request_id_and_is_not_repeated_blindly() {
    let group = json!({"name": "genesis-pool-web", "versions": [{"instanceTemplate": "two"}]});
    let listed = |version: &str| {
        answer(
            200,
            json!({"managedInstances": [{
                "instance": "projects/p/zones/us-central1-a/instances/agent-web-x1y2",
                "name": "agent-web-x1y2",
                "version": {"instanceTemplate": version},
            }]}),
        )
    };
    let away = refusal(503, "backendError", "later");
    let script = Script::start([listed("one"), answer(200, group.clone()), away]).await;
    let compute = script.client().await;
    let step = Step::UpdateInstance(InstanceRef {
        group: "genesis-pool-web".to_owned(),
        zone: "us-central1-a".to_owned(),
        name: "agent-web-x1y2".to_owned(),
    });
    let error = compute.submit(&scope(), &step, id(7)).await.unwrap_err();
    assert_eq!(error, Error::Unavailable { message: "later".to_owned() });
    let seen = script.seen();
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert_eq!(seen[2].body["minimalAction"], "REPLACE");
    assert_eq!(seen[2].body["mostDisruptiveAllowedAction"], "REPLACE");

    // It was taken all the same: whoever tries again looks first.
    script.turn_to([listed("two"), answer(200, group)]);
    assert_eq!(compute.submit(&scope(), &step, id(7)).await.unwrap(), Submitted::AlreadyThere);
    assert_eq!(script.seen().len(), 2);
}

#[tokio::test]
async fn a_deletion_looks_at_the_group_only_where_its_vm_is_refused() {
    let (zone, name) = ("us-central1-a", "agent-web-x1y2");
    let step = Step::DeleteInstance(InstanceRef {
        group: "genesis-pool-web".to_owned(),
        zone: zone.to_owned(),
        name: name.to_owned(),
    });
    let member = |action: &str| {
        let link = format!("projects/demo-project/zones/{zone}/instances/{name}");
        json!({"instance": link, "name": name, "currentAction": action})
    };
    let listed = |members: &[Value]| answer(200, json!({"managedInstances": members}));
    let refused = refusal(400, "invalid", "The instance is not a member of 'genesis-pool-web'.");
    let script = Script::start([answer(200, json!({"name": "operation-1", "status": "RUNNING"}))]).await;
    let compute = script.client().await;
    let sent = compute.submit(&scope(), &step, id(7)).await.unwrap();
    assert_eq!(sent.operation().unwrap().name, "operation-1");
    assert_eq!(script.seen().len(), 1);
    for members in [vec![], vec![member("DELETING")]] {
        script.turn_to([refused.clone(), listed(&members)]);
        assert_eq!(compute.submit(&scope(), &step, id(7)).await.unwrap(), Submitted::AlreadyThere);
        assert_eq!(script.seen().len(), 2);
    }
    script.turn_to([refused, listed(&[member("NONE")])]);
    let error = compute.submit(&scope(), &step, id(7)).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_late_is_asked_for_again() {
    let done = answer(200, json!({"name": "operation-1", "status": "RUNNING"}));
    let script = Script::start([done.clone().after(Duration::from_secs(30)), done]).await;
    let compute = script.client_with(|config| config.attempt_timeout = Duration::from_secs(1)).await;
    compute.submit(&scope(), &delete(), id(1)).await.unwrap();
    assert_eq!(script.seen().len(), 2);
}

#[tokio::test]
async fn nobody_there_is_an_outage() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let config = Config {
        initial_backoff: Duration::from_millis(1),
        ..Config::emulator(format!("http://127.0.0.1:{port}"))
    };
    let compute = Compute::connect(config).await.unwrap();
    let error = compute.submit(&scope(), &delete(), id(1)).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn an_unreadable_answer_is_a_broken_protocol() {
    let script = Script::start([]).await;
    let compute = script.client().await;
    for body in [json!({"name": "o", "progress": 3.5}), json!({"status": "RUNNING"}), json!([])] {
        script.turn_to([answer(200, body.clone())]);
        let error = compute.submit(&scope(), &delete(), id(1)).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn trap_7_a_proxy_before_the_emulator_is_refused_at_the_start() {
    let vars = [("HTTP_PROXY".to_owned(), "http://proxy:3128".to_owned())];
    let environment = compute::Environment::from_vars(vars);
    let config = Config { environment, ..Config::emulator("http://127.0.0.1:1") };
    let error = Compute::connect(config).await.unwrap_err();
    assert!(matches!(&error, Error::Configuration { message } if message.contains("NO_PROXY")), "{error:?}");
}

#[tokio::test]
async fn trap_8_requests_say_who_sends_them_and_nothing_secret() {
    let script = Script::start([answer(200, json!({"name": "operation-1", "status": "RUNNING"}))]).await;
    script.client().await.submit(&scope(), &delete(), id(1)).await.unwrap();
    let seen = script.seen();
    let agent = seen[0].headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("agent-manager/"), "{agent}");
    assert!(!seen[0].headers.contains_key("authorization"), "{:?}", seen[0].headers);
}

/// What the emulator has to put up with, as it stands on the wire.
#[tokio::test]
async fn trap_8_google_s_client_adds_these_by_itself() {
    let script = Script::start([answer(200, json!({}))]).await;
    let compute = script.client().await;
    assert!(compute.list_group_errors(&scope(), "genesis-pool-web").await.unwrap().is_empty());
    let listed = script.seen().remove(0);
    assert_eq!(listed.method, "GET");
    assert_eq!(listed.query("pageToken").as_deref(), Some(""), "of the first page: {}", listed.uri);
    assert_eq!(listed.body, Value::Null, "a GET has none");

    script.turn_to([answer(200, json!({"name": "operation-1", "status": "RUNNING"}))]);
    let step = Step::ResizeInstanceGroup { name: "genesis-pool-web".to_owned(), from: 1, to: 2 };
    compute.submit(&scope(), &step, id(1)).await.unwrap();
    let resized = script.seen().remove(0);
    assert_eq!(resized.method, "POST");
    assert_eq!(resized.body, json!({}), "a POST that has nothing to say says so");

    for request in [listed, resized] {
        assert_eq!(request.headers["host"], "127.0.0.1", "without its port");
        assert_eq!(request.query("%24alt").as_deref(), Some("json"), "{}", request.uri);
        assert!(request.query("%24apiVersion").is_some_and(|version| !version.is_empty()), "{}", request.uri);
    }
}

#[tokio::test]
async fn trap_9_an_empty_name_never_leaves() {
    let script = Script::start([answer(200, json!({}))]).await;
    let step = Step::DeleteHealthCheck { name: String::new() };
    let error = script.client().await.submit(&scope(), &step, id(1)).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert!(script.seen().is_empty());
}
