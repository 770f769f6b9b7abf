//! `g cost`.

use domain::cost::{Known, Money, Monthly};
use rest_api::{Budget, CostRow, Costs, MonthlyCost, Spend};

use crate::{
    cli::{Common, Cost},
    client::Client,
    failure::Failure,
    output::{self, fact, moment, table, vms},
};

pub(crate) async fn run(verb: Cost, common: &Common) -> Result<(), Failure> {
    let client = Client::new(common)?;
    match verb {
        Cost::Show { month } => show(&client, common, month.as_deref()).await,
    }
}

async fn show(client: &Client, common: &Common, month: Option<&str>) -> Result<(), Failure> {
    let environment = client.environment().await?;
    let query: Vec<(&str, &str)> = month.map(|month| ("month", month)).into_iter().collect();
    let answer = client.get("load_costs", &[&environment], &query).await?;
    output::show(common.output, &answer, || drawn(&answer.read()?))
}

/// `$1,235`, `at least $12.00` where a part has no price, `unknown` where nothing has one.
pub(crate) fn monthly(cost: &MonthlyCost) -> Result<String, Failure> {
    let monthly = Monthly { known: cost.known_usd.parse()?, unknown: cost.unknown.iter().cloned().collect() };
    Ok(monthly.words())
}

fn exact(usd: &str) -> Result<String, Failure> {
    Ok(usd.parse::<Money>()?.exact())
}

fn drawn(costs: &Costs) -> Result<String, Failure> {
    let (environment, month) = (&costs.environment, &costs.month);
    let Some(as_of) = costs.as_of else {
        return Ok(format!("{environment}  {month}  nothing was observed yet\n"));
    };
    let total = &costs.total;
    let mut text = format!("{environment}  {month}  {}\n", spent(total)?);
    let mut line = |name: &str, value: &str| text.push_str(&fact(name, value));
    line("counted", &format!("until {}", moment(as_of)));
    line("VM hours", &hours(total));
    let (on_demand, spot) = (part(total, &total.on_demand_usd)?, part(total, &total.spot_usd)?);
    line("of it", &format!("{on_demand} on-demand, {spot} Spot"));
    let (machines, disks) = (part(total, &total.machines_usd)?, part(total, &total.disks_usd)?);
    let addresses = part(total, &total.addresses_usd)?;
    line("and", &format!("machines {machines}, disks {disks}, addresses {addresses}"));
    if let Some(forecast) = &costs.forecast_usd {
        let whole = total.unpriced_seconds == 0 && costs.now_monthly.unknown.is_empty();
        let forecast = Known::of(forecast.parse()?, whole).exact();
        line("forecast", &format!("{forecast} at the month's end if what runs now runs on"));
        line("runs now", &format!("{}, {} a month", vms(costs.running), monthly(&costs.now_monthly)?));
        line("no price", &costs.now_monthly.unknown.join(", "));
    }
    line("budget", &costs.budget.as_ref().map_or_else(|| Ok("none is set".to_owned()), budget)?);
    let book = &costs.price_book;
    line("prices", &format!("list prices, book {book}, without discounts, taxes and traffic"));
    if costs.pools.is_empty() {
        text.push_str("\nNo VM ran in this month.\n");
        return Ok(text);
    }
    let figures = ["SPENT", "ON-DEMAND", "SPOT", "RUNNING", "A MONTH"];
    text.push('\n');
    text.push_str(&table(&[&["POOL", "TYPE"][..], &figures].concat(), &rows(&costs.pools, true)?));
    text.push('\n');
    text.push_str(&table(&[&["TYPE"][..], &figures].concat(), &rows(&costs.agent_types, false)?));
    text.push('\n');
    let mut days = Vec::new();
    for day in &costs.days {
        days.push(vec![day.day.clone(), spent(&day.spend)?]);
    }
    text.push_str(&table(&["DAY", "SPENT"], &days));
    Ok(text)
}

/// `$1.20`, `at least $1.20` where VMs ran that have no price, `unknown` where none has one.
fn spent(spend: &Spend) -> Result<String, Failure> {
    part(spend, &spend.total_usd)
}

/// One of its amounts; the server does not tell which of them is lacking.
fn part(spend: &Spend, usd: &str) -> Result<String, Failure> {
    Ok(Known::of(usd.parse()?, spend.unpriced_seconds == 0).exact())
}

fn hours(spend: &Spend) -> String {
    let hours = |seconds: i64| format!("{:.1}", seconds as f64 / 3600.0);
    match spend.unpriced_seconds {
        0 => hours(spend.vm_seconds),
        unpriced => format!("{}, {} of them without a known price", hours(spend.vm_seconds), hours(unpriced)),
    }
}

/// It is of the present month, whichever is shown.
fn budget(budget: &Budget) -> Result<String, Failure> {
    let (monthly, spent) = (budget.monthly_usd.parse::<Money>()?, exact(&budget.spent_usd)?);
    let crossed = budget.crossed_percent.map_or_else(String::new, |share| format!(", {share} % crossed"));
    let by = &budget.set_by_name;
    Ok(format!("{spent} of {} spent in the present month{crossed}; set by {by}", monthly.short()))
}

