//! Firewall: who can reach what? The rules in the order in which they decide, what they do together, and a what-if.

mod detail;
mod fields;
pub mod form;
mod panels;
mod table;
mod what_if;

use domain::{
    Permission,
    view::firewall::{FirewallRuleRow, FirewallView, Question},
};
use leptos::prelude::*;

pub use detail::FirewallRulePage;
pub use panels::{DeleteFirewallRule, EditFirewallRule, NewFirewallRule};
pub use table::{effective_table, otherwise, rules_table, warnings_list};

use crate::{
    api,
    components::{
        button::{ButtonLink, LockedLink},
        empty::Empty,
        icon::Icon,
        loaded::loaded,
        page_head::PageHead,
        panel::Panel,
        title::Title,
    },
    frame::Scope,
    live::Live,
    opening::refusal,
    routes,
    url_state::{Query, use_query},
    words,
};

/// What the address asks.
fn question(query: &Query) -> Option<Question> {
    let text = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let asked = ["source", "target", "port"].into_iter().any(|name| query.get(name).is_some());
    asked.then(|| Question {
        source: text("source"),
        target: text("target"),
        protocol: text("protocol"),
        port: text("port"),
    })
}

#[component]
pub fn FirewallPage() -> AnyView {
    let (scope, live, query) = (Scope::here(), Live::here(), use_query());
    let view = Resource::new(
        move || (scope.named(), query.with(question), live.pools(), live.changes()),
        |(environment, question, ..)| api::firewall::load_firewall(environment, question),
    );
    view! {
        <Title text="Firewall" />
        {loaded(view, "the firewall", move |view| draw(view, &query.get_untracked()))}
    }
    .into_any()
}

/// What should be looked at first.
fn lead(view: &FirewallView) -> String {
    let open = view
        .rules
        .iter()
        .flat_map(|rule| &rule.warnings)
        .filter(|warning| warning.kind == domain::firewall::WarningKind::OpenToTheInternet)
        .count() as u64;
    let rules = words::count(view.rules.len() as u64, "rule");
    let doors = match open {
        0 => "none opens anything to the internet".to_owned(),
        1 => "one opens something to the internet".to_owned(),
        many => format!("{} open something to the internet", words::number(many)),
    };
    format!("{rules} in network {}; {doors}.", view.network)
}

fn new_address(environment: &str) -> String {
    Query::default().with("environment", Some(environment)).on(routes::NEW_FIREWALL_RULE)
}

fn draw(view: FirewallView, query: &Query) -> AnyView {
    let Some(environment) = view.environment.clone() else {
        return view! {
            <PageHead title="Firewall" lead=|| "Rules belong to an environment." />
            <section class="panel" aria-label="Rules">
                <Empty title="No environment yet" icon=Icon::Firewall>
                    <p class="soft">"An import declares the first one, with its rules."</p>
                    <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
                </Empty>
            </section>
        }
        .into_any();
    };
    let said = lead(&view);
    let (new, blocked) = (new_address(&environment), refusal(Permission::ProposeChange));
    let facts = [environment, words::count(view.pools.len() as u64, "pool")];
    let ask = what_if::what_if(&view, query);
    let general = (!view.warnings.is_empty()).then(|| {
        view! {
            <Panel id="warnings" title="To look at">
                {warnings_list(view.warnings.clone())}
            </Panel>
        }
    });
    view! {
        <PageHead
            title="Firewall"
            lead=move || said.clone()
            facts=move || facts.clone().map(|fact| view! { <span>{fact}</span> }).collect_view()
            actions=move || {
                view! {
                    <LockedLink
                        id="new-rule"
                        href=new.clone()
                        label="New rule"
                        primary=true
                        blocked=blocked.clone()
                    />
                }
            }
        />
        <div class="stack">{ask} {general} {rules(view.rules)}</div>
    }
    .into_any()
}

fn rules(rows: Vec<FirewallRuleRow>) -> AnyView {
    view! {
        <section class="panel" aria-label="Rules">
            {rules_table(rows)} <p class="panel-foot sm muted">
                "Rules decide from the top; what none of them decides is denied when it arrives and allowed when it leaves. "
                "The network may hold rules of others, which are not seen here."
            </p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_needs_more_than_a_protocol() {
        assert_eq!(question(&Query::parse("protocol=tcp&environment=dev")), None);
        let asked = question(&Query::parse("source=10.0.0.1&target=web&port=22")).unwrap();
        assert_eq!(
            (asked.source.as_str(), asked.protocol.as_str(), asked.port.as_str()),
            ("10.0.0.1", "", "22")
        );
    }
}
