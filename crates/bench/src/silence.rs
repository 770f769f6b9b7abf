//! How long after its threshold a dead agent is shown silent. 10,000 agents speak at their usual pace, 100 of them are
//! killed at once, and the live stream of a signed-in person says when each is drawn as silent.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use domain::{
    agent::{AgentState, Thresholds},
    view::instance::InstanceDelta,
};
use reqwest::{Response, header};
use tokio::{
    select,
    time::{Instant, sleep, timeout},
};

use crate::{
    agents, pace,
    pace::Spoken,
    series::{Series, Unit},
    stack::{self, ENVIRONMENT, PERSON, Stack},
};

/// Agents of one round.
const KILLED: usize = 100;

/// The threshold, and then more than anybody would wait.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(stack: &Stack, quick: bool) -> anyhow::Result<()> {
    let rounds = if quick { 1 } else { 3 };
    let threshold = threshold(stack).await?;
    let agents = agents::all(stack).await?;
    let places: HashMap<String, usize> =
        agents.iter().enumerate().map(|(place, agent)| (agent.name.clone(), place)).collect();
    ensure!(places.len() > KILLED * rounds, "{} agents are too few to kill", places.len());
    let (mut speaking, spoken) = pace::begin(agents, stack).await?;
    let work = async {
        while !spoken.complete() {
            sleep(Duration::from_millis(100)).await;
        }
        let mut stream = Stream::open(stack).await?;
        let (begun, before) = (Instant::now(), spoken.acknowledged());
        let (mut beyond, mut wrong) = (Vec::new(), 0);
        for round in 0..rounds {
            // Every so manieth, so that all pools and connections lose some.
            let killed: Vec<usize> = (0..KILLED)
                .map(|number| (number * rounds + round) * places.len() / (KILLED * rounds))
                .collect();
            spoken.kill(&killed);
            let watched = watch(&mut stream, &places, &killed, &spoken, threshold);
            let (late, others) = timeout(PATIENCE, watched).await.context("not all were shown silent")??;
            beyond.extend(late);
            wrong += others;
        }
        let heard = u32::try_from(spoken.acknowledged() - before)?;
        let pace = f64::from(heard) / begun.elapsed().as_secs_f64();
        Ok::<_, anyhow::Error>((beyond, wrong, pace))
    };
    let (beyond, wrong, pace) = select! {
        done = work => done?,
        failed = pace::ended(&mut speaking) => {
            failed?;
            bail!("the agents stopped to speak");
        }
    };
    speaking.shutdown().await;
    Series::times("killed agent shown silent, beyond its threshold", &beyond)
        .budget("heartbeat to pixel p95 ≤ 1.5 s")
        .say()?;
    Series::new("agents shown silent that spoke", Unit::Count, vec![f64::from(wrong)]).say()?;
    Series::new("heartbeats acknowledged meanwhile", Unit::PerSecond, vec![pace]).say()
}

/// The one that the fleet's pools declare.
async fn threshold(stack: &Stack) -> anyhow::Result<Duration> {
    let environment = stack.store()?.get_environment(ENVIRONMENT).await?.context("no environment")?;
    let mut declared =
        environment.spec.agent_pools.iter().map(|pool| Thresholds::of(pool).silent_after_seconds);
    let first = declared.next().context("no pool")?;
    ensure!(declared.all(|other| other == first), "the pools have different thresholds");
    Ok(Duration::from_secs(u64::from(first)))
}

/// Until all that were killed are shown silent. How long after the threshold each was, and how many others were shown so.
async fn watch(
    stream: &mut Stream,
    places: &HashMap<String, usize>,
    killed: &[usize],
    spoken: &Arc<Spoken>,
    threshold: Duration,
) -> anyhow::Result<(Vec<Duration>, u32)> {
    let (mut beyond, mut others): (HashMap<usize, Duration>, u32) = (HashMap::new(), 0);
    while beyond.len() < killed.len() {
        let (shown, names) = stream.silent().await?;
        for name in names {
            let place = *places.get(&name).with_context(|| format!("{name} is none of ours"))?;
            if !killed.contains(&place) {
                others += 1;
                continue;
            }
            let last = spoken.last(place).context("it never spoke")?;
            let late = (shown - last).checked_sub(threshold).context("shown silent before its time")?;
            beyond.entry(place).or_insert(late);
        }
    }
    Ok((beyond.into_values().collect(), others))
}

/// A person's live stream, as their tab has it.
struct Stream {
    answer: Response,
    text: Vec<u8>,
}

impl Stream {
    async fn open(stack: &Stack) -> anyhow::Result<Self> {
        let cookie = stack.sign_in(PERSON).await?;
        let answer = stack::client()?
            .get(format!("{}/live?environment={ENVIRONMENT}", stack.url))
            .header(header::COOKIE, cookie.to_string())
            .header(header::ACCEPT, "text/event-stream")
            .send()
            .await?
            .error_for_status()?;
        Ok(Self { answer, text: Vec::new() })
    }

    /// The next instances that are shown silent, and when that was read.
    async fn silent(&mut self) -> anyhow::Result<(Instant, Vec<String>)> {
        loop {
            while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                let line = std::str::from_utf8(&line)?.trim_end();
                ensure!(line != "event: reload", "the stream could not keep up and asked to load again");
                let Some(data) = line.strip_prefix("data: ") else { continue };
                if data.contains(r#""after":"silent""#) {
                    return Ok((Instant::now(), names(data)?));
                }
            }
            let chunk = self.answer.chunk().await?.context("the stream ended")?;
            self.text.extend_from_slice(&chunk);
        }
    }
}

fn names(data: &str) -> anyhow::Result<Vec<String>> {
    let deltas: Vec<InstanceDelta> = serde_json::from_str(data)?;
    let silent = deltas.into_iter().filter(|delta| delta.after == Some(AgentState::Silent));
    Ok(silent.map(|delta| delta.name).collect())
}
