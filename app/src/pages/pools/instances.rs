//! A pool's instances, a page at a time and live: each row is drawn anew when its own instance moves, and rows keep their places.

use domain::{
    Permission,
    instance::{CurrentAction, InstanceStatus},
    list_query::ListQuery,
    view::{
        instance::{InstanceLine, InstanceList},
        pool::PoolView,
    },
};
use leptos::prelude::*;

use super::head::{head, named};
use crate::{
    api::{self, ApiError},
    components::{
        button::LockedLink, empty::Empty, icon::Icon, loaded::loaded, markup::Markup, moment::ago,
        status::status, table::Table,
    },
    live::Live,
    opening::refusal,
    pages::{
        agent_states,
        instances::{Edges, edges, foot},
    },
    routes,
    url_state::{Query, use_query},
    words,
};

/// The pool that the address names, with a page of its instances.
pub type Paged = (PoolView, InstanceList);

/// Loads again when the fleet, the state of an agent or a change moves.
pub fn paged(page: impl Fn() -> Edges + Send + Sync + 'static) -> Resource<Result<Paged, ApiError>> {
    let (named, live) = (named(), Live::here());
    Resource::new(
        move || (named.get(), page(), live.pools(), (live.changes(), live.health())),
        |((environment, name), (after, before), ..)| async move {
            let pool = api::pools::load_pool(environment.clone(), name.clone()).await?;
            let words = ListQuery::default().with("pool", Some(&name)).to_string();
            let list = api::instances::load_instances(Some(environment), Some(words), after, before).await;
            list.map(|list| (pool, list))
        },
    )
}

#[component]
pub fn PoolInstances() -> AnyView {
    let query = use_query();
    let both = paged(move || query.with(edges));
    loaded(both, "the pool", |(pool, list)| {
        let (environment, name) = (&pool.row.environment, &pool.row.name);
        let act = routes::pool_tab(environment, name, "act");
        let blocked = refusal(Permission::ProposeChange)
            .or_else(|| (list.found == 0).then(|| "There is no instance yet.".to_owned()));
        let here = routes::pool_tab(environment, name, "instances");
        // Of a single page its heading says all that a foot would.
        let in_pages = list.rows.len() as u64 != list.found;
        let foot = in_pages.then(|| foot(&list, &Query::default(), &here)).flatten();
        let head = head(&pool);
        view! {
            {head}
            <section class="panel block" aria-labelledby="instances">
                <header class="panel-head">
                    <h2 id="instances">{words::count(list.found, "instance")}</h2>
                    <div class="cluster">
                        <LockedLink id="act" href=act label="Restart, recreate, delete" blocked=blocked />
                    </div>
                </header>
                {rows_table(list.rows, true)}
                {foot}
            </section>
        }
    })
}

/// `all`: every column, where the table has the page's whole width.
pub fn rows_table(rows: Vec<InstanceLine>, all: bool) -> impl IntoView {
    if rows.is_empty() {
        return view! {
            <Empty title="No instance yet" icon=Icon::Instances>
                <p class="soft">"Compute Engine has made none so far. They show here as soon as it lists them."</p>
            </Empty>
        }
        .into_any();
    }
    let lines = rows.into_iter().map(|row| line(row, all)).collect_view();
    view! {
        <Table label="Instances" class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Instance"</th>
                    <th scope="col">"Agent"</th>
                    <th scope="col">"VM"</th>
                    <th scope="col">"Heartbeat"</th>
                    <th scope="col">"Zone"</th>
                    {all
                        .then(|| {
                            view! {
                                <th scope="col">"Probe"</th>
                                <th scope="col" class="num">
                                    "CPU"
                                </th>
                                <th scope="col" class="num">
                                    "Memory"
                                </th>
                                <th scope="col">"Address"</th>
                            }
                        })}
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(loaded: InstanceLine, all: bool) -> AnyView {
    let href = routes::instance(&loaded.zone, &loaded.name);
    let name = Markup::default().element("a", &[("href", href.as_str())], &loaded.name).into_html();
    let zone = Markup::default().text(&loaded.zone).into_html();
    // One that has left keeps its row, with its last words, until the list is loaded again.
    let row = Live::here().follow(loaded);
    let agent = Memo::new(move |_| row.with(agent_states::shown_in_list));
    view! {
        <tr>
            <th inner_html=name></th>
            <td>
                {move || {
                    let (state, word) = agent.get();
                    status(state, word)
                }}
            </td>
            <td>{move || row.with(|row| vm_words(&row.status, &row.current_action))}</td>
            <td>
                {move || match row.with(|row| row.last.map(|last| last.received_at)) {
                    Some(at) => ago(at).into_any(),
                    None => view! { <span class="muted">"none yet"</span> }.into_any(),
                }}
            </td>
            <td inner_html=zone></td>
            {all.then(|| details(row))}
        </tr>
    }
    .into_any()
}

fn details(row: Memo<InstanceLine>) -> AnyView {
    let metrics =
        Memo::new(move |_| row.with(|row| row.last.map(|last| (last.cpu_percent, last.memory_mib))));
    let probe =
        |row: &InstanceLine| row.probe.as_ref().map(|probe| words::sentence(&probe.as_str().to_lowercase()));
    view! {
        <td data-label="Probe">{move || row.with(probe)}</td>
        <td class="num" data-label="CPU">
            {move || metrics.get().map(|(cpu, _)| words::percent(cpu))}
        </td>
        <td class="num">
            {move || metrics.get().map(|(_, memory)| words::bytes(memory << 20))}
        </td>
        <td class="mono">
            {move || row.with(|row| row.address.clone())}
        </td>
    }
    .into_any()
}

/// `Running`, or what is done to it: `Staging, creating`.
pub fn vm_words(status: &InstanceStatus, action: &CurrentAction) -> String {
    let status = match status.as_str() {
        "" => "Not yet made".to_owned(),
        word => words::sentence(&word.to_lowercase()),
    };
    match action {
        CurrentAction::None => status,
        action => format!("{status}, {}", action.as_str().to_lowercase().replace('_', " ")),
    }
}
