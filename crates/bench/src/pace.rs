//! A fleet's agents as they speak in life: each every ten seconds, ± 10 %, all at different moments.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::heartbeat::HEARTBEAT_INTERVAL_SECONDS;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    agents::{self, Agent},
    stack::Stack,
    wire::Connection,
};

/// Connections that they share, as they would share a load balancer's.
const CONNECTIONS: usize = 64;

/// What is known of the agents while they speak, by their place in the order of names.
#[derive(Debug)]
pub(crate) struct Spoken {
    acknowledged: AtomicU64,
    agents: Mutex<Vec<State>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// When its last heartbeat was acknowledged.
    last: Option<Instant>,
    killed: bool,
}

impl Spoken {
    fn new(agents: usize) -> Self {
        Self { acknowledged: AtomicU64::new(0), agents: Mutex::new(vec![State::default(); agents]) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<State>) -> T) -> T {
        work(&mut self.agents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Whether everybody has spoken.
    pub(crate) fn complete(&self) -> bool {
        self.with(|agents| agents.iter().all(|agent| agent.last.is_some()))
    }

    /// They say nothing from now on; a heartbeat that is under way is still their last.
    pub(crate) fn kill(&self, places: &[usize]) {
        self.with(|agents| places.iter().for_each(|&place| agents[place].killed = true));
    }

    pub(crate) fn last(&self, place: usize) -> Option<Instant> {
        self.with(|agents| agents[place].last)
    }
}

/// Until we are told to end.
pub(crate) async fn speak(stack: &Stack) -> anyhow::Result<()> {
    let agents = agents::all(stack).await?;
    let (mut speaking, _spoken) = begin(agents, stack).await?;
    ended(&mut speaking).await
}

/// They speak as long as what is returned is kept.
pub(crate) async fn begin(
    agents: Vec<Agent>,
    stack: &Stack,
) -> anyhow::Result<(JoinSet<anyhow::Result<()>>, Arc<Spoken>)> {
    let spoken = Arc::new(Spoken::new(agents.len()));
    let mut speaking = JoinSet::new();
    let mut first = 0;
    for share in agents::shared_out(agents, CONNECTIONS) {
        let (from, size) = (first, share.len());
        first += size;
        let connection = Connection::open(stack.address()?).await?;
        speaking.spawn(speak_on(share, from, connection, Arc::clone(&spoken)));
    }
    Ok((speaking, spoken))
}

/// Agents that are not killed never stop by themselves: whichever does, failed.
pub(crate) async fn ended(speaking: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    match speaking.join_next().await {
        Some(ended) => ended?,
        None => Ok(()),
    }
}

async fn speak_on(
    mut agents: Vec<Agent>,
    first: usize,
    mut connection: Connection,
    spoken: Arc<Spoken>,
) -> anyhow::Result<()> {
    let interval = Duration::from_secs(u64::from(HEARTBEAT_INTERVAL_SECONDS));
    let begun = Instant::now();
    let place = |index: usize| u32::try_from(first + index).unwrap_or(u32::MAX);
    // Who is due next, and how often they have spoken. The first moments are spread evenly over an interval.
    let mut next: BinaryHeap<Reverse<(Instant, usize, u32)>> = (0..agents.len())
        .map(|index| Reverse((begun + interval.mul_f64(fraction(place(index), 0)), index, 0)))
        .collect();
    while let Some(Reverse((due, index, times))) = next.pop() {
        sleep_until(due).await;
        let at = first + index;
        if spoken.with(|agents| agents[at].killed) {
            continue;
        }
        agents[index].speak(&mut connection).await?;
        spoken.acknowledged.fetch_add(1, Ordering::Relaxed);
        spoken.with(|agents| agents[at].last = Some(Instant::now()));
        // From what was meant: who is heard late does not speak less often.
        let times = times + 1;
        let pause = interval.mul_f64(0.9 + 0.2 * fraction(place(index), times));
        next.push(Reverse((due + pause, index, times)));
    }
    Ok(())
}

/// Between 0 and 1, as if thrown with dice, the same in each run (Knuth's multiplicative hash).
fn fraction(place: u32, round: u32) -> f64 {
    let mixed = place.wrapping_add(round.wrapping_mul(0x85eb_ca6b)).wrapping_mul(2_654_435_761);
    f64::from(mixed) / f64::from(u32::MAX)
}
