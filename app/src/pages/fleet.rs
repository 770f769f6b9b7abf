//! Fleet: is all well?

mod ailing;
mod counts;
mod grid;
mod lead;
mod mosaic;
mod pool;
mod rail;
mod rollouts;
mod spend;

use domain::{agent::AgentState, view::fleet::FleetView};
use leptos::prelude::*;

use self::pool::LivePool;
use super::{agent_states, costs::budget, pools};
use crate::{
    api,
    components::{
        button::ButtonLink,
        empty::Empty,
        glyph::{State, glyph},
        icon::{Icon, turning_arrow},
        incident::incidents,
        loaded::loaded,
        moment::{ago, utc},
        notice::Notice,
        page_head::PageHead,
        segbar::segbar,
        title::Title,
    },
    frame::Scope,
    live::Live,
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn Fleet() -> impl IntoView {
    let (scope, live) = (Scope::here(), Live::here());
    let fleet = Resource::new(
        move || (scope.named(), live.instances(), (live.changes(), live.health())),
        |(environment, ..)| api::fleet::load_fleet(environment),
    );
    loaded(fleet, "the fleet", draw)
}

fn draw(view: FleetView) -> AnyView {
    let title = match &view.environment {
        Some(environment) => format!("Fleet · {environment}"),
        None => "Fleet".to_owned(),
    };
    let body = if view.pools.is_empty() { nothing_yet(&view).into_any() } else { agents(view).into_any() };
    view! {
        <Title text=title />
        {body}
    }
    .into_any()
}

fn nothing_yet(view: &FleetView) -> AnyView {
    let environment = view.environment.clone();
    let waiting = rail::waiting(&view.waiting, environment.as_deref());
    let others = waiting.is_some();
    let changes = (!view.changes.is_empty()).then(|| rail::changes(&view.changes, others)).flatten();
    let open = (waiting.is_some() || changes.is_some())
        .then(|| view! { <div class="stack">{waiting} {changes}</div> });
    view! {
        <PageHead
            title="Fleet"
            lead=move || match &environment {
                Some(name) => format!("The environment {name} declares no pool yet."),
                None => "No fleet is declared yet.".to_owned(),
            }
        />
        {open}
        {half_applied(view)}
        <section class="panel block" aria-label="Nothing yet">
            <Empty title="Begin with the Terraform you have" icon=Icon::Import>
                <p class="soft">
                    "Paste a vm_management module block. You will see what it would create before anything is created."
                </p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
            </Empty>
        </section>
    }
    .into_any()
}

/// While what was declared last was not carried out.
fn half_applied(view: &FleetView) -> Option<AnyView> {
    let (since, why) = view.half_applied.clone()?;
    let notice = view! {
        <Notice state=State::Warn role="alert">
            <b>{format!("Not everything that is declared was carried out, since {}. ", utc(since))}</b>
            <span class="soft">{words::sentence(&why)}</span>
        </Notice>
    };
    Some(notice.into_any())
}

/// While a threshold of this month's budget is crossed.
fn budget_notice(view: &FleetView) -> Option<AnyView> {
    let notice = view.budget_notice.as_ref()?;
    let environment = view.environment.clone().unwrap_or_default();
    let said = budget::said(&environment, notice.threshold, &notice.monthly.short());
    let href = Query::default().with("environment", Some(&environment)).on(routes::COSTS);
    Some(budget::banner(notice.threshold, said, Some(href)))
}

fn agents(mut view: FleetView) -> AnyView {
    let scope = Scope::here();
    let environment = view.environment.clone().unwrap_or_default();
    let pools: Vec<LivePool> =
        std::mem::take(&mut view.pools).into_iter().map(|pool| LivePool::here(&environment, pool)).collect();
    let tallies: Vec<_> = pools.iter().map(|pool| pool.tally).collect();
    let tally = Memo::new(move |_| agent_states::sum(tallies.iter().map(|tally| tally.get())));
    let in_pools = words::count(pools.len() as u64, "pool");
    let open = lead::open(&view);
    let health = Memo::new(move |_| {
        let tally = tally.get();
        let (total, healthy) = (total(&tally), agent_states::of(&tally, AgentState::Healthy));
        match total {
            0 => "No agent runs yet.".to_owned(),
            _ if healthy == total => {
                format!("{}.", words::every(total, "agent", ("is healthy", "are healthy")))
            }
            _ => format!("{} of {} are healthy.", words::number(healthy), words::count(total, "agent")),
        }
    });
    // Only the words about health are drawn anew when an agent passes into another state.
    let lead = move || {
        view! {
            {move || health.get()}
            {lead::sentence(&open)}
        }
    };
    let aside = view! {
        <div class="stack">
            {rail::waiting(&view.waiting, view.environment.as_deref())}
            {rollouts::rollouts(&view.rollouts, &environment)}
            {spend::spend(view.spend.as_ref(), &environment)}
            {rail::changes(&view.changes, !view.waiting.is_empty())}
        </div>
    };
    let heading = move || format!("{} in {in_pools}", words::count(total(&tally.get()), "agent"));
    let in_state = move |state: AgentState| {
        Query::default()
            .with("environment", Some(&environment))
            .with("state", Some(state.as_str()))
            .on(routes::INSTANCES)
    };
    view! {
        <PageHead
            title="Fleet"
            lead=lead
            actions=move || pools::beginnings(scope)
        />
        {incidents(&view.incidents)}
        {view
            .unreachable
            .clone()
            .map(|(since, why)| {
                view! {
                    <Notice state=State::Warn role="alert">
                        <b>{format!("Compute Engine does not answer since {}. ", utc(since))}</b>
                        <span class="soft">
                            {words::sentence(&why)}
                            " What it runs is shown as it was last read; heartbeats go on."
                        </span>
                    </Notice>
                }
            })}
        {half_applied(&view)}
        {budget_notice(&view)}
        <div class="cols">
            <section class="panel" aria-labelledby="agents">
                <header class="panel-head">
                    <h2 id="agents">{heading}</h2>
                    <small>
                        {match view.observed_at {
                            Some(at) => view! { "Compute Engine read " {ago(at)} }.into_any(),
                            None => "Compute Engine not read yet".into_any(),
                        }}
                    </small>
                </header>
                <div class="panel-body">
                    {move || {
                        segbar(
                            &tally
                                .get()
                                .iter()
                                .map(|entry| (agent_states::state(entry.state), u64::from(entry.count)))
                                .collect::<Vec<_>>(),
                        )
                    }} <ul class="legend sm">{move || legend(&tally.get(), &in_state)}</ul>
                </div>
                {grid::grid(&view.zones, &pools)}
                <details class="more sm">
                    <summary class="cluster">
                        {turning_arrow()} "Show the same as a table of counts"
                    </summary>
                    {counts::counts(&pools)}
                </details>
            </section>
            {aside}
        </div>
    }
    .into_any()
}

fn total(tally: &[domain::view::pool::AgentCount]) -> u64 {
    tally.iter().map(|entry| u64::from(entry.count)).sum()
}

/// The states that occur, each a link to its instances.
fn legend(tally: &[domain::view::pool::AgentCount], href: impl Fn(AgentState) -> String) -> AnyView {
    tally
        .iter()
        .filter(|entry| entry.count > 0)
        .map(|entry| {
            let state = agent_states::state(entry.state);
            view! {
                <li>
                    <a class="status" data-s=state.as_str() href=href(entry.state)>
                        {glyph(state)}
                        <b>{words::number(u64::from(entry.count))}</b>
                        {agent_states::word(entry.state)}
                    </a>
                </li>
            }
        })
        .collect_view()
        .into_any()
}
