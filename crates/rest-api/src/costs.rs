//! Costs: what a month's VMs add up to, and the budget. Amounts are list prices in US dollars, exact decimals as text.

use domain::{
    Timestamp,
    cost::{self, BudgetStanding},
    view::costs::{self as view, CostsView},
};

use crate::schema::wire;

wire! { answer
    /// What VMs cost in a span of time.
    Spend {
        /// `1234.5`
        total_usd: String,
        on_demand_usd: String,
        spot_usd: String,
        machines_usd: String,
        disks_usd: String,
        addresses_usd: String,
        /// How long VMs ran, all together.
        vm_seconds: i64,
        /// Of it, without a price for some part: the amounts lack that part.
        unpriced_seconds: i64,
    }
}

wire! { answer
    /// An amount by the month of 730 hours.
    MonthlyCost {
        known_usd: String,
        /// What has no price, in words. Empty: the amount is whole.
        unknown: Vec<String>,
    }
}

wire! { answer
    /// A day of the month.
    DayCost {
        /// `2026-11-22`
        day: String,
        spend: Spend,
    }
}

wire! { answer
    /// One pool or one agent type in the month.
    CostRow {
        name: String,
        /// Of a pool.
        agent_type: Option<String>,
        spend: Spend,
        /// VMs that run now.
        running: u64,
        /// What these cost.
        now_monthly: MonthlyCost,
        /// By the days of the month, in their order.
        days_usd: Vec<String>,
    }
}

wire! { answer
    /// The environment's budget beside what the present month has cost.
    Budget {
        monthly_usd: String,
        spent_usd: String,
        /// The highest share that is crossed: 50, 80 or 100 per cent.
        crossed_percent: Option<u32>,
        set_by_name: String,
    }
}

wire! { answer
    /// An environment's costs in a month: list prices, without discounts, taxes and traffic.
    Costs {
        environment: String,
        /// `2026-11`
        month: String,
        /// Counted until the last look at Compute Engine; null: there was none.
        as_of: Option<Timestamp>,
        total: Spend,
        /// What the present month will have cost if what runs now runs on; null of a month before.
        forecast_usd: Option<String>,
        /// VMs that run now; 0 of a month before.
        running: u64,
        now_monthly: MonthlyCost,
        /// Every day of the month up to now.
        days: Vec<DayCost>,
        /// Dearest first.
        pools: Vec<CostRow>,
        /// Dearest first.
        agent_types: Vec<CostRow>,
        /// Null: none is set.
        budget: Option<Budget>,
        /// The version of the price book in force.
        price_book: String,
    }
}

impl From<&cost::Spend> for Spend {
    fn from(spend: &cost::Spend) -> Self {
        Self {
            total_usd: spend.total.to_string(),
            on_demand_usd: spend.on_demand.to_string(),
            spot_usd: spend.spot.to_string(),
            machines_usd: spend.machines.to_string(),
            disks_usd: spend.disks.to_string(),
            addresses_usd: spend.addresses.to_string(),
            vm_seconds: spend.seconds,
            unpriced_seconds: spend.unknown_seconds,
        }
    }
}

impl From<&cost::Monthly> for MonthlyCost {
    fn from(monthly: &cost::Monthly) -> Self {
        Self { known_usd: monthly.known.to_string(), unknown: monthly.unknown.iter().cloned().collect() }
    }
}

impl From<&view::SpendRow> for CostRow {
    fn from(row: &view::SpendRow) -> Self {
        Self {
            name: row.name.clone(),
            agent_type: row.agent_type.clone(),
            spend: (&row.spend).into(),
            running: row.running,
            now_monthly: (&row.now).into(),
            days_usd: row.days.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&BudgetStanding> for Budget {
    fn from(standing: &BudgetStanding) -> Self {
        Self {
            monthly_usd: standing.monthly.to_string(),
            spent_usd: standing.spent.to_string(),
            crossed_percent: standing.crossed.map(u32::from),
            set_by_name: standing.set_by_name.clone(),
        }
    }
}

impl Costs {
    pub fn of(environment: &str, view: &CostsView) -> Self {
        let day = |day: &view::DaySpend| DayCost { day: day.day.to_string(), spend: (&day.spend).into() };
        Self {
            environment: environment.to_owned(),
            // Of `2026-11-01`.
            month: view.month.to_string().chars().take(7).collect(),
            as_of: view.as_of,
            total: (&view.total).into(),
            forecast_usd: view.forecast.map(|forecast| forecast.month.to_string()),
            running: view.running,
            now_monthly: (&view.now_monthly).into(),
            days: view.days.iter().map(day).collect(),
            pools: view.pools.iter().map(CostRow::from).collect(),
            agent_types: view.agent_types.iter().map(CostRow::from).collect(),
            budget: view.budget.standing.as_ref().map(Budget::from),
            price_book: view.book.clone(),
        }
    }
}
