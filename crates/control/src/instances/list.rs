//! The list of an environment's instances, as it is asked by words, a page at a time.

use std::{cmp::Ordering, collections::HashMap};

use domain::{
    Actor, Permission,
    list_query::{INSTANCE_KEYS, ListQuery},
    view::{
        instance::{InstanceLine, InstanceList, InstancePlace, PAGE_ROWS},
        pool::AgentCount,
    },
};

use super::count_states;
use crate::{Control, Error, environments, error::authorize, live::LiveRow};

/// Which page. One that is there no more is the last one, and before the first one is itself.
#[derive(Clone, Copy, Debug, Default)]
pub enum Page<'a> {
    #[default]
    First,
    After(&'a InstancePlace),
    Before(&'a InstancePlace),
}

/// By pool in the declaration's order, those of pools that are declared no more last; then by zone and name.
type Rank<'a> = (usize, &'a str, &'a str, &'a str);
type Ranked<'a> = (Rank<'a>, &'a LiveRow);

/// What [`InstanceList`] counts.
struct Told {
    total: usize,
    agents: Vec<AgentCount>,
    found: usize,
    start: usize,
}

/// The named environment's, or the first one's. Words that cannot be read leave nothing; the page says what is wrong with them.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_instances(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    words: &str,
    page: Page<'_>,
) -> Result<InstanceList, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environment = environments::named_or_first(control, environment).await?;
    let now = control.clock.now();
    let read = ListQuery::parse(words, INSTANCE_KEYS).ok();
    let wanted = read.clone().unwrap_or_default();
    let beside = wanted.with("state", None);
    let declared = environment.iter().flat_map(|environment| &environment.spec.agent_pools);
    let order: HashMap<&str, usize> =
        declared.enumerate().map(|(at, pool)| (pool.name.as_str(), at)).collect();
    // No environment has no name.
    let name = environment.as_ref().map_or("", |environment| environment.name.as_str());
    let (told, rows) = control.live.choose(name, |all| {
        let total = all.len();
        let holds = |query: &ListQuery, row: &LiveRow| {
            query.holds_instance((&row.pool, row.agent), &row.instance, now)
        };
        let mut left: Vec<&LiveRow> = all.into_iter().filter(|row| holds(&beside, row)).collect();
        let agents = count_states(left.iter().map(|row| row.agent));
        left.retain(|row| read.is_some() && holds(&wanted, row));
        let found = left.len();
        let (start, rows) = cut(left, &order, page);
        (Told { total, agents, found, start }, rows)
    });
    let rows: Vec<InstanceLine> = rows.into_iter().map(InstanceLine::from).collect();
    let more = told.start + rows.len() < told.found;
    Ok(InstanceList {
        total: told.total as u64,
        agents: told.agents,
        found: told.found as u64,
        earlier: told.start as u64,
        previous: rows.first().filter(|_| told.start > 0).map(InstancePlace::of),
        next: rows.last().filter(|_| more).map(InstancePlace::of),
        rows,
        now,
    })
}

/// How many come before the page, and its rows. Only these are put in order: of ten thousand, nobody looks at the rest.
fn cut<'a>(
    rows: Vec<&'a LiveRow>,
    order: &HashMap<&str, usize>,
    page: Page<'_>,
) -> (usize, Vec<&'a LiveRow>) {
    let mut rows: Vec<Ranked<'a>> = rows
        .into_iter()
        .map(|row| (rank(order, &row.pool, &row.instance.zone, &row.instance.name), row))
        .collect();
    let start = match page {
        Page::First => 0,
        Page::After(place) => {
            let edge = rank(order, &place.pool, &place.zone, &place.name);
            rows.iter().filter(|(rank, _)| *rank <= edge).count()
        }
        Page::Before(place) => {
            let edge = rank(order, &place.pool, &place.zone, &place.name);
            rows.iter().filter(|(rank, _)| *rank < edge).count().saturating_sub(PAGE_ROWS)
        }
    };
    let start = if start < rows.len() { start } else { rows.len().saturating_sub(PAGE_ROWS) };
    if start > 0 {
        rows.select_nth_unstable_by(start, by_rank);
    }
    let rest = &mut rows[start..];
    if rest.len() > PAGE_ROWS {
        rest.select_nth_unstable_by(PAGE_ROWS, by_rank);
    }
    let shown = rest.len().min(PAGE_ROWS);
    rest[..shown].sort_unstable_by(by_rank);
    (start, rows.into_iter().skip(start).take(PAGE_ROWS).map(|(_, row)| row).collect())
}

fn rank<'a>(order: &HashMap<&str, usize>, pool: &'a str, zone: &'a str, name: &'a str) -> Rank<'a> {
    (order.get(pool).copied().unwrap_or(usize::MAX), pool, zone, name)
}

fn by_rank(one: &Ranked<'_>, other: &Ranked<'_>) -> Ordering {
    one.0.cmp(&other.0)
}
