//! Costs: where does the money go?

pub mod budget;
mod summary;
mod tables;

use chrono::{Datelike as _, NaiveDate};
use domain::view::costs::{CostsView, is_exported};
use leptos::prelude::*;

use crate::{
    api::{
        self,
        costs::{CostsPage, SetBudget},
    },
    components::{
        button::ButtonLink, empty::Empty, facets::facets, icon::Icon, loaded::loaded, moment::ago,
        page_head::PageHead, panel::Panel, plot::PlotFigure, title::Title,
    },
    frame::Scope,
    live::Live,
    routes,
    url_state::{Query, use_query},
    words,
};

pub(super) use summary::figures;
use summary::lead;

pub(super) const MONTH: &str = "month";

#[component]
pub fn Costs() -> AnyView {
    let (scope, query, live) = (Scope::here(), use_query(), Live::here());
    let moved = RwSignal::new(0_u32);
    let action = budget::action(moved);
    let costs = Resource::new(
        move || {
            let month = query.with(|query| query.get(MONTH).and_then(read_month));
            (scope.named(), month, live.instances(), moved.get())
        },
        |(environment, month, ..)| api::costs::load_costs(environment, month),
    );
    view! {
        <Title text="Costs" />
        {loaded(costs, "the costs", move |page| draw(page, action))}
    }
    .into_any()
}

/// `2026-11`, as addresses write a month.
pub(super) fn read_month(text: &str) -> Option<NaiveDate> {
    let (year, month) = text.split_once('-')?;
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)
}

pub(super) fn month_key(month: NaiveDate) -> String {
    format!("{:04}-{:02}", month.year(), month.month())
}

/// `November 2026`.
pub(super) fn month_words(month: NaiveDate) -> String {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    format!("{} {}", NAMES[month.month0() as usize], month.year())
}

fn draw(page: CostsPage, action: ServerAction<SetBudget>) -> AnyView {
    let CostsPage { view, by_day } = page;
    let Some(environment) = view.environment.clone() else {
        return nothing("No fleet is declared yet.", "Costs come from VMs that run");
    };
    let Some(as_of) = view.as_of else {
        return nothing("Nothing was observed yet.", "Costs begin with the first look at Compute Engine");
    };
    let lead = lead(&view);
    let facts = {
        let (environment, month) = (environment.clone(), month_words(view.month));
        let book = format!("price book of {}", view.book);
        move || {
            view! {
                <span>{environment.clone()}</span>
                <span>{month.clone()}</span>
                <span>"counted until the look " {ago(as_of)}</span>
                <span>{book.clone()}</span>
            }
        }
    };
    let months = months(&view, &Query::default().with("environment", Some(&environment)), routes::COSTS);
    let file = file(&view, &environment);
    view! {
        <PageHead
            title="Costs"
            lead=move || lead.clone()
            facts=facts
            actions=move || {
                view! {
                    {months.clone().into_iter().map(|(href, label)| view! { <ButtonLink href=href label=label /> }).collect_view()}
                    {file
                        .clone()
                        .map(|href| {
                            view! {
                                // The server's own answer: the router would look for a page there.
                                <a class="btn" href=href rel="external" download="">
                                    "Download CSV"
                                </a>
                            }
                        })}
                }
            }
        />
        {budget::notice(&view)}
        <div class="cols">
            <div class="stack">
                <section class="panel" aria-label="In figures">
                    {facets(figures(&view))}
                </section>
                {by_day.map(|plot| view! { <PlotFigure plot=plot /> })}
                {tables::pools(&view)}
                {tables::agent_types(&view)}
            </div>
            <aside class="stack" aria-label="Budget and prices">
                {budget::panel(&view, &environment, action)}
                {method(&view)}
                {sources(&view)}
            </aside>
        </div>
    }
    .into_any()
}

fn nothing(lead: &'static str, title: &'static str) -> AnyView {
    view! {
        <PageHead title="Costs" lead=move || lead />
        <section class="panel" aria-label="Nothing yet">
            <Empty title=title icon=Icon::Costs>
                <p class="soft">"They accrue by the second from what is seen to run, at list prices."</p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" />
            </Empty>
        </section>
    }
    .into_any()
}

/// The month as a file, by day, pool and kind of VM.
fn file(view: &CostsView, environment: &str) -> Option<String> {
    let month = is_exported(view.month, view.now.date_naive()).then(|| month_key(view.month))?;
    let query = Query::default().with("environment", Some(environment)).with(MONTH, Some(&month));
    Some(query.on(routes::COSTS_FILE))
}

/// The months before and after, at the path with the query.
pub(super) fn months(view: &CostsView, query: &Query, path: &str) -> Vec<(String, String)> {
    [view.previous, view.next]
        .into_iter()
        .flatten()
        .map(|month| {
            let present = Some(month) == view.next
                && month.year() == view.now.year()
                && month.month() == view.now.month();
            let key = month_key(month);
            let query = query.clone().with(MONTH, (!present).then_some(key.as_str()));
            (query.on(path), month_words(month))
        })
        .collect()
}

pub(super) fn method(view: &CostsView) -> AnyView {
    let unknown: Vec<String> = view.now_monthly.unknown.iter().cloned().collect();
    view! {
        <Panel id="method" title="How it is counted">
            <div class="panel-body sm soft">
                <p>
                    "Each VM counts from the first look that sees it running to the last one that does, by the second, at the list prices of the book in force then. No discount, tax or traffic is in it."
                </p>
                <p>
                    "The forecast is what was spent, and what runs now until the month ends: no trend, no schedule."
                </p>
                {(!unknown.is_empty())
                    .then(|| {
                        view! {
                            <p>
                                <b>"No price is known for "</b>
                                {words::list(&unknown)}
                                ". It is left out, not counted as nothing."
                            </p>
                        }
                    })}
            </div>
        </Panel>
    }
    .into_any()
}

pub(super) fn sources(view: &CostsView) -> AnyView {
    // A list that was read on several days is one source. They come by name, then date.
    let lines = view
        .sources
        .chunk_by(|one, other| (&one.name, &one.url) == (&other.name, &other.url))
        .map(|same| {
            let source = &same[0];
            let dates: Vec<String> = same.iter().map(|source| source.date.clone()).collect();
            view! {
                <li>
                    <a class="link" href=source.url.clone() rel="external noreferrer">
                        {source.name.clone()}
                    </a>
                    <small>{format!(" read {}", words::list(&dates))}</small>
                </li>
            }
        })
        .collect_view();
    view! {
        <Panel id="prices" title="Where prices come from">
            <ul class="panel-body sm">{lines}</ul>
        </Panel>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_as_it_is_written() {
        let month = read_month("2026-11").unwrap();
        assert_eq!(
            (month_key(month), month_words(month)),
            ("2026-11".to_owned(), "November 2026".to_owned())
        );
        for wrong in ["", "2026", "2026-13", "11-2026-1", "x-y"] {
            assert_eq!(read_month(wrong), None, "{wrong}");
        }
    }
}
