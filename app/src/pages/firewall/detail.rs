//! One rule: what it does, desired beside observed, and what changed it.

use domain::{
    Permission,
    view::firewall::{Drift, FirewallRuleRow, FirewallRuleView},
};
use leptos::prelude::*;

use super::table::{direction, drift, warnings_list};
use crate::{
    api,
    components::{
        button::{ButtonLink, LockedLink},
        empty::Empty,
        glyph::State,
        icon::Icon,
        loaded::loaded,
        page_head::{Crumb, PageHead},
        pair::Pair,
        panel::Panel,
        status::badge,
        title::Title,
    },
    live::Live,
    opening::refusal,
    pages::{changes::changes_table, named},
    routes,
    url_state::Query,
    words,
};

#[component]
pub fn FirewallRulePage() -> AnyView {
    let (named, live) = (named("environment", "key"), Live::here());
    let rule = Resource::new(
        move || (named.get(), live.pools(), live.changes()),
        |((environment, key), ..)| api::firewall::load_firewall_rule(environment, key),
    );
    loaded(rule, "the firewall rule", draw)
}

/// What it does, in one sentence, and what for, as its description says.
fn lead(row: &FirewallRuleRow, description: &str) -> String {
    let does = does(row);
    let what_for = words::sentence(description.trim());
    match what_for.as_str() {
        "" => does,
        ended if ended.ends_with(['.', '!', '?']) => format!("{does} {ended}"),
        open => format!("{does} {open}."),
    }
}

fn does(row: &FirewallRuleRow) -> String {
    let verb = if row.denies { "Denies" } else { "Allows" };
    let vms = match (row.pools.is_empty(), row.targets.is_empty()) {
        (true, true) => "every VM of the network".to_owned(),
        (true, false) => format!("VMs tagged {}", row.targets.join(" or ")),
        (false, _) => words::list(&row.pools),
    };
    let vms = match row.addresses.join(" or ") {
        own if own.is_empty() => vms,
        own => format!("{vms} at addresses in {own}"),
    };
    let (services, peers) = (words::list(&row.services), words::list(&row.peers));
    match row.direction {
        domain::firewall::Direction::Ingress => format!("{verb} {services} from {peers} to {vms}."),
        domain::firewall::Direction::Egress => format!("{verb} {services} from {vms} to {peers}."),
    }
}

fn draw(view: FirewallRuleView) -> AnyView {
    let FirewallRuleView { row, description, settings, changes, observed_at, .. } = view;
    let (state, word) = drift(&row);
    let said = lead(&row, &description);
    let back = Query::default().with("environment", Some(&row.environment)).on(routes::FIREWALL);
    let crumbs = vec![Crumb::link("Firewall", back), Crumb::here(row.key.clone())];
    let facts = [
        (None, row.environment.clone()),
        (None, direction(row.direction).to_lowercase()),
        (None, format!("priority {}", row.priority)),
        (Some("mono"), row.name.clone()),
    ];
    let actions = {
        let row = row.clone();
        move || verbs(&row)
    };
    let difference = match state {
        State::Warn => State::Warn,
        _ => State::Progress,
    };
    let warnings = (!row.warnings.is_empty()).then(|| {
        view! {
            <Panel id="warnings" title="To look at">
                {warnings_list(row.warnings.clone())}
            </Panel>
        }
    });
    let history = if changes.is_empty() {
        view! {
            <Empty title="No change has touched this rule" icon=Icon::Changes>
                <p class="soft">"Every change of it will be listed here."</p>
            </Empty>
        }
        .into_any()
    } else {
        changes_table(changes).into_any()
    };
    let events = routes::audit_of(&row.environment, &row.name);
    view! {
        <Title text=format!("{} · {}", row.key, row.environment) />
        <PageHead
            title=row.key.clone()
            crumbs=crumbs
            lead=move || said.clone()
            badges=move || badge(state, word)
            facts=move || {
                facts.clone().map(|(class, fact)| view! { <span class=class>{fact}</span> }).collect_view()
            }
            actions=actions
        />
        <div class="cols wide">
            <div class="stack">
                {warnings}
                <Panel
                    id="changes"
                    title="Changes"
                    aside=move || view! { <ButtonLink href=events.clone() label="Its events" /> }
                >
                    {history}
                </Panel>
            </div>
            <div class="stack">
                <Pair id="settings" settings=settings observed_at=observed_at difference=difference />
            </div>
        </div>
    }
    .into_any()
}

fn verbs(row: &FirewallRuleRow) -> AnyView {
    let gone = (row.drift == Drift::Undeclared).then(|| "It has left the declaration.".to_owned());
    let blocked = gone.or_else(|| refusal(Permission::ProposeChange));
    let link = |verb: &str| routes::firewall_rule_verb(&row.environment, &row.key, verb);
    view! {
        <LockedLink id="delete" label="Delete" href=link("delete") blocked=blocked.clone() />
        <LockedLink id="edit" label="Edit" href=link("edit") blocked=blocked primary=true />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::firewall::Direction;

    use super::*;

    #[test]
    fn what_a_rule_does_comes_before_what_it_is_for() {
        let row = FirewallRuleRow {
            environment: "dev".into(),
            key: "allow-agent-ssh".into(),
            name: "genesis-agent-allow-agent-ssh".into(),
            direction: Direction::Ingress,
            priority: 1000,
            denies: false,
            peers: vec!["10.0.0.0/8".into()],
            targets: vec!["agent-vm".into()],
            addresses: Vec::new(),
            services: vec!["tcp 22".into()],
            pools: vec!["backend-pool".into()],
            drift: Drift::Equal,
            moving: false,
            warnings: Vec::new(),
        };
        let does = "Allows tcp 22 from 10.0.0.0/8 to backend-pool.";
        assert_eq!(lead(&row, ""), does);
        let what_for = "SSH from the private network";
        assert_eq!(lead(&row, what_for), format!("{does} {what_for}."));
        assert_eq!(lead(&row, "for whom? "), format!("{does} For whom?"));
        let narrowed = FirewallRuleRow { addresses: vec!["10.1.0.0/16".into()], ..row };
        let at = "backend-pool at addresses in 10.1.0.0/16";
        assert_eq!(lead(&narrowed, ""), format!("Allows tcp 22 from 10.0.0.0/8 to {at}."));
        let out = FirewallRuleRow { direction: Direction::Egress, ..narrowed };
        assert_eq!(lead(&out, ""), format!("Allows tcp 22 from {at} to 10.0.0.0/8."));
    }
}
