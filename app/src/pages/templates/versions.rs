//! The versions of a template, the newest first: what Compute Engine calls each, which change made it, who runs it.

use domain::view::template::{TemplateRow, TemplateVersion};
use leptos::prelude::*;

use crate::{
    components::{
        glyph::State,
        moment::ago,
        panel::Panel,
        status::{badge, status},
        table::Table,
    },
    pages::pools::verbs::{VERSION, version_value},
    routes,
    url_state::Query,
    words,
};

pub fn versions(row: &TemplateRow) -> AnyView {
    let title = words::count(row.versions.len() as u64, "version");
    // A column for what no row has would push the others beyond the edge.
    let rolled = row.versions.iter().any(|version| !goals(row, version).is_empty());
    let lines = row.versions.iter().map(|version| line(row, version, rolled)).collect_view();
    view! {
        <Panel id="versions" title=title>
            <Table label="Versions" class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Version"</th>
                        <th scope="col">"In Compute Engine"</th>
                        <th scope="col" class="num">
                            "VMs"
                        </th>
                        <th scope="col">"Pools"</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"Declared"</th>
                        {rolled.then(|| view! { <th scope="col">"Roll to it"</th> })}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        </Panel>
    }
    .into_any()
}

fn line(row: &TemplateRow, version: &TemplateVersion, rolled: bool) -> AnyView {
    let number = version.version;
    let before = row.versions.iter().map(|one| one.version).filter(|one| *one < number).max();
    // The comparison with the one before stands at the foot of the page.
    let name = match before {
        Some(before) => {
            let href = comparison(row, before, number);
            view! { <a href=href>{format!("v{number}")}</a> }.into_any()
        }
        None => format!("v{number}").into_any(),
    };
    // The log names versions as Compute Engine does, never the template.
    let events = || {
        let href = routes::audit_of(&row.environment, &version.resource_name);
        view! {
            <br />
            <small>
                <a class="link" href=href aria-label=format!("All its events: v{number}")>
                    "All its events"
                </a>
            </small>
        }
        .into_any()
    };
    let existence = match version.exists {
        Some(true) => {
            view! { <span class="mono">{version.resource_name.clone()}</span> {events()} }.into_any()
        }
        Some(false) if version.declared => status(State::Progress, "Not there yet").into_any(),
        Some(false) => view! { <span class="muted">"Deleted: nothing used it"</span> {events()} }.into_any(),
        None => view! { <span class="muted">"Not read yet"</span> }.into_any(),
    };
    let pools: Vec<String> =
        version.running.iter().map(|pool| format!("{} ({})", pool.pool, pool.vms)).collect();
    let pools = (!pools.is_empty()).then(|| pools.join(", "));
    view! {
        <tr>
            <th scope="row">
                <span class="cluster">
                    {name} {version.declared.then(|| badge(State::Ok, "Declared"))}
                </span>
            </th>
            <td class="wrap">{existence}</td>
            <td class="num" data-label="VMs">
                {(version.vms() > 0).then(|| words::number(u64::from(version.vms())))}
            </td>
            <td data-label="Pools">{pools}</td>
            <td data-label="Change">
                <a class="mono" href=routes::change(version.declared_by)>
                    {version.declared_by.to_string()}
                </a>
            </td>
            <td data-label="Declared">{ago(version.declared_at)}</td>
            {rolled.then(|| view! { <td data-label="Roll to it">{rolls(row, version)}</td> })}
        </tr>
    }
    .into_any()
}

/// The pools of the template that run another version than this one.
fn goals<'a>(row: &'a TemplateRow, version: &TemplateVersion) -> Vec<&'a String> {
    let total = |pool: &str| {
        let all = row.versions.iter().flat_map(|one| &one.running);
        all.filter(|count| count.pool == pool).map(|count| count.vms).sum::<u32>()
    };
    let whole =
        |pool: &&String| version.running.iter().any(|count| count.pool == **pool && count.vms == total(pool));
    row.pools.iter().filter(|pool| row.declared().is_some() && !whole(pool)).collect()
}

/// The way from the version to each of them.
fn rolls(row: &TemplateRow, version: &TemplateVersion) -> AnyView {
    let value = version_value(&row.name, (!version.declared).then(|| version.digits()));
    goals(row, version)
        .into_iter()
        .map(|pool| {
            let query = Query::default().with(VERSION, Some(&value));
            let href = query.on(&routes::pool_tab(&row.environment, pool, "version"));
            let label = format!("Roll {pool} to v{}", version.version);
            view! {
                <a class="link" href=href aria-label=label>
                    {pool.clone()}
                </a>
                " "
            }
        })
        .collect_view()
        .into_any()
}

/// The page with two versions beside each other.
pub fn comparison(row: &TemplateRow, from: u32, to: u32) -> String {
    let query = Query::default().with("from", Some(&from.to_string())).with("to", Some(&to.to_string()));
    format!("{}#difference", query.on(&routes::template(&row.environment, &row.name)))
}
