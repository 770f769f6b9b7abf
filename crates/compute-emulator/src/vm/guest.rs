//! Real agents for VMs whose guest is up. Each look compares who should run with who runs, so nothing is missed: not a VM
//! that came and went between two looks, nor one that kept its name and got a new id.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::SocketAddr,
    time::Duration,
};

use agent_cage::{Agent, http_client};
use tokio_util::sync::CancellationToken;

use super::{Guest, address::AGENT_PORT, metadata};
use crate::{app::App, engine};

const LOOK: Duration = Duration::from_millis(50);
/// As systemd would: an agent that fails is started again.
const RESTART: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Running {
    id: u64,
    boot: u64,
    stop: CancellationToken,
}

pub(crate) async fn run(app: App) {
    let client = match http_client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "no HTTP client for agents: VMs stay without");
            return;
        }
    };
    let mut running: BTreeMap<String, Running> = BTreeMap::new();
    loop {
        let wanted: BTreeMap<String, (u64, u64, SocketAddr)> = app
            .world()
            .vms
            .values()
            .filter(|vm| vm.guest == Guest::Up)
            .map(|vm| (vm.path.clone(), (vm.id, vm.boots, vm.agent)))
            .collect();
        running.retain(|path, agent| {
            let stays = wanted.get(path).is_some_and(|(id, boot, _)| (*id, *boot) == (agent.id, agent.boot));
            if !stays {
                agent.stop.cancel();
            }
            stays
        });
        for (path, (id, boot, address)) in wanted {
            if let Entry::Vacant(entry) = running.entry(path) {
                let stop = app.stop.child_token();
                let path = entry.key().clone();
                app.tasks.spawn(keep_running(app.clone(), client.clone(), path, id, address, stop.clone()));
                entry.insert(Running { id, boot, stop });
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn keep_running(
    app: App,
    client: reqwest::Client,
    path: String,
    id: u64,
    mut address: SocketAddr,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        match boot(&app, &client, &path, id, address, &stop).await {
            Ok(()) => return,
            Err(error) => {
                say(&app, &path, id, &format!("agent-cage[1]: {error:#}"));
                tracing::warn!(vm = path, error = format!("{error:#}"), "an agent failed");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RESTART) => {}
        }
        address = another(&app, &path, id).unwrap_or(address);
    }
}

async fn boot(
    app: &App,
    client: &reqwest::Client,
    path: &str,
    id: u64,
    address: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    // The metadata server ends with its agent, whichever way that ends.
    let metadata_stop = stop.child_token();
    let _end = metadata_stop.clone().drop_guard();
    let metadata = metadata::start(app, path, id, address, metadata_stop).await?;
    let config = agent_cage::Config {
        metadata: metadata.clone(),
        listen: address,
        heartbeat_interval: app.config.heartbeat_interval,
        seed: id,
    };
    let agent = Agent::bind(config).await?.with_client(client.clone());
    say(app, path, id, &format!("agent-cage[1]: listening on {address}, metadata at {metadata}"));
    agent.run(stop.clone()).await
}

/// Another address if the VM's own has been taken by someone else since.
fn another(app: &App, path: &str, id: u64) -> Option<SocketAddr> {
    let mut world = app.world();
    let current = world.vms.get(path).filter(|vm| vm.id == id)?.agent;
    let taken = std::net::TcpListener::bind(current).is_err();
    if !taken {
        return Some(current);
    }
    let used: Vec<SocketAddr> = world.vms.values().map(|vm| vm.agent).collect();
    let address = world.addresses.allocate(|address| used.contains(&address));
    if let Some(vm) = world.vms.get_mut(path) {
        vm.agent = address;
    }
    app.dirty.notify_one();
    debug_assert!(address.port() == AGENT_PORT || address.ip().is_loopback(), "agents stay on this machine");
    Some(address)
}

fn say(app: &App, path: &str, id: u64, line: &str) {
    let now = app.clock.now();
    let mut world = app.world();
    if let Some(vm) = world.vms.get_mut(path).filter(|vm| vm.id == id) {
        engine::write_serial(vm, now, line);
        app.dirty.notify_one();
    }
}
