//! How often a call is tried: a few times while the service has a hiccup, once while it is away.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use google_cloud_gax::{
    error::Error,
    retry_policy::{Aip194Strict, RetryPolicy, RetryPolicyExt},
    retry_result::RetryResult,
    retry_state::RetryState,
    retry_throttler::{CircuitBreaker, SharedRetryThrottler},
    throttle_result::ThrottleResult,
};

use crate::Config;

/// Failures more than successes until nothing is tried twice, and successes until it is again.
const PATIENCE: u64 = 10;

/// Google's own policy retries 503 and broken connections; 429 and timeouts are as safe where the call is (trap 3).
pub(crate) fn policy(config: &Config) -> impl RetryPolicy + 'static {
    let policy = Aip194Strict
        .continue_on_too_many_requests()
        .continue_on_client_timeout()
        .with_attempt_limit(config.attempts)
        .with_time_limit(config.call_timeout);
    FailFast(policy)
}

/// One for all clients, so that an ailing service is spared by all of them.
pub(crate) fn breaker() -> SharedRetryThrottler {
    Arc::new(Mutex::new(CircuitBreaker::clamp(2 * PATIENCE, PATIENCE, 1)))
}

/// When the breaker is open, Google's policies sleep until the call's time is up without sending anything; this one says at once
/// what the first attempt met.
#[derive(Debug)]
struct FailFast<P>(P);

impl<P: RetryPolicy> RetryPolicy for FailFast<P> {
    fn on_error(&self, state: &RetryState, error: Error) -> RetryResult {
        self.0.on_error(state, error)
    }

    fn on_throttle(&self, _: &RetryState, error: Error) -> ThrottleResult {
        ThrottleResult::Exhausted(error)
    }

    fn remaining_time(&self, state: &RetryState) -> Option<Duration> {
        self.0.remaining_time(state)
    }
}
