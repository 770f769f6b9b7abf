//! Rules as rows in effective order, and warnings as verdicts.

use domain::{
    firewall::{Direction, Warning},
    view::firewall::{Drift, EffectiveRule, FirewallRuleRow},
};
use leptos::prelude::*;

use crate::{
    components::{
        empty::Empty,
        glyph::{State, glyph},
        icon::Icon,
        status::status,
        table::Table,
    },
    pages::changes::of_severity,
    routes, words,
};

/// How the rule stands between its two columns. Only what a change is working on counts as progress.
pub fn drift(row: &FirewallRuleRow) -> (State, &'static str) {
    match (row.drift, row.moving) {
        (Drift::Equal, _) => (State::Ok, "In force"),
        (Drift::Differs, _) => (State::Warn, "Differs"),
        (Drift::Missing, true) => (State::Progress, "Being created"),
        (Drift::Missing, false) => (State::Warn, "Not there"),
        (Drift::Undeclared, true) => (State::Progress, "On its way out"),
        (Drift::Undeclared, false) => (State::Warn, "Still there"),
        (Drift::Unread, _) => (State::Unknown, "Not read yet"),
    }
}

/// What runs otherwise than the rules say, as a sentence; None where all of them are in force.
pub fn otherwise<'a>(rows: impl IntoIterator<Item = &'a FirewallRuleRow>) -> Option<String> {
    let (mut missing, mut other, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match row.drift {
            Drift::Equal => {}
            Drift::Missing => missing.push(row.key.clone()),
            Drift::Differs => other.push(row.key.clone()),
            Drift::Undeclared => leaving.push(row.key.clone()),
            Drift::Unread => {
                return Some(
                    "Compute Engine was not read yet: which rules are in force is not known.".to_owned(),
                );
            }
        }
    }
    let parts: Vec<String> = [
        (missing, "not there yet"),
        (other, "there with other settings"),
        (leaving, "still there, though no longer declared"),
    ]
    .into_iter()
    .filter(|(keys, _)| !keys.is_empty())
    .map(|(keys, how)| {
        let verb = if keys.len() == 1 { "is" } else { "are" };
        format!("{} {verb} {how}", words::list(&keys))
    })
    .collect();
    (!parts.is_empty()).then(|| format!("Not all of this is in force: {}.", parts.join("; ")))
}

/// `ingress`, `egress`.
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    }
}

/// In effective order, ingress first.
pub fn rules_table(rows: Vec<FirewallRuleRow>) -> AnyView {
    if rows.is_empty() {
        return view! {
            <Empty title="No rule is declared" icon=Icon::Firewall>
                <p class="soft">"Without rules nothing reaches the agents, and they reach everything."</p>
            </Empty>
        }
        .into_any();
    }
    let lines = rows.into_iter().map(|row| line(row, None)).collect_view();
    table("Firewall rules", lines, false).into_any()
}

/// The same for VMs that rules treat alike: each with whether it decides anything there.
pub fn effective_table(label: &'static str, rules: Vec<EffectiveRule>) -> AnyView {
    let lines = rules.into_iter().map(|one| line(one.row, Some(one.decides))).collect_view();
    table(label, lines, true).into_any()
}

fn table(label: &'static str, lines: impl IntoView + 'static, effective: bool) -> impl IntoView {
    view! {
        <Table label=label class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Rule"</th>
                    <th scope="col" class="num">
                        "Priority"
                    </th>
                    <th scope="col">"Direction"</th>
                    <th scope="col">"Action"</th>
                    <th scope="col">"Services"</th>
                    <th scope="col">"Other end"</th>
                    <th scope="col">"VMs"</th>
                    <th scope="col">{column(effective)}</th>
                    <th scope="col">"State"</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
}

/// The head of what a rule does: to the VMs that are asked about, or to which pools.
const fn column(effective: bool) -> &'static str {
    if effective { "Here" } else { "Pools" }
}

/// The VMs that it is for, and at which of their own addresses.
fn vms(row: &FirewallRuleRow) -> String {
    let tagged = if row.targets.is_empty() { "every VM".to_owned() } else { row.targets.join(", ") };
    match row.addresses.join(", ") {
        own if own.is_empty() => tagged,
        own => format!("{tagged} at {own}"),
    }
}

