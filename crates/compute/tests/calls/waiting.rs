//! Waiting for operations: through outages, past the client's timeout, across a restart of the waiter.

use std::time::Duration;

use compute::{Error, OperationRef, OperationScope};
use domain::plan::Step;
use serde_json::json;

use crate::{
    harness::{Cloud, id, scope, template},
    script::{Answer, Script, answer, page, refusal},
};

fn operation() -> OperationRef {
    OperationRef { scope: OperationScope::Region, name: "operation-1".to_owned() }
}

fn running() -> Answer {
    answer(200, json!({"name": "operation-1", "status": "RUNNING"}))
}

fn done() -> Answer {
    answer(200, json!({"name": "operation-1", "status": "DONE"}))
}

#[tokio::test]
async fn trap_1_a_failed_operation_is_refused() {
    let error = json!({"errors": [{"code": "QUOTA_EXCEEDED", "message": "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-central1.",
        "errorDetails": [{"errorInfo": {"reason": "CPUS-per-project-region", "domain": "compute.googleapis.com"}}]}]});
    let failed = json!({"name": "operation-1", "status": "DONE", "httpErrorStatusCode": 403,
        "httpErrorMessage": "FORBIDDEN", "error": error});
    let script = Script::start([answer(200, failed)]).await;
    let error = script.client().await.wait(&scope(), &operation()).await.unwrap_err();
    assert_eq!(
        error,
        Error::Refused {
            code: "QUOTA_EXCEEDED".to_owned(),
            message: "Quota 'CPUS' exceeded. Limit: 24.0 in region us-central1.".to_owned(),
            reason: Some("CPUS-per-project-region".to_owned()),
        }
    );
    assert!(error.is_permanent());
}

#[tokio::test]
async fn trap_2_an_outage_while_waiting_is_sat_out() {
    let script = Script::start([
        refusal(503, "backendError", "later"),
        page(502, "<html>Bad Gateway</html>"),
        refusal(429, "rateLimitExceeded", "slow down"),
        refusal(500, "backendError", "oops"),
        running(),
        done(),
    ])
    .await;
    script.client().await.wait(&scope(), &operation()).await.unwrap();
    assert_eq!(script.seen().len(), 6);
}

#[tokio::test]
async fn trap_2_a_refusal_while_waiting_is_final() {
    let script = Script::start([]).await;
    let compute = script.client().await;
    for (code, reason) in [(404, "notFound"), (403, "forbidden"), (400, "invalid")] {
        script.turn_to([refusal(code, reason, "why")]);
        let error = compute.wait(&scope(), &operation()).await.unwrap_err();
        assert!(error.is_permanent(), "{error:?}");
        assert_eq!(script.seen().len(), 1);
    }
}

#[tokio::test]
async fn trap_5_one_wait_is_longer_than_the_timeout_of_other_calls() {
    let script = Script::start([done().after(Duration::from_millis(500))]).await;
    let compute = script.client_with(|config| config.attempt_timeout = Duration::from_millis(50)).await;
    compute.wait(&scope(), &operation()).await.unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "POST");
    assert_eq!(
        seen[0].uri.path(),
        "/compute/v1/projects/demo-project/regions/us-central1/operations/operation-1/wait"
    );
}

#[tokio::test]
async fn trap_5_the_waiting_ends_and_can_be_taken_up_again() {
    let script = Script::start([running()]).await;
    let compute = script.client_with(|config| config.operation_timeout = Duration::from_millis(500)).await;
    let error = compute.wait(&scope(), &operation()).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(error.to_string().contains("region/operation-1 is not done after 500ms"), "{error}");
    // Each wait of its own scope.
    for (scope_of, path) in [
        (OperationScope::Global, "/global/operations/"),
        (OperationScope::Zone("us-central1-a".to_owned()), "/zones/us-central1-a/operations/"),
    ] {
        let operation = OperationRef { scope: scope_of, ..operation() };
        compute.wait(&scope(), &operation).await.unwrap_err();
        assert!(script.seen().last().unwrap().uri.path().contains(path));
    }
}

#[tokio::test]
async fn trap_5_an_operation_is_found_again_by_its_stored_name() {
    let cloud = Cloud::start().await;
    let step = Step::CreateInstanceTemplate { instance_template: template("genesis-agent-web-1") };
    let submitted = cloud.submit(&step, id(1)).await.unwrap();
    let stored = submitted.operation().unwrap().to_string();
    let operation: OperationRef = stored.parse().unwrap();
    cloud.compute.wait(&cloud.scope, &operation).await.unwrap();
    // Whoever lost the name sends the step again.
    assert_eq!(cloud.submit(&step, id(1)).await.unwrap(), submitted);
}
