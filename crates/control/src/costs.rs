//! Costs: what a month's run intervals add up to, and the environment's budget.

mod pool;
mod today;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{
    Actor, Permission, Timestamp,
    audit::AuditAction,
    cost::{
        BudgetStanding, Money, Monthly, PriceBook, RunSlice, Tally, crossed, forecast, month_of, next_month,
    },
    view::costs::{BudgetView, CostsView, DaySpend, SpendRow, is_exported},
};
use store::{Environment, NewEvent, RunningNow};

use crate::{Control, Error, environments, error::authorize};

pub(crate) use pool::declared_price;
pub use pool::load_pool_costs;
pub use today::Sums;
pub(crate) use today::of_fleet;

/// A budget beyond it is a slip of the finger.
const LARGEST_BUDGET: Money = Money::from_dollars(10_000_000);

/// A month of the named environment, or of the first one. `month` is any day of it, or none for the present one.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn load_costs(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    month: Option<NaiveDate>,
) -> Result<CostsView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environment = environments::named_or_first(control, environment).await?;
    Ok(load_month(control, environment, month, None).await?.0)
}

/// The month, of one pool or of all; and what runs of it now, where it is the present one.
async fn load_month(
    control: &Control,
    environment: Option<Environment>,
    month: Option<NaiveDate>,
    pool: Option<&str>,
) -> Result<(CostsView, Vec<RunningNow>), Error> {
    let now = control.clock.now();
    let present = month_of(now.date_naive());
    let month = month.map_or(present, month_of).min(present);
    let book = PriceBook::shipped();
    let mut view = CostsView {
        environment: None,
        month,
        previous: None,
        next: (month < present).then(|| next_month(month)),
        as_of: None,
        total: Tally::default().spend(),
        forecast: None,
        running: 0,
        now_monthly: Monthly::default(),
        days: Vec::new(),
        pools: Vec::new(),
        agent_types: Vec::new(),
        budget: BudgetView::default(),
        book: book.version.clone(),
        sources: book.cited().into_iter().cloned().collect(),
        now,
    };
    let Some(environment) = environment else { return Ok((view, Vec::new())) };
    let name = &environment.name;
    let first = control.store.first_run(name).await?.map(|at| month_of(at.date_naive()));
    view.previous =
        month.pred_opt().map(month_of).filter(|before| first.is_some_and(|first| first <= *before));
    view.environment = Some(name.clone());
    let Some(as_of) = environment.observed_at else { return Ok((view, Vec::new())) };
    let until = as_of.date_naive().min(next_month(month).pred_opt().unwrap_or(month));
    let days = days_of(month, until);
    let mut slices = control.store.sum_run_intervals(name, &days, as_of).await?;
    let mut running = if month == present { control.store.running_now(name).await? } else { Vec::new() };
    if let Some(pool) = pool {
        slices.retain(|slice| slice.pool == pool);
        running.retain(|now| now.pool == pool);
    }
    let total = Tally::of(&slices);
    for now in &running {
        view.running += count(now);
        view.now_monthly.add_running(now.vms, now.price.as_ref());
    }
    if month == present {
        view.forecast = Some(forecast(total.total(), view.now_monthly.known, as_of));
    }
    view.as_of = Some(as_of);
    view.total = total.spend();
    if pool.is_none() {
        view.budget = budget(control, &environment, as_of, &slices, month == present).await?;
    }
    let by_day = Tally::by(&slices, |slice| slice.day);
    view.days = days
        .iter()
        .map(|day| DaySpend { day: *day, spend: by_day.get(day).copied().unwrap_or_default().spend() })
        .collect();
    let by_pool = |slice: &RunSlice| (slice.pool.clone(), Some(slice.agent_type.clone()));
    view.pools =
        rows(&slices, &days, &running, by_pool, |now| (now.pool.clone(), Some(now.agent_type.clone())));
    let by_type = |slice: &RunSlice| (slice.agent_type.clone(), None);
    view.agent_types = rows(&slices, &days, &running, by_type, |now| (now.agent_type.clone(), None));
    Ok((view, running))
}

