//! What a change does to the month, held against the budget, and where the amount comes from.

use domain::{
    cost::{CostImpact, HOURS_A_MONTH, Money, PoolPrice, VmPrice, percent_of},
    view::change::{ChangeDetail, STEPS},
};
use leptos::prelude::*;

use crate::{
    components::{
        glyph::{State, glyph},
        phase::Phase,
        table::Table,
    },
    words,
};

pub(super) fn cost(view: &ChangeDetail) -> AnyView {
    let plan = &view.change.revision.plan;
    let Some(cost) = plan.impact.cost.clone() else {
        return view! {
            <Phase state=State::None title="Cost" say="this plan was made without prices">
                <p class="soft">"It is older than the price book. A new revision of the change would have them."</p>
            </Phase>
        }
        .into_any();
    };
    let budget = view.beside.budget;
    let missing = !cost.unknown().is_empty();
    let state = if missing || over(&cost, budget).is_some() { State::Warn } else { State::Ok };
    let (say, book) = (words::unparted(&say(&cost, budget)), cost.book.clone());
    let book = move || format!("prices of {book}");
    let (months, pools) = (months(view, &cost), pools(&view.beside.prices, view.whole));
    view! {
        <Phase state=state title="Cost" say=say aside=book open=missing>
            {months}
            {pools}
            <p class="sm muted">
                {format!(
                    "List prices by the month of {HOURS_A_MONTH} hours, as the plan has them: without discounts, tax and traffic.",
                )}
            </p>
        </Phase>
    }
    .into_any()
}

/// By how much the known part of the month goes beyond the budget.
fn over(cost: &CostImpact, budget: Option<Money>) -> Option<Money> {
    budget.filter(|budget| cost.after.known > *budget).map(|budget| cost.after.known - budget)
}

/// `+$2,578 a month, 91 % of the budget`.
fn say(cost: &CostImpact, budget: Option<Money>) -> String {
    if cost.is_nothing() {
        return "no VM runs before or after".to_owned();
    }
    let month = match cost.difference() {
        Some(Money::ZERO) => format!("{} a month, as before", cost.after.words()),
        Some(difference) => format!("{} a month", difference.signed()),
        None => "the difference is unknown: a price is missing".to_owned(),
    };
    match (budget, over(cost, budget)) {
        (Some(_), Some(over)) => format!("{month}, {} over the budget", over.short()),
        (Some(budget), None) => format!("{month}, {}", of_budget(cost, budget)),
        (None, _) => month,
    }
}

/// `91 % of the budget`; a price that is missing can only add to it.
fn of_budget(cost: &CostImpact, budget: Money) -> String {
    let least = if cost.after.unknown.is_empty() { "" } else { "at least " };
    format!("{least}{} % of the budget", percent_of(cost.after.known, budget))
}

fn months(view: &ChangeDetail, cost: &CostImpact) -> AnyView {
    let line = |name: String, value: String| {
        view! {
            <dt class="muted">{name}</dt>
            <dd>{words::unparted(&value)}</dd>
        }
    };
    let difference = cost.difference().map_or("unknown".to_owned(), Money::signed);
    let at_most = cost.at_most.as_ref().map(|most| {
        line("With every autoscaler at its maximum".to_owned(), format!("{} a month", most.words()))
    });
    // What has ended is not held against a budget of today.
    let budget = (!view.change.state.is_terminal()).then(|| {
        let said = match view.beside.budget {
            Some(budget) => format!("{} a month: {}", budget.short(), of_budget(cost, budget)),
            None => "none is set".to_owned(),
        };
        line(format!("Budget of {}", view.change.environment), said)
    });
    let unknown = cost.unknown();
    let missing = (!unknown.is_empty()).then(|| {
        let named: Vec<String> = unknown.into_iter().cloned().collect();
        view! {
            <p class="reason" data-s="warn">
                {glyph(State::Warn)}
                <span class="break">{format!("No price is known for {}.", words::list(&named))}</span>
            </p>
        }
    });
    view! {
        <dl class="props">
            {line("Before".to_owned(), format!("{} a month", cost.before.words()))}
            {line("After".to_owned(), format!("{} a month", cost.after.words()))}
            {line("Difference".to_owned(), difference)} {at_most} {budget}
        </dl>
        {missing}
    }
    .into_any()
}

