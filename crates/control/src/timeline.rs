//! A pool's timeline: the events of the log that are about the pool, its changes, its agents and the incidents that touched it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, ChangeId, Permission, Timestamp,
    audit::{AuditAction, AuditEvent, Subject},
    brake::Part,
    incident::{Cause, Incident},
    name,
    view::{
        audit::AuditLine,
        timeline::{HalfHour, PoolTimeline},
    },
};
use store::{AuditFilter, ChangeFilter};

use crate::{Control, Error, environments, error::authorize, health, pools};

/// How far one look at the log goes.
struct Reach {
    /// Events that are wanted.
    wanted: usize,
    /// Events that are read at once, and how often: of a very busy environment fewer may be found than are wanted, or none.
    page: u32,
    pages: usize,
}

/// A page of the timeline; it leads on.
const PAGE: Reach = Reach { wanted: 50, page: 200, pages: 10 };
/// What stands beside all else of a pool, and is loaded again whenever the pool moves.
const LATEST: Reach = Reach { wanted: 6, page: 50, pages: 4 };

/// The pool's events before the one with that number, newest first. What was begun is told by its end.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool_timeline(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
    before: Option<i64>,
) -> Result<PoolTimeline, Error> {
    authorize(actor, Permission::ReadAudit)?;
    let spec = environments::require(control, environment).await?.spec;
    if !spec.agent_pools.iter().any(|declared| declared.name == pool) {
        return Err(pools::missing(environment, pool));
    }
    let own = Own { environment, pool, prefix: &spec.environment.name_prefix };
    let mut timeline = PoolTimeline {
        events: Vec::new(),
        prefixes: BTreeMap::from([(environment.to_owned(), spec.environment.name_prefix.clone())]),
        next: before,
        reached: None,
        before_failing: None,
        now: control.clock.now(),
    };
    look_back(control, &own, &PAGE, &mut timeline).await?;
    if before.is_none() {
        timeline.before_failing = before_failing(control, &own, &timeline.events).await?;
    }
    Ok(timeline)
}

/// The pool's newest events. The pool is known to be declared.
pub(crate) async fn latest(
    control: &Control,
    environment: &str,
    pool: &str,
    prefix: &str,
) -> Result<Vec<AuditLine>, Error> {
    let mut timeline = PoolTimeline {
        events: Vec::new(),
        prefixes: BTreeMap::new(),
        next: None,
        reached: None,
        before_failing: None,
        now: control.clock.now(),
    };
    look_back(control, &Own { environment, pool, prefix }, &LATEST, &mut timeline).await?;
    Ok(timeline.events)
}

/// Reads the log from where the timeline leads on, until it holds what is wanted.
async fn look_back(
    control: &Control,
    own: &Own<'_>,
    reach: &Reach,
    timeline: &mut PoolTimeline,
) -> Result<(), Error> {
    for _ in 0..reach.pages {
        let filter = AuditFilter {
            environment: Some(own.environment),
            before: timeline.next,
            ..AuditFilter::default()
        };
        let page = control.store.list_audit(&filter, reach.page).await?;
        let more = page.len() == reach.page as usize;
        let about = About::of(control, own, &page).await?;
        let left = take(timeline, reach.wanted, page, |event| about.holds(own, event));
        if !more && left == 0 {
            timeline.next = None;
            timeline.reached = None;
            break;
        }
        if timeline.events.len() >= reach.wanted {
            break;
        }
    }
    Ok(())
}

/// Takes what is wanted until there are so `many`, and says how many events were not looked at any more.
fn take(
    timeline: &mut PoolTimeline,
    many: usize,
    page: Vec<AuditEvent>,
    wanted: impl Fn(&AuditEvent) -> bool,
) -> usize {
    let mut rest = page.into_iter();
    while timeline.events.len() < many
        && let Some(event) = rest.next()
    {
        timeline.next = Some(event.seq);
        timeline.reached = Some(event.at);
        if wanted(&event) {
            timeline.events.push(event.into());
        }
    }
    rest.len()
}

struct Own<'a> {
    environment: &'a str,
    pool: &'a str,
    prefix: &'a str,
}

/// What a page of the log names by number, as far as it touches the pool.
struct About {
    changes: BTreeSet<ChangeId>,
    incidents: BTreeSet<String>,
}

impl About {
    async fn of(control: &Control, own: &Own<'_>, page: &[AuditEvent]) -> Result<Self, Error> {
        let group = name::instance_group(own.prefix, own.pool);
        let named: BTreeSet<ChangeId> = page.iter().filter_map(|event| event.change).collect();
        let named: Vec<ChangeId> = named.into_iter().collect();
        let touches =
            [group.clone(), name::autoscaler(own.prefix, own.pool), name::health_check(own.prefix, own.pool)];
        let filter = ChangeFilter {
            environment: Some(own.environment),
            touches: &touches,
            among: Some(&named),
            ..ChangeFilter::default()
        };
        let found = if named.is_empty() {
            Vec::new()
        } else {
            control.store.list_changes(&filter, PAGE.page).await?
        };
        let named: BTreeSet<i64> =
            page.iter().filter_map(|event| incident_of(event)?.strip_prefix("inc-")?.parse().ok()).collect();
        let named: Vec<i64> = named.into_iter().collect();
        let incidents =
            if named.is_empty() { Vec::new() } else { control.store.list_incidents(&named).await? };
        let touching = incidents.iter().filter(|incident| {
            let of_pool = matches!(&incident.cause, Cause::MassFailure(Part::Pool(name)) if name == own.pool);
            of_pool || incident.holds.iter().any(|hold| hold.group == group)
        });
        Ok(Self {
            changes: found.into_iter().map(|change| change.id).collect(),
            incidents: touching.map(Incident::name).collect(),
        })
    }

    fn holds(&self, own: &Own<'_>, event: &AuditEvent) -> bool {
        if event.action == AuditAction::IntendOperation {
            return false;
        }
        if let Some(incident) = incident_of(event) {
            return self.incidents.contains(incident);
        }
        let by_change =
            !event.is_operation() && event.change.is_some_and(|change| self.changes.contains(&change));
        by_change || event.names_pool(own.pool, own.prefix)
    }
}

/// `inc-12`, where the event is about an incident.
fn incident_of(event: &AuditEvent) -> Option<&str> {
    match event.subject(None)? {
        Subject::Incident(name) => Some(name),
        _ => None,
    }
}

/// Since the first of those that fail now: what came before it is where the cause is looked for.
async fn before_failing(
    control: &Control,
    own: &Own<'_>,
    events: &[AuditLine],
) -> Result<Option<HalfHour>, Error> {
    let passed = passed_into_failure(events);
    let began = control.live.look(own.environment, |rows| {
        let failing = rows.into_iter().filter(|row| row.pool == own.pool && health::failing(row.agent));
        failing.filter_map(|row| passed.get(row.instance.name.as_str())).min().copied()
    });
    let Some(until) = began else { return Ok(None) };
    let since = until - health::BEFORE;
    let (happenings, more) = health::half_hour_before(control, own.environment, until, None).await?;
    Ok(Some(HalfHour { since, until, happenings, more }))
}

/// Each agent's newest passing into failure, of events from the newest on.
fn passed_into_failure(events: &[AuditLine]) -> BTreeMap<&str, Timestamp> {
    let failed = |event: &&AuditLine| matches!(event.action, AuditAction::FallSilent | AuditAction::FallIll);
    // Of two of one agent the last one stays.
    events.iter().rev().filter(failed).map(|event| (event.object.as_str(), event.at)).collect()
}
