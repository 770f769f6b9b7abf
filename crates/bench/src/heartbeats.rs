//! How many heartbeats a second the server acknowledges and keeps, beside a bare handler under the same load. Rounds take
//! turns, so that both have the same machine.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::ensure;
use store::Store;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    agents::{self, Agent},
    series::{Series, Unit},
    stack::Stack,
    wire::Connection,
};

/// Connections, each with one request under way at a time: enough that neither server ever waits for a client.
const CONNECTIONS: usize = 32;

/// Seconds of one round that count. One before them, in which everything becomes warm, does not.
const SECONDS: u32 = 5;

/// The batch writer has a second; ten say that it does not keep up.
const STORED_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn measure(stack: &Stack, bare: SocketAddr, quick: bool) -> anyhow::Result<()> {
    const NAME: &str = "heartbeats acknowledged, server with Postgres";
    const BARE: &str = "heartbeats acknowledged, bare Axum handler";
    let rounds = if quick { 2 } else { 6 };
    let store = stack.store()?;
    // Two sets of the same agents: what one was told, the other does not know.
    let (mut ours, mut theirs) = (agents::all(stack).await?, agents::all(stack).await?);
    let (mut served, mut taken, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours = round(ours, stack.address()?, &mut served).await?;
        stored.push(until_stored(&store, &ours).await?);
        theirs = round(theirs, bare, &mut taken).await?;
    }
    Series::new(NAME, Unit::PerSecond, served).against(BARE).say()?;
    Series::new(BARE, Unit::PerSecond, taken).say()?;
    Series::times("last acknowledged heartbeat in Postgres, after the load ends", &stored).say()
}

/// One load on one server; adds what each of its seconds acknowledged.
async fn round(agents: Vec<Agent>, server: SocketAddr, samples: &mut Vec<f64>) -> anyhow::Result<Vec<Agent>> {
    let (count, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut load = JoinSet::new();
    for mut share in agents::shared_out(agents, CONNECTIONS) {
        let (count, over) = (Arc::clone(&count), Arc::clone(&over));
        let mut connection = Connection::open(server).await?;
        load.spawn(async move {
            loop {
                for agent in &mut share {
                    if over.load(Ordering::Relaxed) {
                        return Ok::<_, anyhow::Error>(share);
                    }
                    agent.speak(&mut connection).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    let second = Duration::from_secs(1);
    sleep(second).await;
    let mut before = (Instant::now(), count.load(Ordering::Relaxed));
    for _ in 0..SECONDS {
        sleep_until(before.0 + second).await;
        let now = (Instant::now(), count.load(Ordering::Relaxed));
        let heard = u32::try_from(now.1 - before.1)?;
        samples.push(f64::from(heard) / (now.0 - before.0).as_secs_f64());
        before = now;
    }
    over.store(true, Ordering::Relaxed);
    // Shares come back as they end; the order of agents means nothing here.
    let shares = load.join_all().await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Ok(shares.into_iter().flatten().collect())
}

/// Waits until the store holds the last acknowledged heartbeat of every agent.
async fn until_stored(store: &Store, agents: &[Agent]) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let wanted: HashMap<&str, &Agent> = agents.iter().map(|agent| (agent.name.as_str(), agent)).collect();
    loop {
        let stored = store.load_heartbeats().await?;
        let there = stored.iter().filter(|row| {
            wanted.get(row.name.as_str()).is_some_and(|agent| {
                let (said, kept) = (&agent.heartbeat, &row.last.heartbeat);
                (said.boot_id.as_str(), said.sequence) == (kept.boot_id.as_str(), kept.sequence)
            })
        });
        // Who was not reached in this load has spoken in none.
        let silent = agents.iter().filter(|agent| agent.heartbeat.sequence == 0).count();
        let missing = agents.len() - silent - there.count();
        if missing == 0 {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < STORED_WITHIN, "{missing} acknowledged heartbeats are not in Postgres");
        sleep(Duration::from_millis(50)).await;
    }
}