fn rows(rows: &[CostRow], of_pools: bool) -> Result<Vec<Vec<String>>, Failure> {
    let mut drawn = Vec::new();
    for row in rows {
        let mut cells = vec![row.name.clone()];
        if of_pools {
            cells.push(row.agent_type.clone().unwrap_or_default());
        }
        cells.push(spent(&row.spend)?);
        cells.push(part(&row.spend, &row.spend.on_demand_usd)?);
        cells.push(part(&row.spend, &row.spend.spot_usd)?);
        cells.push(row.running.to_string());
        cells.push(if row.running > 0 { monthly(&row.now_monthly)? } else { String::new() });
        drawn.push(cells);
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spend(total: &str, unpriced_seconds: i64) -> Value {
        json!({
            "total_usd": total, "on_demand_usd": total, "spot_usd": "0", "machines_usd": total, "disks_usd": "0",
            "addresses_usd": "0", "vm_seconds": 7200, "unpriced_seconds": unpriced_seconds,
        })
    }

    fn month(more: Value) -> Costs {
        let mut costs = json!({
            "environment": "dev", "month": "2026-11", "as_of": "2026-11-22T10:00:00Z", "total": spend("1.5", 0),
            "forecast_usd": null, "running": 0, "now_monthly": { "known_usd": "0", "unknown": [] }, "days": [],
            "pools": [], "agent_types": [], "budget": null, "price_book": "2026-11-20",
        });
        for (name, value) in more.as_object().unwrap() {
            costs[name] = value.clone();
        }
        serde_json::from_value(costs).unwrap()
    }

    #[test]
    fn a_month_is_told_by_pool_type_and_day() {
        let row = json!({
            "name": "front", "agent_type": "backend-developer", "spend": spend("1.5", 0), "running": 2,
            "now_monthly": { "known_usd": "97.1", "unknown": ["external addresses"] }, "days_usd": ["1.5"],
        });
        let mut by_type = row.clone();
        (by_type["name"], by_type["agent_type"]) = (json!("backend-developer"), Value::Null);
        let costs = month(json!({
            "forecast_usd": "30.25", "running": 2, "pools": [row], "agent_types": [by_type],
            "now_monthly": { "known_usd": "97.1", "unknown": ["external addresses"] },
            "days": [{ "day": "2026-11-22", "spend": spend("1.5", 0) }],
            "budget": { "monthly_usd": "3", "spent_usd": "1.5", "crossed_percent": 50, "set_by_name": "Olga" },
        }));
        let expected = "\
dev  2026-11  $1.50
counted     until 2026-11-22 10:00:00 UTC
VM hours    2.0
of it       $1.50 on-demand, $0.00 Spot
and         machines $1.50, disks $0.00, addresses $0.00
forecast    at least $30.25 at the month's end if what runs now runs on
runs now    2 VMs, at least $97.10 a month
no price    external addresses
budget      $1.50 of $3.00 spent in the present month, 50 % crossed; set by Olga
prices      list prices, book 2026-11-20, without discounts, taxes and traffic

POOL   TYPE               SPENT  ON-DEMAND  SPOT   RUNNING  A MONTH
front  backend-developer  $1.50  $1.50      $0.00  2        at least $97.10

TYPE               SPENT  ON-DEMAND  SPOT   RUNNING  A MONTH
backend-developer  $1.50  $1.50      $0.00  2        at least $97.10

DAY         SPENT
2026-11-22  $1.50
";
        assert_eq!(drawn(&costs).unwrap(), expected);
    }

    #[test]
    fn what_is_not_known_is_no_zero() {
        let lacking = |total: &str| {
            let told = drawn(&month(json!({ "total": spend(total, 1800) }))).unwrap();
            told.lines().take(3).map(str::to_owned).collect::<Vec<_>>()
        };
        let (some, none) = (lacking("1.5"), lacking("0"));
        assert_eq!(
            (some[0].as_str(), none[0].as_str()),
            ("dev  2026-11  at least $1.50", "dev  2026-11  unknown")
        );
        assert_eq!(some[2], "VM hours    2.0, 0.5 of them without a known price");
        let foretold = |total: &str, unpriced_seconds, running: Value| {
            let told = drawn(&month(json!({
                "total": spend(total, unpriced_seconds), "forecast_usd": total, "running": 1,
                "now_monthly": { "known_usd": "0", "unknown": running },
            })));
            told.unwrap().lines().find(|line| line.starts_with("forecast")).unwrap().to_owned()
        };
        let rest = "at the month's end if what runs now runs on";
        assert_eq!(foretold("1.5", 0, json!([])), format!("forecast    $1.50 {rest}"));
        assert_eq!(foretold("1.5", 60, json!([])), format!("forecast    at least $1.50 {rest}"));
        assert_eq!(foretold("1.5", 0, json!(["disks"])), format!("forecast    at least $1.50 {rest}"));
        assert_eq!(foretold("0", 0, json!(["disks"])), format!("forecast    unknown {rest}"));
        let unseen = month(json!({ "as_of": null }));
        assert_eq!(drawn(&unseen).unwrap(), "dev  2026-11  nothing was observed yet\n");
        let garbled = month(json!({ "total": spend("a lot", 0) }));
        assert!(drawn(&garbled).is_err());
    }
}
