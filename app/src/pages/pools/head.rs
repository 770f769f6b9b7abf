//! What all routes of one pool share: its data, its head and its tabs.

use domain::{
    Permission,
    view::pool::{PoolRow, PoolView},
};
use leptos::prelude::*;

use crate::{
    api::{self, ApiError},
    components::{
        button::LockedLink,
        incident::incidents,
        page_head::{Crumb, PageHead},
        status::badge,
        tabs::{Tab, Tabs},
        title::Title,
    },
    live::Live,
    opening::refusal,
    pages::{
        self,
        pool_states::{Standing, standing},
        pools::asked,
    },
    routes,
    url_state::Query,
};

/// The pool that the address names: its environment, and its name.
pub fn named() -> Memo<(String, String)> {
    pages::named("environment", "name")
}

/// The pool that the address names. Loads again when the fleet, the state of an agent or a change moves.
pub fn pool_resource() -> Resource<Result<PoolView, ApiError>> {
    let (named, live) = (named(), Live::here());
    Resource::new(
        move || (named.get(), live.pools(), (live.changes(), live.health())),
        |((environment, name), ..)| api::pools::load_pool(environment, name),
    )
}

pub fn head(view: &PoolView) -> AnyView {
    let row = &view.row;
    let Standing { state, word, sentence } = standing(row);
    let base = routes::pool(&row.environment, &row.name);
    let tabs = vec![
        Tab::new("Overview", base.clone()),
        Tab::new("Instances", format!("{base}/instances")).count(row.vms() as usize),
        Tab::new("Rollout", format!("{base}/rollout")),
        Tab::new("Autoscaling", format!("{base}/autoscaling")),
        Tab::new("Cost", format!("{base}/cost")),
        Tab::new("Firewall", format!("{base}/firewall")),
        Tab::new("Changes", format!("{base}/changes")),
        Tab::new("Timeline", format!("{base}/timeline")),
    ];
    let row = row.clone();
    let (environment, name) = (row.environment.clone(), row.name.clone());
    let crumbs = vec![
        Crumb::link("Pools", Query::default().with("environment", Some(&environment)).on(routes::POOLS)),
        Crumb::here(name.clone()),
    ];
    let facts = [
        row.environment.clone(),
        row.agent_type.as_str().to_owned(),
        zones(&view.region, &view.zones),
        row.group.clone(),
        format!("generation {}, observed {}", row.generation, row.observed_generation),
    ];
    view! {
        <Title text=format!("{name} · {environment}") />
        <PageHead
            title=name
            crumbs=crumbs
            lead=move || sentence.clone()
            badges=move || badge(state, word.clone())
            facts=move || facts.clone().map(|fact| view! { <span>{fact}</span> }).collect_view()
            actions=move || verbs(&row)
        />
        {view.row.requested.as_ref().map(|requested| view! { <p class="asked-line">{asked(requested)}</p> })}
        {incidents(&view.incidents)}
        <Tabs label="Pool" tabs=tabs />
    }
    .into_any()
}

/// What can be done to the pool as a whole.
fn verbs(row: &PoolRow) -> AnyView {
    let to = |verb: &str| routes::pool_tab(&row.environment, &row.name, verb);
    let role = refusal(Permission::ProposeChange);
    let scales =
        row.autoscaling.as_ref().map(|bounds| format!("It scales itself, {bounds} VMs: edit its bounds."));
    view! {
        <LockedLink id="resize" href=to("resize") label="Resize" blocked=role.clone().or(scales) />
        <LockedLink id="edit" href=to("edit") label="Edit" blocked=role.clone() />
        <LockedLink id="delete" href=to("delete") label="Delete" blocked=role />
    }
    .into_any()
}

/// `us-central1 a b c`.
pub fn zones(region: &str, zones: &[String]) -> String {
    let letters: Vec<&str> = zones
        .iter()
        .map(|zone| zone.strip_prefix(region).and_then(|rest| rest.strip_prefix('-')).unwrap_or(zone))
        .collect();
    format!("{region} {}", letters.join(" ")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::zones;

    #[test]
    fn zones_are_said_by_their_letters() {
        let names = ["us-central1-a", "us-central1-f"].map(str::to_owned);
        assert_eq!(zones("us-central1", &names), "us-central1 a f");
        assert_eq!(zones("us-central1", &[]), "us-central1");
    }
}
