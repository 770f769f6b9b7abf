//! The health checker: real HTTP and TCP probes to running VMs. Until a VM is healthy it is probed in virtual time, so that
//! a fast clock does not wait; after that in real time, as its agent lives in real time too.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Map, Value};
use tokio::{net::TcpStream, sync::Semaphore};

use super::{Status, Vm, address::AGENT_PORT};
use crate::{
    app::App,
    fault::Fault,
    group::{Action, Group, Health},
    reference,
    world::World,
};

const LOOK: Duration = Duration::from_millis(50);
/// However fast the clock: no VM is asked more often.
const SHORTEST: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 64;

/// By the id of the VM.
type Schedule = Arc<Mutex<BTreeMap<u64, Course>>>;

/// What the checker remembers of one VM.
#[derive(Debug)]
struct Course {
    due: Instant,
    busy: bool,
    successes: u64,
    failures: u64,
}

#[derive(Debug)]
struct Probe {
    /// Path and id of the VM.
    vm: String,
    id: u64,
    address: SocketAddr,
    /// None probes TCP.
    url: Option<String>,
    host: Option<String>,
    interval: Duration,
    timeout: Duration,
    healthy: u64,
    unhealthy: u64,
    settled: bool,
    /// Nothing that is sent arrives.
    blocked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
    Late,
}

pub(crate) async fn run(app: App) {
    let client = match Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "no HTTP client for health checks: every VM's health stays unknown");
            return;
        }
    };
    let schedule = Schedule::default();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        for probe in due(&schedule, &app.world()) {
            let (app, client) = (app.clone(), client.clone());
            let (schedule, slots) = (Arc::clone(&schedule), Arc::clone(&slots));
            app.clone().tasks.spawn(async move {
                let Ok(_slot) = slots.acquire().await else { return };
                tokio::select! {
                    () = app.stop.cancelled() => {}
                    outcome = ask(&client, &probe) => settle(&app, &schedule, &probe, outcome),
                }
            });
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The running VMs of groups with a health check whose time has come, marked as being probed. Forgets those that are gone.
fn due(schedule: &Schedule, world: &World) -> Vec<Probe> {
    let now = Instant::now();
    let mut schedule = schedule.lock().unwrap_or_else(PoisonError::into_inner);
    let checks: BTreeMap<&str, &Map<String, Value>> = world
        .groups
        .values()
        .filter_map(|group| {
            let check = world.resources.get(&group.intent().health_check?.path)?;
            Some((group.path.as_str(), &check.body))
        })
        .collect();
    let mut targets = BTreeSet::new();
    let mut due = Vec::new();
    for vm in world.vms.values().filter(|vm| vm.status == Status::Running) {
        let Some(check) = checks.get(vm.group.as_str()) else { continue };
        let Some(group) = world.groups.get(&vm.group) else { continue };
        let Some(instance) = group.instances.get(vm.name()) else { continue };
        if !matches!(instance.action, Action::None | Action::Verifying) || instance.zone != vm.zone() {
            continue;
        }
        targets.insert(vm.id);
        let course = schedule.entry(vm.id).or_insert_with(|| Course {
            due: now,
            busy: false,
            successes: 0,
            failures: 0,
        });
        if course.due <= now && !course.busy {
            course.busy = true;
            let blocked = world
                .active_faults()
                .any(|fault| matches!(fault, Fault::Probes { target } if target.hits(vm)));
            let settled = instance.health == Health::Healthy;
            due.push(Probe { blocked, ..probe(check, group, vm, settled) });
        }
    }
    schedule.retain(|id, _| targets.contains(id));
    due
}

fn probe(check: &Map<String, Value>, group: &Group, vm: &Vm, settled: bool) -> Probe {
    let number = |key: &str, default: u64| check.get(key).and_then(Value::as_u64).unwrap_or(default);
    let http = check.get("httpHealthCheck");
    let block = http.or_else(|| check.get("tcpHealthCheck"));
    let field = |key: &str| block.and_then(|block| block.get(key));
    let text = |key: &str| field(key).and_then(Value::as_str);
    let named = text("portName").and_then(|name| {
        let ports = group.body.get("namedPorts")?.as_array()?;
        ports
            .iter()
            .find(|port| port.get("name").and_then(Value::as_str) == Some(name))?
            .get("port")?
            .as_u64()
    });
    let port =
        named.or_else(|| field("port").and_then(Value::as_u64)).and_then(|port| u16::try_from(port).ok());
    // Where VMs share an address, an agent's port is translated: 8080 means the VM's own.
    let port = match port {
        Some(AGENT_PORT) => vm.agent.port(),
        other => other.unwrap_or(80),
    };
    let address = SocketAddr::from((vm.agent.ip(), port));
    Probe {
        vm: vm.path.clone(),
        id: vm.id,
        address,
        url: http.map(|_| format!("http://{address}{}", text("requestPath").unwrap_or("/"))),
        host: text("host").filter(|host| !host.is_empty()).map(str::to_owned),
        interval: Duration::from_secs(number("checkIntervalSec", 5)),
        timeout: Duration::from_secs(number("timeoutSec", 5)),
        healthy: number("healthyThreshold", 2),
        unhealthy: number("unhealthyThreshold", 2),
        settled,
        blocked: false,
    }
}

async fn ask(client: &Client, probe: &Probe) -> Outcome {
    if probe.blocked {
        tokio::time::sleep(probe.timeout).await;
        return Outcome::Late;
    }
    let attempt = async {
        match &probe.url {
            Some(url) => {
                let mut request = client.get(url);
                if let Some(host) = &probe.host {
                    request = request.header("Host", host);
                }
                request.send().await.is_ok_and(|response| response.status() == reqwest::StatusCode::OK)
            }
            None => TcpStream::connect(probe.address).await.is_ok(),
        }
    };
    match tokio::time::timeout(probe.timeout, attempt).await {
        Ok(true) => Outcome::Good,
        Ok(false) => Outcome::Bad,
        Err(_) => Outcome::Late,
    }
}

/// Counts an outcome and, where that crosses a threshold, changes what the group knows of its instance.
fn settle(app: &App, schedule: &Schedule, probe: &Probe, outcome: Outcome) {
    let (successes, failures) = {
        let mut schedule = schedule.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(course) = schedule.get_mut(&probe.id) else { return };
        (course.successes, course.failures) = match outcome {
            Outcome::Good => (course.successes + 1, 0),
            Outcome::Bad | Outcome::Late => (0, course.failures + 1),
        };
        let calm = probe.settled && outcome == Outcome::Good;
        let pause = if calm { probe.interval } else { app.clock.real(probe.interval).max(SHORTEST) };
        course.due = Instant::now() + pause;
        course.busy = false;
        (course.successes, course.failures)
    };
    let health = match outcome {
        Outcome::Good if successes >= probe.healthy => Health::Healthy,
        Outcome::Bad if failures >= probe.unhealthy => Health::Unhealthy,
        Outcome::Late if failures >= probe.unhealthy => Health::Timeout,
        _ => return,
    };
    let mut world = app.world();
    let Some(group) = world.vms.get(&probe.vm).filter(|vm| vm.id == probe.id).map(|vm| vm.group.clone())
    else {
        return;
    };
    let instances = world.groups.get_mut(&group).map(|group| &mut group.instances);
    let Some(instance) = instances.and_then(|instances| instances.get_mut(reference::name(&probe.vm))) else {
        return;
    };
    if instance.health != health && instance.replacing.is_none() {
        instance.health = health;
        instance.was_healthy |= health == Health::Healthy;
        drop(world);
        app.wake.notify_one();
        app.dirty.notify_one();
    }
}
