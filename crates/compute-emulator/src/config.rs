//! What an emulator is started with. Read by the caller (the binary's flags, a test), never from the environment.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

/// The key of [`Config::with_known_key`], whose tokens are worth nothing outside of tests.
pub const KNOWN_KEY: &str = include_str!("known-identity-key.txt");

/// Everything that one emulator needs to know. `Config::default()` listens on a free port, keeps no state and boots no agents.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the REST API listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Fixes ids, names and jitter: the same seed and the same calls give the same fleet.
    pub seed: u64,
    /// Virtual seconds per real second. Scales [`Latencies`] and health-check grace, never heartbeats or token lifetimes.
    pub clock_rate: f64,
    /// Whether a running VM boots a real agent.
    pub agents: bool,
    /// All VMs are at 127.0.0.1, each agent on a port of its own, as it is by itself on systems that have no other loopback address.
    pub shared_address: bool,
    /// How often a booted agent sends a heartbeat, in real time.
    pub heartbeat_interval: Duration,
    /// The file that holds the whole state between runs. None keeps it in memory only.
    pub state: Option<PathBuf>,
    /// What VMs find under `project/attributes/`.
    pub project_metadata: BTreeMap<String, String>,
    /// How long each step takes in virtual time.
    pub latencies: Latencies,
    /// What signs the VMs' identity tokens while no state says otherwise: an RSA key, PKCS #8 in base64. None makes one.
    pub identity_key: Option<String>,
}

impl Config {
    /// The default with a key that everybody has: making one takes longer than most tests of what is done with its tokens.
    pub fn with_known_key() -> Self {
        Self { identity_key: Some(KNOWN_KEY.to_owned()), ..Self::default() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 0,
            clock_rate: 1.0,
            agents: false,
            shared_address: false,
            heartbeat_interval: Duration::from_secs(10),
            state: None,
            project_metadata: BTreeMap::new(),
            latencies: Latencies::default(),
            identity_key: None,
        }
    }
}

/// Virtual durations of the steps of a VM's life, each with ±20 % of jitter from the seed. The defaults are the order of
/// magnitude that small Linux VMs show; they are not measurements of the real service.
#[derive(Debug, Clone, Copy)]
pub struct Latencies {
    /// From a call to its operation being DONE.
    pub operation: Duration,
    /// PROVISIONING: resources are allocated.
    pub provisioning: Duration,
    /// STAGING: the machine is prepared.
    pub staging: Duration,
    /// From RUNNING to the guest's services being up.
    pub boot: Duration,
    /// STOPPING: the guest shuts down.
    pub stopping: Duration,
    /// ABANDONING: a VM leaves its group.
    pub abandoning: Duration,
    /// REFRESHING: a VM takes settings over without a restart.
    pub refreshing: Duration,
    /// From the notice of a preemption to the VM's stop.
    pub preemption: Duration,
    /// From a failed creation to the next try.
    pub retry: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            operation: Duration::from_secs(2),
            provisioning: Duration::from_secs(10),
            staging: Duration::from_secs(5),
            boot: Duration::from_secs(15),
            stopping: Duration::from_secs(10),
            abandoning: Duration::from_secs(2),
            refreshing: Duration::from_secs(2),
            preemption: Duration::from_secs(30),
            retry: Duration::from_secs(30),
        }
    }
}
