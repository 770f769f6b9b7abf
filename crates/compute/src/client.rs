//! The connection: one client per kind of resource, all with the same endpoint, credentials, timeouts and retries.

use std::sync::Arc;

use google_cloud_auth::credentials::{Credentials, anonymous};
use google_cloud_compute_v1::client::{
    Firewalls, GlobalOperations, HealthChecks, InstanceTemplates, Instances, MachineTypes, RegionAutoscalers,
    RegionInstanceGroupManagers, RegionOperations, Regions, ZoneOperations,
};
use google_cloud_gax::{
    backoff_policy::BackoffPolicy, client_builder::ClientBuilder,
    exponential_backoff::ExponentialBackoffBuilder, options::RequestOptionsBuilder, retry_policy::NeverRetry,
    retry_throttler::SharedRetryThrottler,
};

use crate::{Config, Error, retry};

const USER_AGENT: &str = concat!("agent-manager/", env!("CARGO_PKG_VERSION"));

/// Clones share their connections.
#[derive(Clone, Debug)]
pub struct Compute(pub(crate) Arc<Clients>);

#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) config: Config,
    pub(crate) firewalls: Firewalls,
    pub(crate) global_operations: GlobalOperations,
    pub(crate) health_checks: HealthChecks,
    pub(crate) instance_templates: InstanceTemplates,
    pub(crate) instances: Instances,
    pub(crate) machine_types: MachineTypes,
    pub(crate) region_autoscalers: RegionAutoscalers,
    pub(crate) region_instance_group_managers: RegionInstanceGroupManagers,
    pub(crate) region_operations: RegionOperations,
    pub(crate) regions: Regions,
    pub(crate) zone_operations: ZoneOperations,
}

impl Compute {
    /// Builds the clients; sends nothing. A wrong endpoint, a proxy in the way or missing credentials show here.
    pub async fn connect(config: Config) -> Result<Self, Error> {
        if let Some(endpoint) = &config.endpoint {
            config.environment.check(endpoint)?;
        }
        let backoff = ExponentialBackoffBuilder::new()
            .with_initial_delay(config.initial_backoff)
            .with_maximum_delay(config.maximum_backoff)
            .build()
            .map_err(|error| Error::Configuration {
                message: format!("initial_backoff, maximum_backoff: {error}"),
            })?;
        let common = Common {
            config: &config,
            credentials: config.endpoint.as_ref().map(|_| anonymous::Builder::new().build()),
            backoff: Arc::new(backoff),
            throttler: retry::breaker(),
        };
        macro_rules! client {
            ($client:ty) => {
                common.configure(<$client>::builder()).build().await.map_err(unbuilt)?
            };
        }
        Ok(Self(Arc::new(Clients {
            firewalls: client!(Firewalls),
            global_operations: client!(GlobalOperations),
            health_checks: client!(HealthChecks),
            instance_templates: client!(InstanceTemplates),
            instances: client!(Instances),
            machine_types: client!(MachineTypes),
            region_autoscalers: client!(RegionAutoscalers),
            region_instance_group_managers: client!(RegionInstanceGroupManagers),
            region_operations: client!(RegionOperations),
            regions: client!(Regions),
            zone_operations: client!(ZoneOperations),
            config,
        })))
    }
}

fn unbuilt(error: google_cloud_gax::client_builder::Error) -> Error {
    Error::Configuration { message: format!("cannot build a client of Compute Engine: {error}") }
}

/// What all clients are built with.
struct Common<'a> {
    config: &'a Config,
    credentials: Option<Credentials>,
    backoff: Arc<dyn BackoffPolicy>,
    throttler: SharedRetryThrottler,
}

impl Common<'_> {
    fn configure<F>(&self, builder: ClientBuilder<F, Credentials>) -> ClientBuilder<F, Credentials> {
        let config = self.config;
        let builder = builder
            .with_retry_policy(retry::policy(config))
            .with_backoff_policy(self.backoff.clone())
            .with_retry_throttler(self.throttler.clone())
            .with_attempt_timeout(config.attempt_timeout);
        match (&config.endpoint, &self.credentials) {
            (Some(endpoint), Some(credentials)) => {
                builder.with_endpoint(endpoint.trim_end_matches('/')).with_credentials(credentials.clone())
            }
            _ => builder,
        }
    }
}

/// How each request is sent.
pub(crate) trait Call: RequestOptionsBuilder + Sized {
    /// Nearly all requests of this crate may be repeated: reads as such, whatever their method, and writes because they carry a request
    /// id. Google's client would not repeat a POST or PATCH by itself (trap 4).
    fn repeatable(self) -> Self {
        self.with_user_agent(USER_AGENT).with_idempotency(true)
    }

    /// A write that takes no request id and that would have its effect twice: whoever sends it looks first, each time.
    fn once(self) -> Self {
        self.with_user_agent(USER_AGENT).with_retry_policy(NeverRetry)
    }
}

impl<B: RequestOptionsBuilder> Call for B {}

/// All items of all pages.
macro_rules! all {
    ($list:expr) => {{
        use google_cloud_gax::paginator::ItemPaginator as _;
        let mut items = $list.by_item();
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            all.push(item.map_err($crate::Error::from)?);
        }
        all
    }};
}
pub(crate) use all;
