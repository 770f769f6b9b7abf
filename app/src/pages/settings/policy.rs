//! Approval policy: whose agreement does a change take, and who are they? Only read here: what is in force is a row that nobody rewrites.

use domain::{
    approvals::{Applies, Requirement},
    environment::Tier,
    view::policy::{EnvironmentRule, PolicyView, RosterGroup, RuleRow, Standing},
};
use leptos::prelude::*;

use super::crumbs;
use crate::{
    api,
    components::{
        glyph::State,
        loaded::loaded,
        moment::{ago, span_words},
        page_head::PageHead,
        panel::Panel,
        status::status,
        table::Table,
        title::Title,
    },
    live::Live,
    routes, words,
};

#[component]
pub fn Policy() -> AnyView {
    let live = Live::here();
    let policy = Resource::new(move || (live.opened(), live.changes()), |_| api::policies::load_policy());
    view! {
        <Title text="Approval policy" />
        {loaded(policy, "the policy", draw)}
    }
    .into_any()
}

fn draw(view: PolicyView) -> AnyView {
    let lead = format!(
        "Policy {} r{}: the first rule that applies says who must sign, and nobody signs what they wrote.",
        view.id, view.policy.revision
    );
    let ends = format!(
        "A vote holds for {}; a change that nobody agrees to ends after {}.",
        span(view.vote_seconds),
        span(view.change_seconds)
    );
    view! {
        <PageHead
            title="Approval policy"
            crumbs=crumbs("Approval policy")
            lead=move || lead.clone()
            facts=move || ends.clone()
        />
        <div class="stack">
            {rules(view.rules, &view.policy)} {environments(view.environments)} {roster(view.groups, &view.roster)}
        </div>
    }
    .into_any()
}

fn span(seconds: u64) -> String {
    span_words(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Which revision, since when, by whom.
fn standing(noun: &'static str, standing: &Standing, without_event: &'static str) -> AnyView {
    let by = match &standing.by {
        Some(by) => view! {
            {format!(" by {}, ", by.name)}
            <a class="link" href=routes::audit_event(by.event)>
                {format!("event {}", by.event)}
            </a>
            "."
        }
        .into_any(),
        None => without_event.into_any(),
    };
    view! {
        <p class="panel-foot sm muted">
            {format!("{noun} r{} is in force", standing.revision)}
            {standing.since.map(|since| view! { " since " {ago(since)} })} {by}
        </p>
    }
    .into_any()
}

fn asked(requirement: &Requirement) -> String {
    if requirement.is_nobody() {
        "nobody: changes run at once".to_owned()
    } else {
        format!("{requirement}, none of them its author")
    }
}

fn where_it_applies(applies: &Applies, alone: bool) -> String {
    match applies {
        Applies::Environment(name) => format!("The environment {name}"),
        Applies::Tier(Tier::Development) => "Development environments".to_owned(),
        Applies::Tier(Tier::Guarded) => "Guarded environments".to_owned(),
        Applies::Everywhere if alone => "Everything".to_owned(),
        Applies::Everywhere => "Everything else".to_owned(),
    }
}

fn rules(rules: Vec<RuleRow>, policy: &Standing) -> AnyView {
    let alone = rules.len() == 1;
    let lines = rules
        .into_iter()
        .enumerate()
        .map(|(index, rule)| {
            view! {
                <tr>
                    <th scope="row">{where_it_applies(&rule.applies, alone)}</th>
                    <td class="num" data-label="Asked as">
                        {index + 1}
                    </td>
                    <td class="wrap">{asked(&rule.requirement)}</td>
                </tr>
            }
        })
        .collect_view();
    let origin = if policy.revision == 1 {
        ": it came with this installation."
    } else {
        "; no audit event tells by whom."
    };
    let stands = standing("Policy", policy, origin);
    view! {
        <Panel id="rules" title="Rules">
            <Table label="Rules" class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Changes of"</th>
                        <th scope="col" class="num">
                            "Asked as"
                        </th>
                        <th scope="col">"Who must approve"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
            {stands}
        </Panel>
    }
    .into_any()
}

fn environments(rows: Vec<EnvironmentRule>) -> AnyView {
    let body = if rows.is_empty() {
        view! { <p class="panel-body soft">"No environment is declared yet."</p> }.into_any()
    } else {
        let lines = rows.into_iter().map(environment).collect_view();
        view! {
            <Table label="Environments" class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Environment"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Who must approve"</th>
                        <th scope="col">"With this roster"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        }
        .into_any()
    };
    view! {
        <Panel id="environments" title="Environments">
            {body}
        </Panel>
    }
    .into_any()
}

fn environment(row: EnvironmentRule) -> AnyView {
    let kind = match row.tier {
        Tier::Development => "development",
        Tier::Guarded => "guarded",
    };
    let enough = match row.short {
        None => status(State::Ok, "Can be given").into_any(),
        Some(most) => status(State::Crit, format!("Nobody can clear a change: at most {most}")).into_any(),
    };
    view! {
        <tr>
            <th scope="row">{row.environment}</th>
            <td>{kind}</td>
            <td class="wrap">{asked(&row.requirement)}</td>
            <td class="wrap" data-label="With this roster">
                {enough}
            </td>
        </tr>
    }
    .into_any()
}

fn roster(groups: Vec<RosterGroup>, roster: &Standing) -> AnyView {
    let body = if groups.is_empty() {
        view! {
            <p class="panel-body soft">
                "Nobody is in any group. Name the groups under " <code>"[approvals.groups]"</code>
                " in the server's configuration."
            </p>
        }
        .into_any()
    } else {
        let lines = groups.into_iter().map(group).collect_view();
        view! {
            <Table label="Groups">
                <thead>
                    <tr>
                        <th scope="col">"Group"</th>
                        <th scope="col" class="num">
                            "People"
                        </th>
                        <th scope="col">"Who they are"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        }
        .into_any()
    };
    let foot = (roster.revision > 0).then(|| standing("Roster", roster, "; no audit event tells by whom."));
    view! {
        <Panel id="roster" title="Roster">
            {body} {foot}
        </Panel>
    }
    .into_any()
}

fn group(group: RosterGroup) -> AnyView {
    let people = if group.people.is_empty() { "nobody".to_owned() } else { words::list(&group.people) };
    view! {
        <tr>
            <th scope="row">{group.name}</th>
            <td class="num">{group.people.len()}</td>
            <td class="wrap">{people}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_where_it_applies_and_the_last_what_is_left() {
        assert_eq!(where_it_applies(&Applies::Everywhere, true), "Everything");
        assert_eq!(where_it_applies(&Applies::Everywhere, false), "Everything else");
        assert_eq!(where_it_applies(&Applies::Environment("lab".into()), false), "The environment lab");
        assert_eq!(asked(&Requirement::default()), "nobody: changes run at once");
    }
}
