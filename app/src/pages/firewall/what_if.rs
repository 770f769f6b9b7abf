//! May this one talk to that one? A plain form that leads to an address, and the answer with the rules that give it.

use domain::{
    firewall::{Answer, Direction, Leg, Outcome, rule_key},
    view::firewall::{FirewallView, Refused, WhatIf},
};
use leptos::prelude::*;

use super::otherwise;
use crate::{
    components::{
        field::{Bound, TextField},
        glyph::{State, glyph},
        panel::Panel,
    },
    routes,
    url_state::Query,
    words,
};

pub fn what_if(view: &FirewallView, query: &Query) -> AnyView {
    let refused: Vec<Refused> = match &view.answer {
        Some(Err(refused)) => refused.clone(),
        _ => Vec::new(),
    };
    let asked = query.clone();
    let of = move |name: &str| {
        let problem = refused.iter().find(|(field, _)| field == name).map(|(_, why)| words::sentence(why));
        Bound {
            name: name.to_owned(),
            value: asked.get(name).unwrap_or_default().to_owned(),
            problem: problem.into(),
        }
    };
    let environment = query.get("environment").map(|name| {
        view! { <input type="hidden" name="environment" value=name.to_owned() /> }
    });
    let names: std::collections::BTreeMap<String, String> =
        view.rules.iter().map(|row| (row.name.clone(), row.key.clone())).collect();
    let environment_name = view.environment.clone().unwrap_or_default();
    let answer = match &view.answer {
        Some(Ok(answer)) => Some(answered(answer, &environment_name, &names)),
        _ => None,
    };
    let parties: Vec<String> = view.pools.iter().chain(&view.canaries).cloned().collect();
    let apart = canaries(&view.canaries);
    let unlike = otherwise(&view.rules);
    view! {
        <Panel id="what-if" title="What if">
            <form class="panel-body form" method="get" action=routes::FIREWALL>
                {environment}
                <div class="four">
                    <TextField
                        field=of("source")
                        label="From"
                        hint="An address, a range, a pool, or tag NAME."
                        suggestions=parties.clone()
                    />
                    <TextField
                        field=of("target")
                        label="To"
                        hint="A pool, an address or a range."
                        suggestions=parties.clone()
                    />
                    <TextField
                        field=of("protocol")
                        label="Protocol"
                        placeholder="tcp"
                        mono=true
                        suggestions=["tcp", "udp", "icmp", "sctp"].map(str::to_owned).to_vec()
                    />
                    <TextField
                        field=of("port")
                        label="Port"
                        placeholder="22"
                        mono=true
                    />
                </div>
                <div class="cluster">
                    <button type="submit" class="btn primary">
                        "Ask"
                    </button>
                    <small>
                        "Answered from the declared rules of this environment. " {apart} {unlike}
                    </small>
                </div>
            </form>
            {answer}
        </Panel>
    }
    .into_any()
}

/// Which VMs a pool's name leaves out.
fn canaries(named: &[String]) -> Option<String> {
    let asked = if named.len() == 1 { "Ask of it by its name" } else { "Ask of each by its name" };
    let verb = if named.len() == 1 {
        "carries other tags than its pool"
    } else {
        "carry other tags than their pools"
    };
    (!named.is_empty()).then(|| format!("{} {verb}. {asked}. ", words::list(named)))
}

type Names = std::collections::BTreeMap<String, String>;

const fn seen(outcome: Outcome) -> (State, &'static str) {
    match outcome {
        Outcome::Allowed => (State::Ok, "Allowed"),
        Outcome::Denied => (State::X, "Denied"),
        Outcome::Depends => (State::Warn, "It depends on the address"),
    }
}

fn answered(answer: &WhatIf, environment: &str, names: &Names) -> AnyView {
    let (state, word) = seen(answer.outcome);
    let said = format!("{word}: {} from {} to {}.", answer.service, answer.source, answer.target);
    let legs = answer.legs.iter().flat_map(|leg| leg.answers.iter().map(move |one| (leg, one)));
    let lines = legs.map(|(leg, one)| line(leg, one, environment, names)).collect_view();
    view! {
        <section class="panel-body" aria-label="Answer" data-s=state.as_str()>
            <p class="reason answer">{glyph(state)} <b>{said}</b></p>
            <ul class="rows verdicts">{lines}</ul>
        </section>
    }
    .into_any()
}

fn line(leg: &Leg, answer: &Answer, environment: &str, names: &Names) -> AnyView {
    let state = if answer.allowed { State::Ok } else { State::X };
    let (way, implied) = match leg.direction {
        Direction::Ingress => ("Arriving at", "no rule allows it, so it is denied"),
        Direction::Egress => ("Leaving", "no rule denies it, so it is allowed"),
    };
    let peers = match (answer.peers.is_empty(), leg.direction) {
        (true, _) => String::new(),
        (false, Direction::Ingress) => format!(" from {}", answer.peers.join(", ")),
        (false, Direction::Egress) => format!(" to {}", answer.peers.join(", ")),
    };
    let verb = if answer.allowed { "allowed" } else { "denied" };
    let by = match &answer.rule {
        None => view! { <span class="soft">{implied}</span> }.into_any(),
        Some(name) => {
            let key = names.get(name).cloned().unwrap_or_else(|| rule_key("", name).to_owned());
            view! {
                {verb}
                " by rule "
                <a class="link mono" href=routes::firewall_rule(environment, &key)>
                    {key.clone()}
                </a>
            }
            .into_any()
        }
    };
    view! {
        <li data-s=state.as_str()>
            {glyph(state)} <p>{format!("{way} {}{peers}: ", leg.at)} {by}</p>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_of_other_tags_are_asked_of_by_name() {
        assert_eq!(canaries(&[]), None);
        let one = ["web (canary)".to_owned()];
        let said = "web (canary) carries other tags than its pool. Ask of it by its name. ";
        assert_eq!(canaries(&one).as_deref(), Some(said));
        let two = ["db (canary)".to_owned(), "web (canary)".to_owned()];
        assert!(canaries(&two).unwrap().starts_with("db (canary) and web (canary) carry other tags"));
    }
}