fn count(now: &RunningNow) -> u64 {
    u64::try_from(now.vms).unwrap_or_default()
}

fn days_of(from: NaiveDate, until: NaiveDate) -> Vec<NaiveDate> {
    from.iter_days().take_while(|day| *day <= until).collect()
}

type Key = (String, Option<String>);

/// One row a key, dearest first.
fn rows(
    slices: &[RunSlice],
    days: &[NaiveDate],
    running: &[RunningNow],
    key: impl Fn(&RunSlice) -> Key,
    running_key: impl Fn(&RunningNow) -> Key,
) -> Vec<SpendRow> {
    let by_key = Tally::by(slices, &key);
    let by_day = Tally::by(slices, |slice| (key(slice), slice.day));
    let mut now: BTreeMap<Key, (u64, Monthly)> = BTreeMap::new();
    for one in running {
        let (vms, monthly) = now.entry(running_key(one)).or_default();
        *vms += count(one);
        monthly.add_running(one.vms, one.price.as_ref());
    }
    let mut rows: Vec<SpendRow> = by_key
        .into_iter()
        .map(|(key, tally)| {
            let (running, monthly) = now.remove(&key).unwrap_or_default();
            let spent = |day: &NaiveDate| by_day.get(&(key.clone(), *day)).copied().unwrap_or_default();
            let days = days.iter().map(|day| spent(day).total().money()).collect();
            let (name, agent_type) = key.clone();
            SpendRow { name, agent_type, spend: tally.spend(), running, now: monthly, days }
        })
        .collect();
    rows.sort_by(|a, b| b.spend.total.cmp(&a.spend.total).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// The budget is of the present month, whichever is shown.
async fn budget(
    control: &Control,
    environment: &Environment,
    as_of: Timestamp,
    slices: &[RunSlice],
    present: bool,
) -> Result<BudgetView, Error> {
    let Some(budget) = control.store.get_budget(&environment.name).await? else {
        return Ok(BudgetView::default());
    };
    let Some(monthly) = budget.monthly else {
        return Ok(BudgetView { revision: budget.revision, standing: None });
    };
    let tally =
        if present { Tally::of(slices) } else { this_month(control, &environment.name, as_of).await? };
    let spent = tally.total().money();
    let standing = BudgetStanding {
        monthly,
        spent,
        whole: tally.unknown_seconds == 0,
        crossed: crossed(spent, monthly).last().copied(),
        set_by_name: budget.set_by_name,
        revision: budget.revision,
    };
    Ok(BudgetView { revision: budget.revision, standing: Some(standing) })
}

/// What the month of `as_of` has cost until then.
pub(crate) async fn spent_this_month(
    control: &Control,
    environment: &str,
    as_of: Timestamp,
) -> Result<Money, Error> {
    Ok(this_month(control, environment, as_of).await?.total().money())
}

async fn this_month(control: &Control, environment: &str, as_of: Timestamp) -> Result<Tally, Error> {
    let today = as_of.date_naive();
    let days = days_of(month_of(today), today);
    let slices = control.store.sum_run_intervals(environment, &days, as_of).await?;
    Ok(Tally::of(&slices))
}

/// Sets the environment's budget after `revision`, or takes it away with an empty amount.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn set_budget(
    control: &Control,
    actor: &Actor,
    environment: &str,
    revision: i32,
    monthly: &str,
) -> Result<(), Error> {
    authorize(actor, Permission::SetBudget)?;
    let environment = environments::require(control, environment).await?.name;
    let monthly = amount(monthly)?;
    let before = control.store.get_budget(&environment).await?;
    let current = before.as_ref().map_or(0, |budget| budget.revision);
    let before = before.and_then(|budget| budget.monthly);
    let said = |amount: Option<Money>| {
        amount.map_or("none".to_owned(), |amount| format!("{} a month", amount.exact()))
    };
    if current != revision {
        return Err(Error::Precondition(format!(
            "the budget of {environment} was set by somebody else meanwhile, and is {} now: look at it again",
            said(before)
        )));
    }
    if before == monthly {
        return Err(Error::Conflict("the budget already is that: there is nothing to set".to_owned()));
    }
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    let next = tx.set_budget(&environment, revision, monthly, &actor.id, now).await?;
    let field = |amount: Option<Money>| amount.map(|amount| ("monthly".to_owned(), amount.exact()));
    let event = NewEvent {
        environment: Some(environment.clone()),
        detail: format!("{}, was {}", said(monthly), said(before)),
        ..NewEvent::new(actor, AuditAction::SetBudget, format!("the budget of {environment}"), now)
    };
    let mut event = event.differing(field(before), field(monthly));
    event.payload.insert("revision".to_owned(), next.to_string().into());
    tx.append_audit(&event).await?;
    tx.commit().await?;
    Ok(())
}

fn amount(text: &str) -> Result<Option<Money>, Error> {
    let text = text.trim().trim_start_matches('$').replace(',', "");
    if text.is_empty() {
        return Ok(None);
    }
    let amount: Money = text.parse().map_err(|_| {
        Error::invalid("monthly", "write an amount of dollars, like 500 or 499.90, or nothing for no budget")
    })?;
    let cents = amount.nanos() % 10_000_000 == 0;
    if !cents || amount <= Money::ZERO || amount > LARGEST_BUDGET {
        return Err(Error::invalid("monthly", "write at least 0.01 and at most 10000000, in whole cents"));
    }
    Ok(Some(amount))
}

/// Comma-separated values of one month: a line for each day, pool and kind of VM, with its exact seconds and dollars.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment), err(level = "debug"))]
pub async fn export_costs(
    control: &Control,
    actor: &Actor,
    environment: &str,
    month: NaiveDate,
) -> Result<String, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environment = environments::require(control, environment).await?;
    let month = month_of(month);
    if !is_exported(month, control.clock.now().date_naive()) {
        return Err(Error::invalid("month", "name a month of the last year, like 2026-11"));
    }
    let mut text = String::from(
        "day,environment,pool,agent_type,machine_type,provisioning,seconds,machines_usd,disks_usd,addresses_usd,price_book\n",
    );
    let Some(as_of) = environment.observed_at else { return Ok(text) };
    let until = as_of.date_naive().min(next_month(month).pred_opt().unwrap_or(month));
    let slices = control.store.sum_run_intervals(&environment.name, &days_of(month, until), as_of).await?;
    for slice in &slices {
        text.push_str(&line(&environment.name, slice));
    }
    Ok(text)
}

