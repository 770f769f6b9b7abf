//! Costs: where the money goes, what the month will be, and the budget.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    cost::{BudgetStanding, Forecast, Monthly, Source, Spend},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySpend {
    pub day: NaiveDate,
    pub spend: Spend,
}

/// One pool or agent type in the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendRow {
    pub name: String,
    /// For pools.
    pub agent_type: Option<String>,
    pub spend: Spend,
    /// VMs that run now.
    pub running: u64,
    /// What these cost a month.
    pub now: Monthly,
    /// The month's days up to now, in order.
    pub days: Vec<crate::cost::Money>,
}

/// The newest budget; it is set after `revision`, whether there is one or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    pub revision: i32,
    /// Beside the present month's cost; None: no budget is set.
    pub standing: Option<BudgetStanding>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostsView {
    /// None: no environment exists yet.
    pub environment: Option<String>,
    /// The first day of the month that is shown.
    pub month: NaiveDate,
    /// The months before and after, where there is something to show.
    pub previous: Option<NaiveDate>,
    pub next: Option<NaiveDate>,
    /// Costs are counted until the last look at Compute Engine; None: there was none.
    pub as_of: Option<Timestamp>,
    pub total: Spend,
    /// In the present month.
    pub forecast: Option<Forecast>,
    /// What runs now, by the month.
    pub running: u64,
    pub now_monthly: Monthly,
    /// Every day of the month up to now.
    pub days: Vec<DaySpend>,
    /// Dearest first.
    pub pools: Vec<SpendRow>,
    pub agent_types: Vec<SpendRow>,
    pub budget: BudgetView,
    /// The price book in force.
    pub book: String,
    pub sources: Vec<Source>,
    pub now: Timestamp,
}
