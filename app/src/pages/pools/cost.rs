//! A pool's cost: its part of the month as Costs counts it, and what one of its VMs costs an hour.

use domain::{
    cost::{HOURS_A_MONTH, Money},
    view::{
        costs::{CostsView, PoolCosts, PricedVms},
        pool::PoolView,
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::head::head;
use crate::{
    api::{self, costs::PoolCostsPage},
    components::{
        button::ButtonLink, empty::Empty, facets::facets, icon::Icon, loaded::loaded, moment::ago,
        panel::Panel, plot::PlotFigure, table::Table,
    },
    live::Live,
    pages::costs::{MONTH, figures, method, month_key, month_words, months, read_month, sources},
    routes,
    url_state::{Query, use_query},
    words,
};

#[component]
pub fn PoolCost() -> AnyView {
    let (params, query, live) = (use_params_map(), use_query(), Live::here());
    let both = Resource::new(
        move || {
            let params = params.get();
            (
                params.get("environment").unwrap_or_default(),
                params.get("name").unwrap_or_default(),
                query.with(|query| query.get(MONTH).and_then(read_month)),
                live.instances(),
                live.changes(),
            )
        },
        |(environment, name, month, ..)| async move {
            let pool = api::pools::load_pool(environment.clone(), name.clone()).await?;
            api::costs::load_pool_costs(environment, name, month).await.map(|page| (pool, page))
        },
    );
    loaded(both, "the pool", |(pool, page)| draw(&pool, page))
}

fn draw(pool: &PoolView, page: PoolCostsPage) -> AnyView {
    let PoolCostsPage { costs: PoolCosts { view, prices, .. }, by_day } = page;
    let head = head(pool);
    let Some(as_of) = view.as_of else {
        return view! {
            {head}
            <section class="panel block" aria-label="Nothing yet">
                <Empty title="Nothing was observed yet" icon=Icon::Costs>
                    <p class="soft">"Costs begin with the first look at Compute Engine."</p>
                </Empty>
            </section>
        }
        .into_any();
    };
    let here = routes::pool_tab(&pool.row.environment, &pool.row.name, "cost");
    view! {
        {head}
        <div class="cols block">
            <div class="stack">
                <section class="panel" aria-label="In figures">
                    {facets(figures(&view))}
                    <p class="panel-foot sm muted">
                        {month_words(view.month)} ", counted until the look " {ago(as_of)}
                    </p>
                </section>
                {by_day.map(|plot| view! { <PlotFigure plot=plot /> })}
                // Who runs now is not asked for a month that is over.
                {view.next.is_none().then(|| an_hour_each(&prices, &view))}
            </div>
            <aside class="stack" aria-label="Other months and prices">
                {elsewhere(&view, &pool.row.environment, &here)} {method(&view)} {sources(&view)}
            </aside>
        </div>
    }
    .into_any()
}

/// The other months of this pool, and the environment's same month.
fn elsewhere(view: &CostsView, environment: &str, here: &str) -> AnyView {
    let key = month_key(view.month);
    let whole = Query::default()
        .with("environment", Some(environment))
        .with(MONTH, view.next.is_some().then_some(key.as_str()))
        .on(routes::COSTS);
    let others = months(view, &Query::default(), here)
        .into_iter()
        .map(|(href, label)| view! { <ButtonLink href=href label=label /> })
        .collect_view();
    let label = format!("Costs of {environment}");
    view! {
        <Panel id="elsewhere" title="Other months, and all pools">
            <div class="panel-body cluster">
                <ButtonLink href=whole label=label /> {others}
            </div>
        </Panel>
    }
    .into_any()
}

fn an_hour_each(prices: &[PricedVms], view: &CostsView) -> AnyView {
    if prices.is_empty() {
        return view! {
            <Panel id="an-hour" title="A VM an hour">
                <p class="panel-body soft">"No VM of it runs, and nothing is known of its template."</p>
            </Panel>
        }
        .into_any();
    }
    let lines = prices.iter().map(line).collect_view();
    let book = view.book.clone();
    view! {
        <Panel
            id="an-hour"
            title="A VM an hour"
            aside=move || view! { <small>{format!("price book of {book}")}</small> }
        >
            <Table label="A VM an hour">
                <thead>
                    <tr>
                        <th scope="col">"VM"</th>
                        <th scope="col" class="num">
                            "Run now"
                        </th>
                        <th scope="col" class="num">
                            "Machine"
                        </th>
                        <th scope="col" class="num">
                            "Disks"
                        </th>
                        <th scope="col" class="num">
                            "Address"
                        </th>
                        <th scope="col" class="num">
                            "In all"
                        </th>
                        <th scope="col">"Prices of"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        </Panel>
    }
    .into_any()
}

fn line(priced: &PricedVms) -> AnyView {
    let running = words::number(priced.vms);
    let Some(price) = &priced.price else {
        return view! {
            <tr>
                <th scope="row">"Without a template"</th>
                <td class="num">{running}</td>
                <td class="num">"unknown"</td>
                <td class="num">"unknown"</td>
                <td class="num">"unknown"</td>
                <td class="num">"unknown"</td>
                <td></td>
            </tr>
        }
        .into_any();
    };
    let kind = if price.spot { "Spot" } else { "on-demand" };
    let all = price.is_whole().then(|| price.known());
    view! {
        <tr>
            <th scope="row">
                <span class="mono">{price.machine_type.clone()}</span>
                " "
                <small>{kind}</small>
            </th>
            <td class="num">{running}</td>
            <td class="num">{hourly(price.machine)}</td>
            <td class="num">{hourly(price.disks)}</td>
            <td class="num">{hourly(price.address)}</td>
            <td class="num">{hourly(all)}</td>
            <td>{price.book.clone()}</td>
        </tr>
    }
    .into_any()
}

/// Of a price by the month: `$0.0670`, and never a zero for what has no price.
fn hourly(monthly: Option<Money>) -> String {
    monthly.map_or("unknown".to_owned(), |amount| Money::from_nanos(amount.nanos() / HOURS_A_MONTH).hourly())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_by_the_month_is_said_by_the_hour_and_none_is_no_zero() {
        let said = [Some("48.9183366".parse().unwrap()), Some(Money::ZERO), None].map(hourly);
        assert_eq!(said, ["$0.0670", "$0.0000", "unknown"]);
    }
}