/// A price that is not known is an empty cell, never 0. Names hold neither commas nor quotes: the rules see to it.
fn line(environment: &str, slice: &RunSlice) -> String {
    let price = slice.price.as_ref();
    let dollars = |part: Option<Money>| {
        part.map(|part| domain::cost::Accrued::of(part, slice.seconds).money().to_string())
            .unwrap_or_default()
    };
    let cells = [
        slice.day.to_string(),
        environment.to_owned(),
        slice.pool.clone(),
        slice.agent_type.clone(),
        price.map(|price| price.machine_type.clone()).unwrap_or_default(),
        price.map(|price| if price.spot { "spot" } else { "standard" }.to_owned()).unwrap_or_default(),
        slice.seconds.to_string(),
        dollars(price.and_then(|price| price.machine)),
        dollars(price.and_then(|price| price.disks)),
        dollars(price.and_then(|price| price.address)),
        price.map(|price| price.book.clone()).unwrap_or_default(),
    ];
    cells.join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_whole_cents_or_nothing() {
        assert_eq!(amount(" $1,500.50 ").unwrap(), Some("1500.5".parse().unwrap()));
        assert_eq!(amount("").unwrap(), None);
        for wrong in ["0", "0.001", "-5", "ten", "10000001", "1e3"] {
            let refused = amount(wrong).unwrap_err();
            assert!(matches!(&refused, Error::Invalid(fields) if fields[0].field == "monthly"), "{wrong}");
        }
    }
}
