//! Real agents for VMs whose guest is up. Each look compares who should run with who runs, so nothing is missed: not a VM
//! that came and went between two looks, nor one that kept its name and got a new id.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::SocketAddr,
    time::Duration,
};

use agent_cage::{Agent, Script, http_client};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Guest, Vm, address::AGENT_PORT, metadata};
use crate::{
    app::App,
    clock::Virtual,
    engine,
    fault::{Misbehaviour, misbehaves},
    world::World,
};

const LOOK: Duration = Duration::from_millis(50);
/// As systemd would: an agent that fails is started again.
const RESTART: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Running {
    id: u64,
    boot: u64,
    stop: CancellationToken,
    script: watch::Sender<Script>,
}

/// An agent that should run.
#[derive(Debug)]
struct Wanted {
    id: u64,
    boot: u64,
    address: SocketAddr,
    script: Script,
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
        let wanted = wanted(&app.world(), app.clock.now().at);
        running.retain(|path, agent| {
            let stays =
                wanted.get(path).is_some_and(|wanted| (wanted.id, wanted.boot) == (agent.id, agent.boot));
            if !stays {
                agent.stop.cancel();
            }
            stays
        });
        for (path, Wanted { id, boot, address, script }) in wanted {
            match running.entry(path) {
                Entry::Vacant(entry) => {
                    let stop = app.stop.child_token();
                    let (script, told) = watch::channel(script);
                    let guest = GuestOf { path: entry.key().clone(), id, script: told };
                    app.tasks.spawn(keep_running(app.clone(), client.clone(), guest, address, stop.clone()));
                    entry.insert(Running { id, boot, stop, script });
                }
                Entry::Occupied(entry) => {
                    entry.get().script.send_if_modified(|told| std::mem::replace(told, script) != script);
                }
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The VMs whose agent should run, with what it is to play.
fn wanted(world: &World, now: Virtual) -> BTreeMap<String, Wanted> {
    let mut loads: BTreeMap<&str, Option<f64>> = BTreeMap::new();
    for (group, load) in &world.loads {
        let agents = world.vms.values().filter(|vm| vm.group == *group && vm.guest == Guest::Up).count();
        loads.insert(group.as_str(), load.cpu_of_each(agents, now));
    }
    let plays = |vm: &Vm, how| misbehaves(world.active_faults(), vm, how);
    world
        .vms
        .values()
        .filter(|vm| vm.guest == Guest::Up && !plays(vm, Misbehaviour::Crash))
        .map(|vm| {
            let script = Script {
                silent: plays(vm, Misbehaviour::Silent),
                ill: plays(vm, Misbehaviour::Ill),
                cpu_utilization_percent: loads
                    .get(vm.group.as_str())
                    .copied()
                    .flatten()
                    .map(|cpu| (cpu * 1000.0).round() / 10.0),
            };
            (vm.path.clone(), Wanted { id: vm.id, boot: vm.boots, address: vm.agent, script })
        })
        .collect()
}

/// A VM as its agent is started in it.
#[derive(Debug)]
struct GuestOf {
    path: String,
    id: u64,
    script: watch::Receiver<Script>,
}

async fn keep_running(
    app: App,
    client: reqwest::Client,
    guest: GuestOf,
    mut address: SocketAddr,
    stop: CancellationToken,
) {
    let GuestOf { path, id, .. } = &guest;
    while !stop.is_cancelled() {
        match boot(&app, &client, &guest, address, &stop).await {
            Ok(()) => return,
            Err(error) => {
                say(&app, path, *id, &format!("agent-cage[1]: {error:#}"));
                tracing::warn!(vm = path, error = format!("{error:#}"), "an agent failed");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RESTART) => {}
        }
        address = another(&app, path, *id).unwrap_or(address);
    }
}

async fn boot(
    app: &App,
    client: &reqwest::Client,
    guest: &GuestOf,
    address: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let (path, id) = (guest.path.as_str(), guest.id);
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
    let agent = Agent::bind(config).await?.with_client(client.clone()).with_script(guest.script.clone());
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
