//! Templates: which version is declared, and which one runs where?

mod compare;
mod detail;
mod fields;
pub mod form;
mod panels;
mod versions;

use domain::{Permission, list_order::TEMPLATE_COLUMNS, view::template::TemplateRow};
use leptos::prelude::*;

pub use detail::TemplatePage;
pub use panels::{EditTemplate, NewTemplate, RetireTemplate};

use crate::{
    api,
    components::{
        button::{ButtonLink, LockedLink},
        empty::Empty,
        glyph::State,
        icon::Icon,
        loaded::loaded,
        moment::ago,
        order::{Order, asked},
        page_head::PageHead,
        status::status,
        table::Table,
        title::Title,
    },
    frame::Scope,
    live::Live,
    opening::refusal,
    routes,
    url_state::{Query, use_query},
    words,
};

#[component]
pub fn Templates() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    let templates = Resource::new(
        move || (scope.named(), query.with(asked), (live.instances(), live.changes())),
        |(environment, sort, _)| api::templates::list_templates(environment, sort),
    );
    view! {
        <Title text="Templates" />
        {loaded(templates, "the templates", move |rows| draw(rows, &query.get_untracked()))}
    }
    .into_any()
}

/// How a template is doing: its glyph and one or two words.
pub struct Standing {
    pub state: State,
    pub word: String,
}

pub fn standing(row: &TemplateRow) -> Standing {
    let (state, word) = match (row.declared(), row.vms(), row.outdated()) {
        (None, 0, _) => (State::None, "Retired".to_owned()),
        (None, vms, _) => (State::Progress, format!("Retired, {} left", words::count(u64::from(vms), "VM"))),
        (Some(_), 0, _) => (State::None, "No VM".to_owned()),
        (Some(_), _, 0) => (State::Ok, "Current".to_owned()),
        (Some(_), vms, outdated) => (State::Progress, format!("{outdated} of {vms} on an older one")),
    };
    Standing { state, word }
}

fn lead(rows: &[TemplateRow]) -> String {
    let (vms, outdated) = rows.iter().fold((0_u64, 0_u64), |(vms, old), row| {
        (vms + u64::from(row.vms()), old + u64::from(row.outdated()))
    });
    match (vms, outdated) {
        (0, _) => "No VM runs any of them yet.".to_owned(),
        (1, 0) => "The VM runs the declared version of its template.".to_owned(),
        (vms, 0) => {
            format!("{} the declared version of their template.", words::every(vms, "VM", ("runs", "run")))
        }
        (vms, old) => {
            let verb = if old == 1 { "runs" } else { "run" };
            format!(
                "{} of {} {verb} another version than the declared one.",
                words::number(old),
                words::count(vms, "VM")
            )
        }
    }
}

fn draw(rows: Vec<TemplateRow>, query: &Query) -> AnyView {
    let scope = Scope::here();
    let new = move || scope.link(routes::NEW_TEMPLATE);
    if rows.is_empty() {
        return view! {
            <PageHead title="Templates" lead=|| "No template is declared yet." />
            <section class="panel" aria-label="Nothing yet">
                <Empty title="A template says what a VM of a pool is made of" icon=Icon::Templates>
                    <p class="soft">"Import the module block that declares the environment; then templates can be added here."</p>
                    <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
                </Empty>
            </section>
        }
        .into_any();
    }
    let (said, blocked) = (lead(&rows), refusal(Permission::ProposeChange));
    let order = Order::of(query, routes::TEMPLATES, TEMPLATE_COLUMNS);
    let (problem, name) = (order.problem(), order.head("name", "Template", ""));
    let (agent_type, version) =
        (order.head("type", "Agent type", ""), order.head("version", "Version", "num"));
    let declared = order.head("declared", "Declared", "");
    let lines = rows.into_iter().map(line).collect_view();
    view! {
        <PageHead
            title="Templates"
            lead=move || said.clone()
            actions=move || {
                view! {
                    <LockedLink
                        id="new-template"
                        href=new()
                        label="New template"
                        primary=true
                        blocked=blocked.clone()
                    />
                }
            }
        />
        <section class="panel" aria-label="Templates">
            {problem} <Table label="Templates" class="table cards">
                <thead>
                    <tr>
                        {name} <th scope="col">"State"</th> {agent_type} {version}
                        <th scope="col">"VMs by version"</th>
                        <th scope="col">"Pools"</th>
                        {declared} <th scope="col">"By"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        </section>
    }
    .into_any()
}

