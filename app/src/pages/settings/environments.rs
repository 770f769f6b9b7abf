//! Environments: what is declared where, and when was it last read?

use domain::view::environment::{EnvironmentList, EnvironmentView};
use leptos::prelude::*;

use super::{crumbs, events};
use crate::{
    api,
    components::{
        button::ButtonLink, code_link::code_link, empty::Empty, glyph::State, icon::Icon, loaded::loaded,
        moment::ago, page_head::PageHead, status::status, table::Table, title::Title,
    },
    live::Live,
    routes,
    url_state::Query,
    words,
};
use domain::{
    audit::AuditAction,
    condition::{ConditionStatus, ConditionType},
};

#[component]
pub fn Environments() -> AnyView {
    let live = Live::here();
    let environments = Resource::new(move || live.change(), |_| api::environments::list_environments());
    view! {
        <Title text="Environments" />
        {loaded(environments, "the environments", draw)}
    }
    .into_any()
}

fn draw(list: EnvironmentList) -> AnyView {
    let lead = words::sentence(&format!(
        "{} declared.",
        words::count(list.environments.len() as u64, "environment")
    ));
    // A claim puts a declaration in force.
    let claims = events("action", AuditAction::ClaimChange.as_str());
    let body = if list.environments.is_empty() {
        view! {
            <Empty title="No environment is declared yet" icon=Icon::Import>
                <p class="soft">"Importing a module block declares the environment that it names."</p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
            </Empty>
        }
        .into_any()
    } else {
        let lines = list.environments.into_iter().map(line).collect_view();
        view! {
            <Table label="Environments" class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Environment"</th>
                        <th scope="col">"Compute Engine"</th>
                        <th scope="col">"Project"</th>
                        <th scope="col">"Region"</th>
                        <th scope="col" class="num">
                            "Pools"
                        </th>
                        <th scope="col" class="num">
                            "Templates"
                        </th>
                        <th scope="col" class="num">
                            "Generation"
                        </th>
                        <th scope="col">"Declared by"</th>
                        <th scope="col" class="num">
                            "Last read"
                        </th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        }
        .into_any()
    };
    view! {
        <PageHead
            title="Environments"
            crumbs=crumbs("Environments")
            lead=move || lead.clone()
            actions=move || view! { <ButtonLink href=claims.clone() label="Claims of changes" /> }
        />
        <section class="panel" aria-label="Environments">
            {body}
        </section>
    }
    .into_any()
}

fn line(environment: EnvironmentView) -> AnyView {
    let reachable =
        environment.conditions.iter().find(|condition| condition.kind == ConditionType::Reachable);
    let (state, word) = match reachable.map(|condition| condition.status) {
        Some(ConditionStatus::True) => (State::Ok, "Answers"),
        Some(ConditionStatus::False) => (State::Warn, "Does not answer"),
        _ => (State::None, "Not asked yet"),
    };
    let half_applied = environment
        .conditions
        .iter()
        .find(|condition| {
            condition.kind == ConditionType::Applied && condition.status == ConditionStatus::False
        })
        .map(|condition| {
            let said = format!("{}. {}", condition.kind.broken(), words::sentence(&condition.message));
            view! { <small>{status(State::Warn, said)} " " {code_link(condition.reason.clone())}</small> }
        });
    let fleet = Query::default().with("environment", Some(environment.name.as_str())).on(routes::FLEET);
    view! {
        <tr>
            <th scope="row">
                <a href=fleet>{environment.name}</a>
            </th>
            <td>{status(state, word.to_owned())}</td>
            <td class="mono">{environment.spec.environment.project_id}</td>
            <td class="mono">{environment.spec.environment.region}</td>
            <td class="num" data-label="Pools">
                {environment.spec.agent_pools.len()}
            </td>
            <td class="num" data-label="Templates">
                {environment.spec.agent_vm_templates.len()}
            </td>
            <td class="num" data-label="Generation">
                {environment.generation}
            </td>
            <td class="wrap" data-label="Declared by">
                <a class="link mono" href=routes::change(environment.declared_by)>
                    {environment.declared_by.to_string()}
                </a>
                {half_applied}
            </td>
            <td class="num" data-label="Last read">
                {environment
                    .observed_at
                    .map_or_else(|| "never".into_any(), |at| ago(at).into_any())}
            </td>
        </tr>
    }
    .into_any()
}
