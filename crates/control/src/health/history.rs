//! The story of one agent: its last day, since when it fails, and what happened around that.

use domain::{
    Actor, Permission, Timestamp,
    agent::AgentState,
    heartbeat_history::{Day, Hour, minute_of, strip},
    view::{
        health::{Happening, InstanceHistory},
        instance::InstanceRow,
    },
};
use store::HealthTransition;

use super::{
    failing,
    happenings::{BEFORE, half_hour_before, newest, since_failing, told},
};
use crate::{Control, Error, error::authorize};

const SHOWN_TRANSITIONS: u32 = 50;
const SHOWN_COMMANDS: u32 = 50;
/// Of happenings and of commands, what is told unless all are asked for.
const FIRST: usize = 10;

/// The agent's last day, its last hour in figures, what it was asked for, and what happened before it began to fail and of it since.
/// `all`: as much of the lists as is ever told, not the newest few.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_instance_history(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
    all: bool,
) -> Result<InstanceHistory, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let now = control.clock.now();
    let environment = row.environment.as_str();
    let mut day = match &row.instance.id {
        Some(id) => {
            let mut day = control.store.load_heartbeat_day(environment, name, id, now).await?;
            day.minutes.extend(control.live.minutes_of(environment, name, id));
            day
        }
        None => store::HeartbeatDay::default(),
    };
    // What the store was not told of yet was listened to all the same.
    if let Some(last) = day.listened.last().copied() {
        day.listened.extend(last..minute_of(now));
    }
    let slots = strip(&day.minutes, &day.listened, row.instance.created_at, now);

    let read = control.store.list_health_transitions(environment, name, SHOWN_TRANSITIONS + 1).await?;
    let (transitions, unread) = of_the_newest(read);
    let fails_since = began_to_fail(&row, &transitions);
    let until = fails_since.unwrap_or(now);
    let (mut before, cut) = half_hour_before(control, environment, until, Some(name)).await?;
    before
        .extend(transitions.iter().filter(|passed| (until - BEFORE..=until).contains(&passed.at)).map(told));
    // Those since it began to fail are all read: its beginning to is one of them.
    let unread = unread.is_some_and(|at| at >= until - BEFORE);
    let (mut before, before_more) = newest(before, cut || unread);
    let (mut since, since_more) = match fails_since {
        Some(began) => since_failing(control, environment, name, began, &transitions).await?,
        None => (Vec::new(), false),
    };
    // Of others it has no part: what is wrong elsewhere would stand red above an agent that is well.
    let mut incidents = control.store.list_open_incidents(Some(environment)).await?;
    incidents.retain(|incident| incident.holds.iter().any(|hold| hold.group == row.instance.group));
    let mut commands = control.store.list_commands(environment, name, SHOWN_COMMANDS).await?;
    let (mut earlier, mut since_earlier, mut more_commands) = (0, 0, false);
    if !all {
        (earlier, since_earlier) = (keep_first(&mut before), keep_first(&mut since));
        more_commands = commands.len() > FIRST;
        commands.truncate(FIRST);
    }
    Ok(InstanceHistory {
        day: Day::of(&slots),
        hour: Hour::of(&day.minutes, now),
        fails_since,
        before,
        earlier,
        before_more,
        before_since: until - BEFORE,
        before_until: until,
        since,
        since_earlier,
        since_more,
        commands,
        more_commands,
        incidents,
        now,
    })
}

/// As many as are shown, of those with one more, and when that one passed.
fn of_the_newest(mut read: Vec<HealthTransition>) -> (Vec<HealthTransition>, Option<Timestamp>) {
    let unread = read.get(SHOWN_TRANSITIONS as usize).map(|passed| passed.at);
    read.truncate(SHOWN_TRANSITIONS as usize);
    (read, unread)
}

/// Since when the agent fails, where it does and its passing is still kept.
pub(crate) async fn fails_since(control: &Control, row: &InstanceRow) -> Result<Option<Timestamp>, Error> {
    if !failing(row.agent) {
        return Ok(None);
    }
    let (environment, name) = (&row.environment, &row.instance.name);
    let transitions = control.store.list_health_transitions(environment, name, SHOWN_TRANSITIONS).await?;
    Ok(began_to_fail(row, &transitions))
}

/// `transitions`: the newest first. An agent that was late between two failures failed all the time.
fn began_to_fail(row: &InstanceRow, transitions: &[HealthTransition]) -> Option<Timestamp> {
    transitions
        .iter()
        .take_while(|transition| failing(transition.after) || transition.after == AgentState::Late)
        .last()
        .filter(|_| failing(row.agent))
        .map(|transition| transition.at)
}

/// Of the oldest first, leaves the newest few; how many came before them.
fn keep_first(told: &mut Vec<Happening>) -> u64 {
    let earlier = told.len().saturating_sub(FIRST);
    told.drain(..earlier);
    earlier as u64
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use domain::view::health::Source;

    use super::*;

    fn of(second: i64) -> Happening {
        Happening {
            at: Timestamp::default() + TimeDelta::seconds(second),
            source: Source::Agent,
            sentence: String::new(),
            detail: String::new(),
            change: None,
        }
    }

    #[test]
    fn more_than_is_told_at_all_is_known_to_be_more() {
        let (told, more) = newest((0..50).map(of).collect(), false);
        assert_eq!((told.len(), more), (50, false));
        let (told, more) = newest((0..51).map(of).collect(), false);
        assert_eq!((told.len(), told[0].clone(), more), (50, of(1), true), "the oldest is left out");
        let (told, more) = newest((0..3).map(of).collect(), true);
        assert_eq!((told.len(), more), (3, true), "what was not read may be more");
        assert_eq!(newest(Vec::new(), true), (Vec::new(), true));
    }

    #[test]
    fn passings_that_are_not_read_are_known_to_be_there() {
        let passed = |second: i64| HealthTransition {
            environment: "dev".to_owned(),
            zone: "us-central1-a".to_owned(),
            name: "agent-web-x7k2".to_owned(),
            instance_id: None,
            pool: "web".to_owned(),
            before: Some(AgentState::Healthy),
            after: AgentState::Late,
            at: Timestamp::default() + TimeDelta::seconds(second),
        };
        let newest_first = |count: i64| (0..count).rev().map(passed).collect::<Vec<_>>();
        assert_eq!(of_the_newest(newest_first(50)), (newest_first(50), None));
        let all = newest_first(51);
        let kept = all[..50].to_vec();
        assert_eq!(of_the_newest(all), (kept, Some(passed(0).at)));
    }

    #[test]
    fn of_a_long_list_the_newest_few_stay_and_the_others_are_counted() {
        let mut happened: Vec<Happening> = (0..13).map(of).collect();
        let newest = happened[3..].to_vec();
        assert_eq!((keep_first(&mut happened), &happened), (3, &newest));
        assert_eq!((keep_first(&mut happened), &happened), (0, &newest), "few as they are");
    }
}
