//! What pages cost the server at 10,000 VMs and 100,000 audit events: from the request's first byte to the answer's last,
//! one request at a time over a connection that stays open.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use store::ChangeFilter;
use tokio::time::Instant;

use crate::{
    agents,
    series::{Series, Unit},
    stack::{Cookie, ENVIRONMENT, PERSON, Stack},
    wire::{Answer, Connection},
};

/// What Chromium says that it reads.
const AS_BROWSERS: &str = "gzip, deflate, br, zstd";

/// Sampling of one page ends by then, at the latest: the agents spoke just before and must not fall silent meanwhile.
const LONGEST: Duration = Duration::from_secs(12);

/// Requests before those that count.
const WARM_UP: usize = 3;

pub(crate) async fn measure(stack: &Stack, quick: bool) -> anyhow::Result<()> {
    let most = if quick { 20 } else { 200 };
    let cookie = stack.sign_in(PERSON).await?;
    let of_fleet = ChangeFilter { environment: Some(ENVIRONMENT), ..ChangeFilter::default() };
    let changes = stack.store()?.list_changes(&of_fleet, 1).await?;
    let change = changes.first().context("the fleet was declared by no change")?.id;
    let pages = [
        ("Fleet", "/".to_owned()),
        ("Instances", "/instances".to_owned()),
        ("Pools", "/pools".to_owned()),
        ("Autoscaling", "/autoscaling".to_owned()),
        ("Costs", "/costs".to_owned()),
        ("Changes", "/changes".to_owned()),
        ("change", format!("/changes/{change}")),
        ("Audit", "/audit".to_owned()),
    ];
    let mut agents = agents::all(stack).await?;
    for (name, path) in &pages {
        let mut sizes = Vec::new();
        for (how, encodings) in [("as browsers ask", AS_BROWSERS), ("uncompressed", "identity")] {
            agents::all_speak(&mut agents, stack.address()?).await?;
            let sampled = sample(stack, path, &cookie, encodings, most).await?;
            let mut times = Series::times(format!("{name} page, {how}"), &sampled.times);
            if encodings == AS_BROWSERS {
                times = times.budget("list page p95 ≤ 25 ms");
            }
            times.say()?;
            let encoding =
                if sampled.encoding.is_empty() { "uncompressed" } else { sampled.encoding.as_str() };
            let mut size = Series::new(format!("{name} page, bytes, {encoding}"), Unit::Bytes, sampled.bytes);
            if sampled.encoding.is_empty() {
                size = size.budget("HTML of 50 rows ≤ 35 kB");
            }
            sizes.push(size);
        }
        sizes.iter().try_for_each(Series::say)?;
    }
    Ok(())
}

struct Sampled {
    times: Vec<Duration>,
    bytes: Vec<f64>,
    encoding: String,
}

async fn sample(
    stack: &Stack,
    path: &str,
    cookie: &Cookie,
    encodings: &str,
    most: usize,
) -> anyhow::Result<Sampled> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\naccept-encoding: {encodings}\r\n\
         cookie: {cookie}\r\n\r\n"
    );
    let mut connection = Connection::open(stack.address()?).await?;
    for _ in 0..WARM_UP {
        look(&mut connection, path, &request).await?;
    }
    let mut sampled = Sampled { times: Vec::new(), bytes: Vec::new(), encoding: String::new() };
    let begun = Instant::now();
    while sampled.times.len() < most && begun.elapsed() < LONGEST {
        let asked = Instant::now();
        let answer = look(&mut connection, path, &request).await?;
        sampled.times.push(asked.elapsed());
        sampled.bytes.push(f64::from(u32::try_from(answer.body.len())?));
        sampled.encoding = answer.encoding;
    }
    Ok(sampled)
}

/// A page that led elsewhere, or that could not show what it is for, is no sample.
async fn look(connection: &mut Connection, path: &str, request: &str) -> anyhow::Result<Answer> {
    let answer = connection.ask(request.as_bytes()).await?;
    ensure!(answer.status == 200, "{path} answered {}", answer.status);
    if answer.encoding.is_empty() {
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            text.contains("</html>") && !text.contains("could not be loaded"),
            "{path} is not whole:\n{text}"
        );
    }
    Ok(answer)
}
