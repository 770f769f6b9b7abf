//! Instances with their agents, as they are this second.

mod list;

use std::time::Duration;

use compute::{GroupError, SerialOutput};
use domain::{
    Actor, Permission, Timestamp,
    agent::AgentState,
    instance::Instance,
    view::{
        health::{AgentStatus, CloudError, CloudErrors, SerialPage},
        instance::{InstancePage, InstanceRow, InstanceView},
        pool::AgentCount,
    },
};

use tokio::time::timeout;

use crate::{Control, Error, agent_status, environments, error::authorize, planning};

pub use list::{Page, load_instances};

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

/// A page does not wait for an API that hangs.
const CLOUD_WAIT: Duration = Duration::from_secs(3);
/// Bytes of one page of the serial console.
const SERIAL_PAGE: u64 = 16 * 1024;

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
    if row.instance.id.is_none() {
        // A VM that is yet to be made has written nothing. Compute Engine would say that it does not exist, and so would the page.
        let nothing = SerialOutput { contents: String::new(), start: 0, next: 0 };
        return Ok(serial_page(&nothing, None, control.clock.now()));
    }
    let environment = environments::require(control, &row.environment).await?;
    let scope = planning::scope(&environment.spec);
    let read = control.compute.serial_port_output(&scope, zone, name, ask_from(start));
    let read = timeout(CLOUD_WAIT, read)
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

/// Errors of one VM that are told.
const CLOUD_ERRORS: usize = 20;

/// What Compute Engine last failed to do to the VM, as it says this second. Where it does not answer, that is the answer: the rest of
/// what is known of the VM does not depend on it.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_cloud_errors(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
) -> Result<CloudErrors, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let environment = environments::require(control, &row.environment).await?;
    let scope = planning::scope(&environment.spec);
    let group = &row.instance.group;
    let silent = |why: String| {
        tracing::warn!(group, why, "the errors of a group were not read");
        Err("Compute Engine does not answer".to_owned())
    };
    let listed = match timeout(CLOUD_WAIT, control.compute.list_group_errors(&scope, group)).await {
        Ok(Ok(listed)) => Ok(listed),
        Ok(Err(compute::Error::NotFound { .. })) => Err(format!("the group {group} does not exist")),
        Ok(Err(error)) => silent(error.to_string()),
        Err(late) => silent(late.to_string()),
    };
    Ok(cloud_errors(listed, &row.instance, control.clock.now()))
}

/// `listed`: of the whole group, newest first. An attempt is repeated until it succeeds: what is said again and again is told once.
fn cloud_errors(
    listed: Result<Vec<GroupError>, String>,
    instance: &Instance,
    read_at: Timestamp,
) -> CloudErrors {
    let (mut older, mut of_others) = (0, 0);
    let told = listed.map(|listed| {
        let all = listed.len();
        let own: Vec<GroupError> = listed
            .into_iter()
            .filter(|error| error.instance == instance.name && error.zone == instance.zone)
            .collect();
        of_others = (all - own.len()) as u64;
        let mut told: Vec<CloudError> = Vec::new();
        for GroupError { at, action, code, message, .. } in own {
            match told.last_mut() {
                Some(newer) if newer.action == action && newer.code == code && newer.message == message => {
                    newer.times += 1;
                    newer.first = at.or(newer.first);
                }
                _ => told.push(CloudError { action, code, message, times: 1, first: at, last: at }),
            }
        }
        older = told.len().saturating_sub(CLOUD_ERRORS) as u64;
        told.truncate(CLOUD_ERRORS);
        told
    });
    CloudErrors { group: instance.group.clone(), told, older, of_others, read_at }
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
    count_states(rows.into_iter().map(|row| row.agent))
}

fn count_states(states: impl IntoIterator<Item = AgentState>) -> Vec<AgentCount> {
    let mut counts = AgentState::ALL.map(|state| AgentCount { state, count: 0 });
    for state in states {
        if let Some(count) = counts.iter_mut().find(|count| count.state == state) {
            count.count += 1;
        }
    }
    counts.into_iter().filter(|count| count.count > 0).collect()
}

#[cfg(test)]
mod tests {
    use domain::instance::{CurrentAction, InstanceStatus};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn failed(seconds: i64, name: &str, code: &str) -> GroupError {
        GroupError {
            at: Some(at(seconds)),
            action: "CREATING".to_owned(),
            instance: name.to_owned(),
            zone: "us-central1-a".to_owned(),
            code: code.to_owned(),
            message: format!("{code} it is"),
        }
    }

    fn vm(name: &str) -> Instance {
        Instance {
            name: name.to_owned(),
            id: None,
            zone: "us-central1-a".to_owned(),
            group: "genesis-pool-web".to_owned(),
            status: InstanceStatus::NotYet,
            current_action: CurrentAction::Creating,
            template: None,
            address: None,
            created_at: None,
            probe: None,
            last_error: None,
        }
    }

    #[test]
    fn what_compute_engine_says_again_and_again_of_a_vm_is_told_once() {
        let elsewhere = GroupError { zone: "us-central1-b".to_owned(), ..failed(5, "web-1", "STOCKOUT") };
        let listed = vec![
            failed(9, "web-1", "STOCKOUT"),
            failed(8, "web-2", "QUOTA_EXCEEDED"),
            failed(7, "web-1", "STOCKOUT"),
            GroupError { at: None, ..failed(6, "web-1", "STOCKOUT") },
            elsewhere,
            failed(4, "web-1", "QUOTA_EXCEEDED"),
            failed(3, "web-1", "STOCKOUT"),
        ];
        let seen = cloud_errors(Ok(listed), &vm("web-1"), at(10));
        let told = seen.told.unwrap();
        let said: Vec<_> =
            told.iter().map(|one| (one.code.as_str(), one.times, one.first, one.last)).collect();
        assert_eq!(
            said,
            [
                ("STOCKOUT", 3, Some(at(7)), Some(at(9))),
                ("QUOTA_EXCEEDED", 1, Some(at(4)), Some(at(4))),
                ("STOCKOUT", 1, Some(at(3)), Some(at(3))),
            ]
        );
        assert_eq!((seen.older, seen.of_others, seen.read_at), (0, 2, at(10)));
        assert_eq!(seen.group, "genesis-pool-web");
    }

    #[test]
    fn the_errors_of_a_vm_are_bounded_and_the_rest_is_counted() {
        let listed = (0..50).map(|number| failed(100 - number, "web-1", &format!("CODE_{number}"))).collect();
        let seen = cloud_errors(Ok(listed), &vm("web-1"), at(200));
        let told = seen.told.unwrap();
        assert_eq!((told.len(), seen.older), (CLOUD_ERRORS, 30));
        assert_eq!(told[0].code, "CODE_0");
        let away = cloud_errors(Err("away".to_owned()), &vm("web-1"), at(200));
        assert_eq!((away.told, away.older, away.of_others), (Err("away".to_owned()), 0, 0));
    }

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