fn line(row: TemplateRow) -> AnyView {
    let Standing { state, word } = standing(&row);
    let newest = row.shown().cloned();
    // An empty cell has no name on a phone.
    let running = Some(running(&row)).filter(|said| !said.is_empty());
    let pools = row
        .pools
        .iter()
        .enumerate()
        .map(|(index, pool)| {
            let href = routes::pool(&row.environment, pool);
            view! {
                {(index > 0).then_some(", ")}
                <a href=href>{pool.clone()}</a>
            }
        })
        .collect_view();
    view! {
        <tr>
            <th scope="row">
                <a href=routes::template(&row.environment, &row.name)>
                    {row.name.clone()} " " <small>{row.environment.clone()}</small>
                </a>
            </th>
            <td>{status(state, word)}</td>
            <td>{row.agent_type.as_str()}</td>
            <td class="num" data-label="Version">
                {newest.as_ref().map(|version| version.version)}
            </td>
            <td data-label="VMs">{running}</td>
            <td data-label="Pools">{pools}</td>
            <td data-label="Declared">{newest.as_ref().map(|version| ago(version.declared_at))}</td>
            <td data-label="By">
                {newest
                    .map(|version| {
                        view! {
                            <a class="mono" href=routes::change(version.declared_by)>
                                {version.declared_by.to_string()}
                            </a>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}

/// `2 on v3, 1 on v2`; nothing where no VM runs any.
fn running(row: &TemplateRow) -> String {
    let said = row.versions.iter().filter(|version| version.vms() > 0);
    said.map(|version| format!("{} on v{}", version.vms(), version.version)).collect::<Vec<_>>().join(", ")
}

/// The list within the environment.
fn list_address(environment: &str) -> String {
    Query::default().with("environment", Some(environment)).on(routes::TEMPLATES)
}

#[cfg(test)]
mod tests {
    use domain::{
        AgentType, ChangeId, Timestamp,
        view::template::{PoolCount, TemplateVersion},
    };

    use super::*;

    pub(super) fn row(versions: &[(u32, bool, u32)]) -> TemplateRow {
        TemplateRow {
            environment: "dev".into(),
            name: "web".into(),
            agent_type: AgentType::BackendDeveloper,
            pools: vec!["front".into()],
            versions: versions
                .iter()
                .map(|&(version, declared, vms)| TemplateVersion {
                    version,
                    resource_name: format!("genesis-agent-web-0000000{version}"),
                    declared,
                    exists: Some(true),
                    declared_by: ChangeId(1),
                    declared_at: Timestamp::default(),
                    running: (vms > 0).then(|| PoolCount { pool: "front".into(), vms }).into_iter().collect(),
                    held_by: Vec::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn a_template_says_how_it_is_doing() {
        let word = |versions: &[_]| standing(&row(versions)).word;
        assert_eq!(word(&[(2, true, 3), (1, false, 0)]), "Current");
        assert_eq!(word(&[(2, true, 1), (1, false, 2)]), "2 of 3 on an older one");
        assert_eq!(word(&[(1, true, 0)]), "No VM");
        assert_eq!(word(&[(1, false, 0)]), "Retired");
        assert_eq!(word(&[(1, false, 1)]), "Retired, 1 VM left");
    }

    #[test]
    fn vms_are_counted_by_version() {
        assert_eq!(running(&row(&[(3, true, 2), (2, false, 0), (1, false, 1)])), "2 on v3, 1 on v1");
        assert_eq!(running(&row(&[(1, true, 0)])), "");
    }

    #[test]
    fn the_lead_answers_which_version_runs() {
        assert_eq!(lead(&[row(&[(1, true, 2)])]), "Both VMs run the declared version of their template.");
        let mixed = [row(&[(2, true, 2), (1, false, 1)])];
        assert_eq!(lead(&mixed), "1 of 3 VMs runs another version than the declared one.");
        assert_eq!(lead(&[row(&[(1, true, 0)])]), "No VM runs any of them yet.");
    }
}
