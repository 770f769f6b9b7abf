//! A Compute Engine v1 REST server for development and tests: instance templates, regional managed instance groups whose
//! VMs boot real agents, health checks, firewall rules, autoscalers and operations, on a virtual clock; and what goes wrong on demand.
//! `docs/compute-emulator.md` says what it models and what nobody has compared with the real service.

mod app;
mod autoscaler;
mod clock;
mod config;
mod dice;
mod emulator;
mod engine;
mod error;
mod fault;
mod fingerprint;
mod group;
mod intent;
mod load;
mod machine_type;
mod operation;
mod persist;
mod places;
mod quota;
mod reference;
mod rest;
mod shape;
mod vm;
mod world;

pub use config::{Config, KNOWN_KEY, Latencies};
pub use emulator::Emulator;
