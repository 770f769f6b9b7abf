//! Waiting for what a call started. Google's pollers cannot resume from a stored name, so the waiting is done here.

use std::time::Duration;

use google_cloud_compute_v1::model::{Operation, operation::Status};
use google_cloud_gax::{options::RequestOptionsBuilder, retry_policy::NeverRetry};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use crate::{Compute, Error, OperationRef, OperationScope, Scope, client::Call};

/// The service answers a wait after two minutes at the latest.
const ONE_WAIT: Duration = Duration::from_secs(130);

impl Compute {
    /// Until the operation is done; a failed one is [`Error::Refused`]. Outages of the API are sat out within the configured time,
    /// after which the error is transient: wait again.
    pub async fn wait(&self, scope: &Scope, operation: &OperationRef) -> Result<(), Error> {
        let span = tracing::info_span!("compute.wait", %operation);
        self.wait_until_done(scope, operation).instrument(span).await
    }

    async fn wait_until_done(&self, scope: &Scope, operation: &OperationRef) -> Result<(), Error> {
        let config = &self.0.config;
        let deadline = Instant::now() + config.operation_timeout;
        let mut pause = config.initial_backoff;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let trouble = match self.ask(scope, operation, left.min(ONE_WAIT)).await {
                Ok(answer) if answer.status == Some(Status::Done) => return Error::check(answer).map(drop),
                Ok(_) => String::new(),
                Err(error) if error.is_transient() => {
                    tracing::debug!(%error, "asking again");
                    format!("; {error}")
                }
                Err(error) => return Err(error),
            };
            if Instant::now() + pause >= deadline {
                let message =
                    format!("{operation} is not done after {:?}{trouble}", config.operation_timeout);
                return Err(Error::Unavailable { message });
            }
            sleep(pause).await;
            pause = (pause * 2).min(config.maximum_backoff);
        }
    }

    /// One request, retried by the loop above: the client's own retries stop at a 429 and would cut a long wait short (traps 2 and 5).
    async fn ask(
        &self,
        scope: &Scope,
        operation: &OperationRef,
        attempt_timeout: Duration,
    ) -> Result<Operation, Error> {
        macro_rules! send {
            ($wait:expr) => {
                $wait
                    .set_project(&scope.project)
                    .set_operation(&operation.name)
                    .repeatable()
                    .with_retry_policy(NeverRetry)
                    .with_attempt_timeout(attempt_timeout)
                    .send()
                    .await
            };
        }
        let clients = &self.0;
        let answer = match &operation.scope {
            OperationScope::Global => send!(clients.global_operations.wait()),
            OperationScope::Region => send!(clients.region_operations.wait().set_region(&scope.region)),
            OperationScope::Zone(zone) => send!(clients.zone_operations.wait().set_zone(zone)),
        };
        Ok(answer?)
    }
}