/// Where the amount comes from: the pools that the change touches, as it declares them.
fn pools(prices: &[PoolPrice], whole: bool) -> Option<AnyView> {
    if prices.is_empty() {
        return None;
    }
    let most = if whole { usize::MAX } else { STEPS };
    let rows = prices.iter().take(most).map(row).collect_view();
    let more = prices.len().saturating_sub(most) as u64;
    let more = (more > 0)
        .then(|| view! { <p class="sm muted">{format!("{} more.", words::count(more, "pool"))}</p> });
    Some(
        view! {
            <Table label="What its pools cost as they are declared">
                <thead>
                    <tr>
                        <th scope="col">"Pool"</th>
                        <th scope="col">"Machine"</th>
                        <th scope="col" class="num">
                            "A VM a month"
                        </th>
                        <th scope="col" class="num">
                            "VMs"
                        </th>
                        <th scope="col" class="num">
                            "A month"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            {more}
        }
        .into_any(),
    )
}

fn row(one: &PoolPrice) -> AnyView {
    let machine = one.vm.as_ref().map(|vm| match vm.spot {
        true => format!("{}, Spot", vm.machine_type),
        false => vm.machine_type.clone(),
    });
    let of_all = |vms: u32| amount(one.vm.as_ref(), vms);
    let (vms, month) = match one.least == one.most {
        true => (words::number(u64::from(one.most)), of_all(one.most)),
        false => (
            format!("{} to {}", words::number(u64::from(one.least)), words::number(u64::from(one.most))),
            format!("{} to {}", of_all(one.least), of_all(one.most)),
        ),
    };
    view! {
        <tr>
            <th scope="row">{one.pool.clone()}</th>
            <td class="mono">{machine}</td>
            <td class="num">{of_all(1)}</td>
            <td class="num">{vms}</td>
            <td class="num">{month}</td>
        </tr>
    }
    .into_any()
}

/// What so many VMs cost a month. A part without a price makes it a lower bound.
fn amount(vm: Option<&VmPrice>, vms: u32) -> String {
    let Some(vm) = vm else { return "unknown".to_owned() };
    match (vm.is_whole(), vm.known().times(i64::from(vms))) {
        (true, known) => known.short(),
        (false, Money::ZERO) => "unknown".to_owned(),
        (false, known) => format!("at least {}", known.short()),
    }
}

#[cfg(test)]
mod tests {
    use domain::cost::Monthly;

    use super::*;

    fn month(dollars: i64, unknown: &[&str]) -> Monthly {
        Monthly {
            known: Money::from_dollars(dollars),
            unknown: unknown.iter().map(|&what| what.to_owned()).collect(),
        }
    }

    fn from_to(before: Monthly, after: Monthly) -> CostImpact {
        CostImpact { before, after, ..CostImpact::default() }
    }

    #[test]
    fn the_line_says_the_difference_and_what_it_leaves_of_the_budget() {
        let dearer = from_to(month(6495, &[]), month(9073, &[]));
        assert_eq!(say(&dearer, None), "+$2,578 a month");
        assert_eq!(say(&dearer, Some(Money::from_dollars(10_000))), "+$2,578 a month, 90 % of the budget");
        assert_eq!(say(&dearer, Some(Money::from_dollars(9000))), "+$2,578 a month, $73.00 over the budget");
        assert_eq!(say(&from_to(month(5, &[]), month(5, &[])), None), "$5.00 a month, as before");
        assert_eq!(say(&CostImpact::default(), None), "no VM runs before or after");
    }

    #[test]
    fn a_missing_price_is_said_and_only_bounds_the_share_of_the_budget() {
        let partly = from_to(month(10, &[]), month(50, &["machine type x in y"]));
        let said = say(&partly, Some(Money::from_dollars(100)));
        assert_eq!(said, "the difference is unknown: a price is missing, at least 50 % of the budget");
        let vm = |machine| VmPrice {
            machine_type: "x".to_owned(),
            spot: false,
            machine,
            disks: Some(Money::from_dollars(1)),
            address: Some(Money::ZERO),
            book: String::new(),
        };
        assert_eq!(amount(Some(&vm(None)), 2), "at least $2.00");
        assert_eq!(amount(Some(&vm(Some(Money::from_dollars(2)))), 2), "$6.00");
        assert_eq!(amount(None, 2), "unknown");
    }
}
