//! Instances with their agents, as they are this second.

mod list;
mod serial;

use std::{slice, time::Duration};

use compute::GroupError;
use domain::{
    Actor, Permission, Timestamp,
    agent::AgentState,
    instance::Instance,
    name,
    view::{
        health::{AgentStatus, CloudError, CloudErrors},
        instance::{InstancePage, InstanceView},
        pool::AgentCount,
    },
};

use tokio::time::timeout;

use crate::{Control, Error, agent_status, environments, error::authorize, group_errors, health, planning};

pub use list::{Page, load_instances};
pub use serial::{load_serial_end, load_serial_page};

#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_instance(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
) -> Result<InstanceView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let Some(row) = control.live.row(zone, name) else { return Err(absent(control, zone, name).await?) };
    let environment = environments::require(control, &row.environment).await?;
    let machine_type = match &row.instance.template {
        Some(template) => {
            let versions =
                control.store.find_template_versions(&row.environment, slice::from_ref(template)).await?;
            versions.get(template).map(|version| version.machine_type.clone())
        }
        None => None,
    };
    Ok(InstanceView {
        fails_since: health::fails_since(control, &row).await?,
        machine_type,
        observed_at: environment.observed_at,
        now: control.clock.now(),
        row,
    })
}

/// What is said of an instance that no look at Compute Engine lists: when it was last heard of, where that is still known.
async fn absent(control: &Control, zone: &str, name: &str) -> Result<Error, Error> {
    let named = format!("instance {} in {}", name.escape_debug(), zone.escape_debug());
    // What no instance can be called is not asked for: the database chokes on it.
    if !name::is_rfc1035(name) {
        return Ok(Error::NotFound(named));
    }
    for place in control.store.list_environment_places().await? {
        let passed = control.store.list_health_transitions(&place.name, name, 1).await?.pop();
        if let Some(last) = passed.filter(|last| last.zone == zone) {
            let at = last.at.format("%Y-%m-%d %H:%M:%S UTC");
            let (pool, environment) = (last.pool, place.name);
            return Ok(Error::NotFound(format!(
                "{named} has left pool {pool} of {environment}: its agent last passed into another state at {at}. It"
            )));
        }
    }
    Ok(Error::NotFound(named))
}

/// A page does not wait for an API that hangs.
const CLOUD_WAIT: Duration = Duration::from_secs(3);

/// Errors of one VM that are told.
const CLOUD_ERRORS: usize = 20;

/// What Compute Engine last failed to do to the VM, as it said some seconds ago at most. Where it does not answer, that is the answer:
/// the rest of what is known of the VM does not depend on it.
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
    let read = match timeout(CLOUD_WAIT, group_errors::read(control, &scope, group)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(compute::Error::NotFound { .. })) => Err(format!("the group {group} does not exist")),
        Ok(Err(error)) => silent(error.to_string()),
        Err(late) => silent(late.to_string()),
    };
    let read_at = read.as_ref().map_or_else(|_| control.clock.now(), |answer| answer.at);
    let listed = read.as_ref().map(|answer| &*answer.errors).map_err(Clone::clone);
    Ok(cloud_errors(listed, &row.instance, read_at))
}

/// `listed`: of the whole group, newest first. An attempt is repeated until it succeeds: what is said again and again is told once.
fn cloud_errors(
    listed: Result<&[GroupError], String>,
    instance: &Instance,
    read_at: Timestamp,
) -> CloudErrors {
    let (mut older, mut of_others) = (0, 0);
    let told = listed.map(|listed| {
        let own: Vec<&GroupError> = listed
            .iter()
            .filter(|error| error.instance == instance.name && error.zone == instance.zone)
            .collect();
        of_others = (listed.len() - own.len()) as u64;
        let mut told: Vec<CloudError> = Vec::new();
        for GroupError { at, action, code, message, .. } in own {
            match told.last_mut() {
                Some(newer)
                    if newer.action == *action && newer.code == *code && newer.message == *message =>
                {
                    newer.times += 1;
                    newer.first = at.or(newer.first);
                }
                _ => told.push(CloudError {
                    action: action.clone(),
                    code: code.clone(),
                    message: message.clone(),
                    times: 1,
                    first: *at,
                    last: *at,
                }),
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
    let (more, instances) = control.live.choose(environment, |mut rows| {
        rows.retain(|row| {
            filter.pool.is_none_or(|pool| row.pool == pool)
                && filter.name.is_none_or(|name| row.instance.name == name)
                && after.is_none_or(|after| place(&row.instance) > after)
        });
        rows.sort_unstable_by(|one, other| place(&one.instance).cmp(&place(&other.instance)));
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        (more, rows)
    });
    let last = instances.last().filter(|_| more);
    let next = last.map(|row| (row.instance.zone.clone(), row.instance.name.clone()));
    Ok(InstancePage { instances, next })
}

fn place(instance: &Instance) -> (&str, &str) {
    (&instance.zone, &instance.name)
}

/// Only states that occur, worst first.
pub(crate) fn count_states(states: impl IntoIterator<Item = AgentState>) -> Vec<AgentCount> {
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
        let seen = cloud_errors(Ok(&listed), &vm("web-1"), at(10));
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
        let listed: Vec<GroupError> =
            (0..50).map(|number| failed(100 - number, "web-1", &format!("CODE_{number}"))).collect();
        let seen = cloud_errors(Ok(&listed), &vm("web-1"), at(200));
        let told = seen.told.unwrap();
        assert_eq!((told.len(), seen.older), (CLOUD_ERRORS, 30));
        assert_eq!(told[0].code, "CODE_0");
        let away = cloud_errors(Err("away".to_owned()), &vm("web-1"), at(200));
        assert_eq!((away.told, away.older, away.of_others), (Err("away".to_owned()), 0, 0));
    }
}
