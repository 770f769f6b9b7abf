//! Changes: the one way by which anything is written to a fleet.

mod awaited;
mod detail;
mod queue;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{
    Actor, ChangeId, ChangeState, Permission,
    audit::AuditAction,
    change::Change,
    firewall::TrafficChange,
    list_query::{CHANGE_KEYS, ListQuery, WordProblem},
    plan::may_add,
    queue::Held,
    view::change::{ChangeList, ChangeRow, ChangeView, ChangesView, RowSeats, Whose},
};

use crate::{
    Control, Error,
    audit::{of_change, of_revision},
    canonical::Canonical,
    environments,
    error::{FieldError, authorize},
    evidence::Rules,
    planning::Planned,
    reconcile,
    votes::{self, Counted},
};

use queue::Queue;

pub use detail::{load_compared, load_detail};

/// Characters of a proposer's reason, at most.
const LONGEST_REASON: usize = 2000;
const PAGE: u32 = 50;
/// Headings that are looked at for one page where words ask for more than a state: at once, and how often.
const BATCH: u32 = 200;
const BATCHES: u32 = 10;
/// What counts as recent: as long as the page's `age<7d` asks for.
const RECENT: TimeDelta = TimeDelta::days(7);
/// The newest of a change that its page tells.
const EVENTS: u32 = 500;

/// Every write ends here. The plan decides what may happen, the policy who must agree.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment = planned.plan.environment), err(level = "debug"))]
pub async fn propose(
    control: &Control,
    actor: &Actor,
    planned: Planned,
    title: &str,
    reason: &str,
) -> Result<ChangeId, Error> {
    authorize(actor, Permission::ProposeChange)?;
    check_proposal(&planned, title, reason)?;
    let now = control.clock.now();
    let environment = planned.plan.environment.clone();
    let mut tx = control.store.begin().await?;
    let rules = Rules::read(&mut tx).await?;
    let verdict = rules.decide(&planned.desired.environment, &planned.plan);
    let at_once = verdict.approvals_needed == 0;
    let change = tx
        .insert_change(&store::NewChange {
            environment: &environment,
            title,
            reason: reason.trim(),
            state: if at_once { ChangeState::Approved } else { ChangeState::AwaitingApprovals },
            proposed_by: &actor.id,
            at: now,
            base_generation: planned.base_generation,
            desired: &planned.desired,
            plan: &planned.plan,
            verdict: &verdict,
            expires_in: (!at_once).then_some(control.signing.change_lifetime),
        })
        .await?;
    let id = change.id;
    let object = id.to_string();
    let proposed =
        of_change(actor, AuditAction::ProposeChange, (id, &environment), object.clone(), title, now);
    tx.append_audit(&of_revision(proposed, &planned.payload.sha256, &planned.plan_bytes.sha256)?).await?;
    if at_once {
        let by_policy = Actor::system(&verdict.policy, &actor.request_id);
        let approved = of_change(
            &by_policy,
            AuditAction::ApproveChange,
            (id, &environment),
            object,
            &verdict.reason,
            now,
        );
        tx.append_audit(&approved).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// What no proposal may hold, whether it is a change's first revision or a later one.
pub(crate) fn check_proposal(planned: &Planned, title: &str, reason: &str) -> Result<(), Error> {
    if reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid("reason", format!("write at most {LONGEST_REASON} characters")));
    }
    if !planned.plan.violations.is_empty() {
        let violations = planned.plan.violations.iter();
        return Err(Error::Invalid(
            violations
                .map(|violation| FieldError {
                    field: violation.attribute.clone(),
                    message: violation.message.clone(),
                })
                .collect(),
        ));
    }
    if [reason, title].into_iter().any(|text| text.contains('\0')) {
        return Err(Error::invalid("reason", "holds a NUL character: take it out"));
    }
    if [&planned.payload, &planned.plan_bytes].into_iter().any(Canonical::holds_nul) {
        return Err(Error::invalid("files", "a text of the declaration holds a NUL character: take it out"));
    }
    if planned.plan.is_empty() && planned.declared_already {
        return Err(Error::Conflict(
            "the fleet already is as declared: there is nothing to change".to_owned(),
        ));
    }
    Ok(())
}

/// Ends a change that has not started.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn cancel_change(control: &Control, actor: &Actor, id: ChangeId) -> Result<(), Error> {
    authorize(actor, Permission::CancelChange)?;
    let now = control.clock.now();
    let change = find(control, id).await?;
    if !change.state.may_become(ChangeState::Cancelled) {
        return Err(Error::Conflict(format!(
            "{id} is {} and cannot be cancelled",
            change.state.as_str().replace('_', " ")
        )));
    }
    let mut tx = control.store.begin().await?;
    // By whom is in the log: names of people stand in no history.
    let outcome = "cancelled before it started";
    tx.set_change_state(id, change.state, ChangeState::Cancelled, Some(outcome), now).await?;
    let cancelled = of_change(
        actor,
        AuditAction::CancelChange,
        (id, &change.environment),
        id.to_string(),
        &change.title,
        now,
    );
    tx.append_audit(&cancelled).await?;
    tx.commit().await?;
    Ok(())
}

async fn find(control: &Control, id: ChangeId) -> Result<Change, Error> {
    control.store.get_change(id).await?.ok_or_else(|| Error::NotFound(id.to_string()))
}

/// As lists show them to this person.
pub(crate) async fn rows(
    control: &Control,
    actor: &Actor,
    found: Vec<store::ChangeSummary>,
) -> Result<Vec<ChangeRow>, Error> {
    let ids: Vec<ChangeId> = found.iter().map(|change| change.id).collect();
    let mut seats = votes::seats(control, actor, &ids).await?;
    let states: Vec<ChangeState> = found.iter().map(|change| change.state).collect();
    let queue = Queue::read(control, &states).await?;
    let row = |change: store::ChangeSummary| {
        let seats = seats.remove(&change.id).unwrap_or_default();
        let held = queue.held(change.id, &change.environment, change.state);
        row(change, seats, held)
    };
    Ok(found.into_iter().map(row).collect())
}

