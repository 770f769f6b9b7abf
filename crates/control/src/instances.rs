//! Instances with their agents, as they are this second.

use std::time::Duration;

use compute::SerialOutput;
use domain::{
    Actor, Permission, Timestamp,
    agent::AgentState,
    view::{
        health::{AgentStatus, SerialPage},
        instance::{InstancePage, InstanceRow, InstanceView},
        pool::AgentCount,
    },
};

use tokio::time::timeout;

use crate::{Control, Error, agent_status, environments, error::authorize, planning};

#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_instance(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
) -> Result<InstanceView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let environment = environments::require(control, &row.environment).await?;
    Ok(InstanceView {
        project: environment.spec.environment.project_id,
        region: environment.spec.environment.region,
        observed_at: environment.observed_at,
        now: control.clock.now(),
        row,
    })
}

/// Bytes of one page of the serial console.
const SERIAL_PAGE: u64 = 16 * 1024;
const SERIAL_WAIT: Duration = Duration::from_secs(3);

/// A page of what the VM wrote to its first serial port: from `start` on, or the last page.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_serial_page(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
    start: Option<u64>,
) -> Result<SerialPage, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let environment = environments::require(control, &row.environment).await?;
    let scope = planning::scope(&environment.spec);
    let read = control.compute.serial_port_output(&scope, zone, name, ask_from(start));
    // A page does not wait for an API that hangs.
    let read = timeout(SERIAL_WAIT, read)
        .await
        .map_err(|late| Error::Unavailable { what: "the serial console", source: Box::new(late) })?;
    let output = read.map_err(|error| match error {
        compute::Error::NotFound { .. } => Error::NotFound(format!("serial console of {name}")),
        error => error.into(),
    })?;
    Ok(serial_page(&output, start, control.clock.now()))
}

/// Where to read from for the page at `start`: a page before it, which shows whether something older is kept. Without a start, all that is
/// kept: the service has no way to ask for the end alone (docs/compute-emulator.md).
fn ask_from(start: Option<u64>) -> u64 {
    start.map_or(0, |start| start.saturating_sub(SERIAL_PAGE))
}

/// The page at `start`, or the last one, of what the service answered when it was asked as [`ask_from`] says.
fn serial_page(output: &SerialOutput, start: Option<u64>, read_at: Timestamp) -> SerialPage {
    let from = start.unwrap_or_else(|| output.next.saturating_sub(SERIAL_PAGE)).max(output.start);
    let (contents, from) = page(&output.contents, output.start, from);
    SerialPage {
        contents: contents.to_owned(),
        earlier: (from > output.start).then(|| from.saturating_sub(SERIAL_PAGE).max(output.start)),
        start: from,
        next: from + contents.len() as u64,
        read_at,
    }
}

/// At most a page of `text`, which begins at byte `start`, from byte `from` on; whole characters, and whole lines where it is cut.
fn page(text: &str, start: u64, from: u64) -> (&str, u64) {
    let mut begin = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX).min(text.len());
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    let rest = &text[begin..];
    let limit = usize::try_from(SERIAL_PAGE).unwrap_or(usize::MAX);
    let at = start + begin as u64;
    if rest.len() <= limit {
        return (rest, at);
    }
    let mut end = limit;
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let end = rest[..end].rfind('\n').map_or(end, |line| line + 1);
    (&rest[..end], at)
}

/// Asks the agent itself. Only where the control plane reaches the VM's network; an answer that does not come is told as such.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_agent_status(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
) -> Result<AgentStatus, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let environment = environments::require(control, &row.environment).await?;
    let port = environment.spec.environment.default_health_port;
    let asked = match row.instance.address.as_deref() {
        // As Compute Engine listed it, so nobody chooses where we ask.
        Some(address) if address.contains(':') => format!("http://{address}/status"),
        Some(address) => format!("http://{address}:{port}/status"),
        None => String::new(),
    };
    let answer = if asked.is_empty() {
        Err("the VM has no address yet".to_owned())
    } else {
        agent_status::ask(&asked).await
    };
    Ok(AgentStatus { answer, asked, read_at: control.clock.now() })
}

/// Instances on one page.
const PAGE: usize = 100;

/// Which of an environment's instances; None: all.
#[derive(Clone, Copy, Debug, Default)]
pub struct InstanceFilter<'a> {
    pub pool: Option<&'a str>,
    pub name: Option<&'a str>,
}

/// An environment's instances by zone and name, after the last one of the page before.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn list_instances(
    control: &Control,
    actor: &Actor,
    environment: &str,
    filter: InstanceFilter<'_>,
    after: Option<(&str, &str)>,
) -> Result<InstancePage, Error> {
    authorize(actor, Permission::ReadFleet)?;
    environments::require(control, environment).await?;
    let place = |row: &InstanceRow| (row.instance.zone.clone(), row.instance.name.clone());
    let mut rows = control.live.rows(environment);
    rows.retain(|row| {
        filter.pool.is_none_or(|pool| row.pool == pool)
            && filter.name.is_none_or(|name| row.instance.name == name)
            && after.is_none_or(|after| (row.instance.zone.as_str(), row.instance.name.as_str()) > after)
    });
    rows.sort_by_cached_key(place);
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = if more { rows.last().map(place) } else { None };
    Ok(InstancePage { instances: rows, next })
}

/// Only states that occur, worst first.
pub(crate) fn count_agents<'a>(rows: impl IntoIterator<Item = &'a InstanceRow>) -> Vec<AgentCount> {
    let mut counts = AgentState::ALL.map(|state| AgentCount { state, count: 0 });
    for row in rows {
        if let Some(count) = counts.iter_mut().find(|count| count.state == row.agent) {
            count.count += 1;
        }
    }
    counts.into_iter().filter(|count| count.count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_with_a_line_and_goes_on_where_it_ended() {
        let line = "x".repeat(99) + "\n";
        let text = line.repeat(400);
        let (first, at) = page(&text, 1000, 1000);
        assert_eq!((at, first.len() % 100, first.len() <= 16 * 1024), (1000, 0, true));
        let (second, from) = page(&text, 1000, at + first.len() as u64);
        assert_eq!(from, 1000 + first.len() as u64);
        assert!(second.starts_with('x'));
        assert_eq!(page(&text, 1000, 1_000_000), ("", 41_000), "beyond the end is nothing");
        assert_eq!(page(&text, 1000, 5).1, 1000, "what was lost cannot be read");
        let (cut, _) = page("ä", 0, 1);
        assert_eq!(cut, "");
    }

    #[test]
    fn the_way_back_ends_at_the_oldest_byte_that_is_kept() {
        let (lost, kept) = (500_000, ("y".repeat(99) + "\n").repeat(1000));
        let end = lost + kept.len() as u64;
        let read = |start: Option<u64>| {
            let at = ask_from(start).clamp(lost, end);
            let contents = kept[usize::try_from(at - lost).unwrap()..].to_owned();
            serial_page(&SerialOutput { contents, start: at, next: end }, start, Timestamp::default())
        };
        let mut page = read(None);
        assert_eq!(page.next, end);
        let mut seen = vec![page.start];
        while let Some(earlier) = page.earlier {
            page = read(Some(earlier));
            assert_eq!(page.start, earlier);
            seen.push(page.start);
        }
        assert!(seen.is_sorted_by(|later, earlier| later > earlier), "{seen:?}");
        assert_eq!((seen.len(), seen.last()), (7, Some(&lost)));
        assert_eq!(read(Some(0)).start, lost, "what was lost cannot be read");
    }
}