fn line(row: FirewallRuleRow, decides: Option<bool>) -> AnyView {
    let (state, word) = drift(&row);
    let worst = row.warnings.iter().max_by_key(|warning| warning.severity).map(|worst| {
        let state = of_severity(worst.severity);
        let more = match row.warnings.len() {
            1 => String::new(),
            many => format!(" (and {} more)", many - 1),
        };
        view! { <small>{status(state, format!("{}{more}", words::sentence(&worst.message)))}</small> }
    });
    let action = if row.denies { status(State::X, "Deny") } else { status(State::Ok, "Allow") };
    let vms = vms(&row);
    let holds = match decides {
        Some(true) if row.drift == Drift::Missing => "Will decide".to_owned(),
        Some(true) => "Decides".to_owned(),
        Some(false) => "Decided before it".to_owned(),
        None if row.pools.is_empty() => "none".to_owned(),
        None => row.pools.join(", "),
    };
    let here = column(decides.is_some());
    let href = routes::firewall_rule(&row.environment, &row.key);
    view! {
        <tr>
            <th scope="row">
                <a href=href>{row.key}</a>
            </th>
            <td class="num" data-label="Priority">
                {row.priority}
            </td>
            <td data-label="Direction">{direction(row.direction)}</td>
            <td>{action}</td>
            <td class="mono" data-label="Services">
                {row.services.join(", ")}
            </td>
            <td class="mono wrap" data-label="Other end">
                {row.peers.join(", ")}
            </td>
            <td class="mono wrap" data-label="VMs">
                {vms}
            </td>
            <td class="wrap" data-label=here>
                {holds}
            </td>
            <td class="wrap">{status(state, word)} {worst}</td>
        </tr>
    }
    .into_any()
}

pub fn warnings_list(warnings: Vec<Warning>) -> AnyView {
    let lines = warnings
        .into_iter()
        .map(|warning| {
            let state = of_severity(warning.severity);
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p>{format!("{}.", words::sentence(&warning.message))}</p> {warning.rule.map(|key| view! { <code>{key}</code> })}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="rows verdicts">{lines}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, drift: Drift, moving: bool) -> FirewallRuleRow {
        FirewallRuleRow {
            environment: "dev".into(),
            key: key.into(),
            name: format!("genesis-agent-{key}"),
            direction: Direction::Ingress,
            priority: 1000,
            denies: false,
            peers: Vec::new(),
            targets: Vec::new(),
            addresses: Vec::new(),
            services: Vec::new(),
            pools: Vec::new(),
            drift,
            moving,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn only_what_a_change_works_on_is_progress() {
        let row = |drift, moving| row("ssh", drift, moving);
        assert_eq!(drift(&row(Drift::Missing, true)), (State::Progress, "Being created"));
        assert_eq!(drift(&row(Drift::Missing, false)), (State::Warn, "Not there"));
        assert_eq!(drift(&row(Drift::Undeclared, true)), (State::Progress, "On its way out"));
        assert_eq!(drift(&row(Drift::Undeclared, false)), (State::Warn, "Still there"));
    }

    #[test]
    fn a_rule_for_some_addresses_is_not_told_as_for_all() {
        let mut row = row("ssh", Drift::Equal, false);
        assert_eq!(vms(&row), "every VM");
        row.addresses = vec!["10.1.0.0/16".into(), "10.2.0.0/16".into()];
        assert_eq!(vms(&row), "every VM at 10.1.0.0/16, 10.2.0.0/16");
        row.targets = vec!["agent-vm".into()];
        assert_eq!(vms(&row), "agent-vm at 10.1.0.0/16, 10.2.0.0/16");
    }

    #[test]
    fn what_is_declared_and_not_in_force_is_named() {
        let row = |key: &str, drift| row(key, drift, false);
        assert_eq!(otherwise(&[row("ssh", Drift::Equal)]), None);
        let rows = [
            row("ssh", Drift::Missing),
            row("http", Drift::Missing),
            row("dns", Drift::Differs),
            row("old", Drift::Undeclared),
            row("icmp", Drift::Equal),
        ];
        assert_eq!(
            otherwise(&rows).unwrap(),
            "Not all of this is in force: ssh and http are not there yet; dns is there with other settings; \
             old is still there, though no longer declared."
        );
        assert!(otherwise(&[row("ssh", Drift::Unread)]).unwrap().contains("not read yet"));
    }
}