fn row(change: store::ChangeSummary, seats: RowSeats, held: Option<Held>) -> ChangeRow {
    let may_add = may_add(&change.maxima);
    let services = |traffic: &[TrafficChange]| {
        let named: BTreeSet<&String> = traffic.iter().flat_map(|one| &one.services).collect();
        u32::try_from(named.len()).unwrap_or(u32::MAX)
    };
    ChangeRow {
        impact: change.impact.total(),
        may_add,
        opens: services(&change.impact.traffic.gained),
        closes: services(&change.impact.traffic.lost),
        risk: change.impact.risk(may_add),
        seats,
        held,
        id: change.id,
        environment: change.environment,
        title: change.title,
        state: change.state,
        proposed_by_name: change.proposed_by_name,
        proposed_at: change.proposed_at,
        started_at: change.claimed_at,
        finished_at: change.finished_at,
        expires_at: change.expires_at.filter(|_| change.state == ChangeState::AwaitingApprovals),
    }
}

#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_changes(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    words: &str,
    before: Option<ChangeId>,
) -> Result<ChangeList, Error> {
    authorize(actor, Permission::ReadFleet)?;
    page(control, actor, store::ChangeFilter { environment, before, ..Default::default() }, words).await
}

/// The same with what the changes' own page tells around it.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_changes(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    words: &str,
    before: Option<ChangeId>,
    whose: Whose,
) -> Result<ChangesView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let waiting = votes::waiting_for(control, actor).await?;
    let among = (whose == Whose::WaitingForMe).then_some(waiting.as_slice());
    let author = (whose == Whose::Mine).then_some(actor.id.as_str());
    let filter = store::ChangeFilter { environment, before, author, among, ..Default::default() };
    let list = page(control, actor, filter, words).await?;
    let counts = control.store.count_changes(environment, list.now - RECENT, (&actor.id, &waiting)).await?;
    Ok(ChangesView { list, counts })
}

fn read(words: &str) -> Result<ListQuery, Error> {
    let field = |problem: WordProblem| FieldError { field: "q".to_owned(), message: problem.to_string() };
    ListQuery::parse(words, CHANGE_KEYS)
        .map_err(|problems| Error::Invalid(problems.into_iter().map(field).collect()))
}

/// The database leaves out by state; the other words are held against the headings that it gives, so many of them at most.
/// Where those are not enough the page is short, and the following one begins where this one stopped to look. Plans are read
/// of what the page shows alone; what has left the state that is asked for in between is not shown.
async fn page(
    control: &Control,
    actor: &Actor,
    filter: store::ChangeFilter<'_>,
    words: &str,
) -> Result<ChangeList, Error> {
    filter.environment.map_or(Ok(()), environments::check)?;
    let wanted = read(words)?;
    let now = control.clock.now();
    let states = wanted.change_states();
    let mut filter = store::ChangeFilter { states: &states, ..filter };
    let (batch, batches) = if wanted.asks_for_states_alone() { (PAGE + 1, 1) } else { (BATCH, BATCHES) };
    let (mut held, mut ended): (Vec<ChangeId>, bool) = (Vec::new(), false);
    for _ in 0..batches {
        let found = control.store.list_change_headings(&filter, batch).await?;
        ended = found.len() < batch as usize;
        filter.before = found.last().map(|change| change.id).or(filter.before);
        held.extend(found.iter().filter(|change| wanted.holds_change(change, now)).map(|change| change.id));
        if ended || held.len() > PAGE as usize {
            break;
        }
    }
    let next = if held.len() > PAGE as usize {
        held.truncate(PAGE as usize);
        held.last().copied()
    } else {
        filter.before.filter(|_| !ended)
    };
    let shown = store::ChangeFilter { before: None, among: Some(&held), ..filter };
    let found = if held.is_empty() { Vec::new() } else { control.store.list_changes(&shown, PAGE).await? };
    Ok(ChangeList { changes: rows(control, actor, found).await?, next, now })
}

#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn load_change(control: &Control, actor: &Actor, id: ChangeId) -> Result<ChangeView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    Ok(view_of(control, actor, id).await?.0)
}

/// With its votes as they were counted, for what its own page tells besides.
async fn view_of(control: &Control, actor: &Actor, id: ChangeId) -> Result<(ChangeView, Counted), Error> {
    let change = find(control, id).await?;
    let of_this = store::AuditFilter { change: Some(id), ..store::AuditFilter::default() };
    let operations = async { Ok::<_, Error>(control.store.list_operations(id).await?) };
    let events = async { Ok::<_, Error>(control.store.list_audit(&of_this, EVENTS).await?) };
    let counted = Counted::read(control, &change);
    let (operations, mut events, counted) = tokio::try_join!(operations, events, counted)?;
    events.reverse();
    let held = Queue::read(control, &[change.state]).await?.held(id, &change.environment, change.state);
    let waiting_for = match &held {
        Some(held) => queue::waits_for(control, &change.environment, held).await?,
        None if change.state == ChangeState::Applying => {
            reconcile::progress::of_change(control, &change, &operations).await?.missing
        }
        None => Vec::new(),
    };
    let approvals = votes::approvals(control, actor, &change, &counted).await?;
    let operations = operations.into_iter().map(|stored| stored.operation).collect();
    let now = control.clock.now();
    Ok((ChangeView { change, operations, approvals, held, waiting_for, events, now }, counted))
}
