//! The environment's budget: how much of it is spent, the notice at its thresholds, and the form that sets it.

use domain::{
    Permission,
    cost::{BudgetStanding, THRESHOLDS},
    view::costs::CostsView,
};
use leptos::{form::ActionForm, prelude::*};

use crate::{
    api::{Code, costs::SetBudget},
    components::{
        button::Submit, field::TextField, glyph::State, notice::Notice, panel::Panel, refused::refused_last,
        toast::Toasts,
    },
    opening::refusal,
    routes,
};

/// What a crossed threshold asks for: attention, and at the whole budget a decision.
const fn state(threshold: u8) -> State {
    if threshold >= 100 { State::Crit } else { State::Warn }
}

/// Above everything else, while a threshold is crossed.
pub fn notice(view: &CostsView) -> Option<AnyView> {
    let standing = view.budget.standing.as_ref()?;
    let threshold = standing.crossed?;
    let environment = view.environment.clone().unwrap_or_default();
    let said = said(&environment, threshold, &standing.monthly.short());
    Some(banner(threshold, said, None))
}

/// `dev has spent 80 % of this month's budget of $500.`
pub fn said(environment: &str, threshold: u8, monthly: &str) -> String {
    match threshold {
        100.. => format!("{environment} has spent this month's whole budget of {monthly}."),
        part => format!("{environment} has spent {part} % of this month's budget of {monthly}."),
    }
}

pub fn banner(threshold: u8, said: String, href: Option<String>) -> AnyView {
    let state = state(threshold);
    view! {
        <Notice state=state role="status">
            <b>{said}</b>
            " "
            {href
                .map(|href| {
                    view! {
                        <a class="link" href=href>
                            "See the costs"
                        </a>
                    }
                })}
        </Notice>
    }
    .into_any()
}

/// Sets budgets. It outlives the figures around it, which load again whenever the fleet moves.
pub fn action(moved: RwSignal<u32>) -> ServerAction<SetBudget> {
    let action = ServerAction::<SetBudget>::new();
    let toasts = Toasts::here();
    Effect::new(move |_| {
        match action.value().get() {
            Some(Ok(())) => {
                toasts.say(State::Ok, "Budget set", "Notices come at 50, 80 and 100 per cent of it.");
                moved.update(|count| *count += 1);
            }
            // Somebody else set it meanwhile: what the refusal tells to look at must stand there.
            Some(Err(error)) if error.code == Code::PreconditionFailed => moved.update(|count| *count += 1),
            Some(Err(_)) | None => {}
        }
    });
    action
}

pub fn panel(view: &CostsView, environment: &str, action: ServerAction<SetBudget>) -> AnyView {
    let standing = view.budget.standing.clone();
    let bar = standing.as_ref().map(gauge);
    let amount = standing.as_ref().map(|standing| standing.monthly.to_string()).unwrap_or_default();
    let blocked = refusal(Permission::SetBudget);
    // The log says `the budget of dev` and `80 % of the budget of dev`.
    let events = routes::audit_of(environment, "budget");
    let (environment, revision) = (environment.to_owned(), view.budget.revision.to_string());
    let none = standing.is_none();
    view! {
        <Panel
            id="budget"
            title="Budget of the month"
            aside=move || view! { <a class="link sm" href=events.clone()>"All its events"</a> }
        >
            <div class="panel-body">
                {bar}
                {none.then(|| view! { <p class="soft">"No budget is set, so nothing is said when much is spent."</p> })}
                {refused_last(action.value().into())} <ActionForm action=action>
                    <input type="hidden" name="environment" value=environment />
                    <input type="hidden" name="revision" value=revision />
                    <div class="form">
                        <TextField
                            field=("monthly", amount)
                            label="Dollars a month"
                            placeholder="500"
                            hint="Empty takes it away. It stops nothing: it gives notices at 50, 80 and 100 per cent."
                        />
                        <div class="buttons">
                            <Submit label="Set budget" id="set-budget" blocked=blocked busy=action.pending() />
                        </div>
                    </div>
                </ActionForm>
            </div>
        </Panel>
    }
    .into_any()
}

/// The amount, its share of the budget, and the share as a sentence.
fn spent(standing: &BudgetStanding) -> (String, String, String) {
    let (known, percent) = (standing.known(), standing.percent());
    let label = if known.is_unknown() {
        "How much of the budget is spent is unknown".to_owned()
    } else {
        format!("{} of the budget is spent", known.said(format!("{percent} per cent")))
    };
    (known.exact(), known.said(format!("{percent} %")), label)
}

/// How much is spent, beside the thresholds.
fn gauge(standing: &BudgetStanding) -> AnyView {
    let percent = standing.percent();
    let filled = percent.min(100).to_string();
    let state = standing.crossed.map_or(State::None, state);
    let thresholds = THRESHOLDS
        .into_iter()
        .map(|threshold| {
            let x = format!("{}%", u64::from(threshold));
            view! { <line class="mark" x1=x.clone() x2=x y1="0" y2="100%"></line> }
        })
        .collect_view();
    let (known, figure, label) = spent(standing);
    let set_by = format!("set by {}", standing.set_by_name);
    view! {
        <div>
            <p class="split">
                <span class="figure">{figure}</span>
                <small>{format!("{known} of {}", standing.monthly.exact())}</small>
            </p>
            <svg class="gauge" role="img" aria-label=label data-s=state.as_str()>
                <rect class="track" width="100%" height="100%" rx="3"></rect>
                <rect class="filled" width=format!("{filled}%") height="100%" rx="3"></rect>
                {thresholds}
            </svg>
            <small>{set_by}</small>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::cost::Money;

    use super::*;

    #[test]
    fn what_has_no_price_is_no_part_of_the_budget_that_is_free() {
        let told = |dollars, whole| {
            spent(&BudgetStanding {
                monthly: Money::from_dollars(100),
                spent: Money::from_dollars(dollars),
                whole,
                crossed: None,
                set_by_name: "Robin".to_owned(),
                revision: 1,
            })
        };
        let of = |amount: &str, figure: &str, label: &str| {
            (amount.to_owned(), figure.to_owned(), label.to_owned())
        };
        assert_eq!(told(40, true), of("$40.00", "40 %", "40 per cent of the budget is spent"));
        let least = of("at least $40.00", "at least 40 %", "at least 40 per cent of the budget is spent");
        assert_eq!(told(40, false), least);
        assert_eq!(told(0, false), of("unknown", "unknown", "How much of the budget is spent is unknown"));
    }

    #[test]
    fn the_whole_budget_is_said_without_a_share() {
        assert_eq!(said("dev", 80, "$500"), "dev has spent 80 % of this month's budget of $500.");
        assert_eq!(said("dev", 100, "$500"), "dev has spent this month's whole budget of $500.");
    }
}
