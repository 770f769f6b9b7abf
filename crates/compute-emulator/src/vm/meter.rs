//! Reads the load of the VMs that an autoscaler looks at: from their agents' own `/metrics`, as a monitoring agent would.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use reqwest::Client;

use super::Guest;
use crate::{
    app::App,
    world::{World, target_of},
};

const LOOK: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 32;
/// Of the newest look in the average: it follows a lasting change in about two minutes, and no burst of seconds.
const WEIGHT: f64 = 0.004;
const METRIC: &str = "agent_cpu_utilization_percent ";

pub(crate) async fn run(app: App) {
    let client = match Client::builder().no_proxy().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "no HTTP client for metrics: autoscalers see no load");
            return;
        }
    };
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let targets = targets(&app.world());
        let mut read = Vec::new();
        for some in targets.chunks(AT_ONCE) {
            let asked = some.iter().map(|(id, address)| {
                let client = client.clone();
                let (id, address) = (*id, *address);
                app.tasks.spawn(async move { (id, ask(&client, address).await) })
            });
            for answer in asked.collect::<Vec<_>>() {
                read.extend(answer.await);
            }
        }
        let mut world = app.world();
        let before = std::mem::take(&mut world.cpu);
        let told: BTreeSet<u64> =
            world.vms.values().filter(|vm| world.loads.contains_key(&vm.group)).map(|vm| vm.id).collect();
        // Who does not answer has no load: the others are counted in its place.
        world.cpu = read
            .into_iter()
            .filter_map(|(id, cpu)| {
                let cpu = cpu?;
                // What a switch sets is no noise.
                let weight = if told.contains(&id) { 1.0 } else { WEIGHT };
                let average = before.get(&id).map_or(cpu, |average| average + weight * (cpu - average));
                Some((id, average))
            })
            .collect();
    }
}

/// Ids and agents of the VMs in groups with an autoscaler.
fn targets(world: &World) -> Vec<(u64, SocketAddr)> {
    let groups: BTreeSet<String> = world
        .resources
        .iter()
        .filter(|(path, _)| path.contains("/autoscalers/"))
        .filter_map(|(path, resource)| target_of(path, &resource.body))
        .collect();
    world
        .vms
        .values()
        .filter(|vm| vm.guest == Guest::Up && groups.contains(&vm.group))
        .map(|vm| (vm.id, vm.agent))
        .collect()
}

async fn ask(client: &Client, address: SocketAddr) -> Option<f64> {
    let text = client.get(format!("http://{address}/metrics")).send().await.ok()?.text().await.ok()?;
    let percent = text.lines().find_map(|line| line.strip_prefix(METRIC))?.trim().parse::<f64>().ok()?;
    (percent.is_finite() && percent >= 0.0).then_some(percent / 100.0)
}
