//! What all routes of one pool share: its data, its head and its tabs.

use domain::{
    Permission,
    condition::ConditionType,
    view::{
        pool::{PoolRow, PoolView},
        rollout::{Brief, RolloutState},
        unwell::Agents,
    },
};
use leptos::prelude::*;

use crate::{
    api::{self, ApiError},
    components::{
        button::LockedLink,
        glyph::State,
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
    words,
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
    let stands = standing(row);
    let (lead, badges) = (lead(view, &stands), badges(view, stands));
    let base = routes::pool(&row.environment, &row.name);
    let tabs = vec![
        Tab::new("Overview", base.clone()),
        Tab::new("Instances", format!("{base}/instances")).count(row.vms() as usize),
        Tab::new("Rollout", format!("{base}/rollout")),
        Tab::new("Autoscaling", format!("{base}/autoscaling")),
        Tab::new("Cost", format!("{base}/cost")),
        Tab::new("Firewall", format!("{base}/firewall")),
        changes(view, &base),
        Tab::new("Timeline", format!("{base}/timeline")),
    ];
    let row = row.clone();
    let (environment, name) = (row.environment.clone(), row.name.clone());
    let crumbs = vec![
        Crumb::link("Pools", Query::default().with("environment", Some(&environment)).on(routes::POOLS)),
        Crumb::here(name.clone()),
    ];
    let facts = [
        (None, row.agent_type.as_str().to_owned()),
        (None, zones(&view.region, &view.zones)),
        (Some("mono"), row.group.clone()),
        (None, format!("generation {}, observed {}", row.generation, row.observed_generation)),
    ];
    view! {
        <Title text=format!("{name} · {environment}") />
        <PageHead
            title=name
            crumbs=crumbs
            lead=move || lead.clone()
            badges=move || badges.iter().map(|(state, word)| badge(*state, word.clone())).collect_view()
            facts=move || {
                facts.clone().map(|(class, fact)| view! { <span class=class>{fact}</span> }).collect_view()
            }
            actions=move || verbs(&row)
        />
        {view.row.requested.as_ref().map(|requested| view! { <p class="asked-line">{asked(requested)}</p> })}
        {incidents(&view.incidents)}
        <Tabs label="Pool" tabs=tabs />
    }
    .into_any()
}

/// The tab lists the newest alone, and counts what it lists.
fn changes(view: &PoolView, base: &str) -> Tab {
    let tab = Tab::new("Changes", format!("{base}/changes"));
    if view.changes.is_empty() { tab } else { tab.count(view.changes.len()) }
}

/// How a rollout stands, before who is not well; a crash loop is said beside those that are ill meanwhile. A rollout that goes on says
/// more than its VMs being on their way.
fn badges(view: &PoolView, stands: Standing) -> Vec<(State, String)> {
    let rollout = view.rollout.as_ref().filter(|_| stands.state != State::Unknown).map(rolls);
    let quiet = matches!(stands.state, State::Ok | State::Progress) && rollout.is_some();
    let round = ConditionType::Lasting.broken();
    let goes_round = view.row.goes_round() && stands.state == State::Crit && stands.word != round;
    let own = (!quiet).then_some((stands.state, stands.word));
    let round = goes_round.then(|| (State::Crit, round.to_owned()));
    rollout.into_iter().chain(own).chain(round).collect()
}

/// The state of a rollout in a few words: how far it is, and whether it goes on by itself.
fn rolls(brief: &Brief) -> (State, String) {
    let far = format!("{} of {}", brief.to.ready, brief.to.wanted);
    match brief.state {
        RolloutState::Canary => {
            (State::Paused, format!("Canary on {} of {}", brief.to.total, brief.target_size))
        }
        RolloutState::Waiting => (State::Pending, format!("Rollout waits at {far}")),
        RolloutState::Failing => (State::Crit, format!("Rollout held at {far}")),
        RolloutState::Rolling if brief.ill > 0 => (State::Paused, format!("Rollout held at {far}")),
        RolloutState::Rolling | RolloutState::Settled => (State::Progress, format!("Rolling out, {far}")),
    }
}

/// The pool's state in words: of its rollout, where there is one, and of its agents.
fn lead(view: &PoolView, stands: &Standing) -> String {
    let rollout = view.rollout.as_ref().filter(|_| stands.state != State::Unknown);
    let agents = if stands.counts || (rollout.is_some() && stands.state != State::Ok) {
        agents_sentence(&view.agents, view.row.crash_loop().map(|condition| condition.message.as_str()))
    } else {
        stands.sentence.clone()
    };
    match rollout {
        Some(brief) => format!("{} {agents}", rollout_sentence(brief)),
        None => agents,
    }
}

/// `41 of 44 agents are healthy. 3 are not: 1 fails its probe; 2 are starting.` A crash loop is told also while its VM is healthy,
/// which it is between two crashes.
fn agents_sentence(agents: &Agents, crash_loop: Option<&str>) -> String {
    let number = |count: u32| words::number(u64::from(count));
    let all = words::count(u64::from(agents.all), "agent");
    let well = format!("{} of {all} are healthy.", number(agents.healthy));
    let told: Vec<String> =
        agents.unwell.iter().map(|some| format!("{} {}", number(some.count), some.said)).collect();
    let said = match told.as_slice() {
        [] => well,
        [only] => format!("{well} {only}."),
        several => {
            let all: u32 = agents.unwell.iter().map(|some| some.count).sum();
            format!("{well} {} are not: {}.", number(all), several.join("; "))
        }
    };
    match crash_loop.filter(|_| !agents.unwell.iter().any(|some| some.goes_round)) {
        Some(message) => format!("{said} {}.", words::sentence(message)),
        None => said,
    }
}

fn rollout_sentence(brief: &Brief) -> String {
    let version = brief.to.label.short();
    let vms = words::count(u64::from(brief.target_size), "VM");
    let waits = brief.waits_for.as_ref().filter(|_| brief.state != RolloutState::Rolling || brief.ill > 0);
    match (brief.state, waits) {
        (RolloutState::Canary, _) => format!(
            "{} of {vms} try {version} until somebody promotes it or rolls it back.",
            words::number(u64::from(brief.to.total))
        ),
        (_, Some(waits)) => format!("The rollout of {version} waits for {}.", waits.trim_end_matches('.')),
        (_, None) => format!(
            "{version} is being rolled out: {} of {} serve on it.",
            words::number(u64::from(brief.to.ready)),
            words::count(u64::from(brief.to.wanted), "VM")
        ),
    }
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
    use domain::view::{
        rollout::{VersionLabel, VersionRole, VersionShare},
        unwell::Unwell,
    };

    use super::*;

    fn brief(state: RolloutState, ill: u32, waits_for: Option<&str>) -> Brief {
        let label =
            VersionLabel { template: "web".into(), number: Some(2), resource: "t-agent-web-2".into() };
        let to = VersionShare { label, role: VersionRole::Own, wanted: 4, ready: 1, total: 2 };
        Brief { state, to, target_size: 4, ill, waits_for: waits_for.map(str::to_owned) }
    }

    fn seen(healthy: u32, all: u32, unwell: &[(u32, &str)]) -> Agents {
        let some = |(count, said): &(u32, &str)| Unwell {
            count: *count,
            said: (*said).to_owned(),
            goes_round: said.contains("made anew"),
        };
        Agents { healthy, all, unwell: unwell.iter().map(some).collect() }
    }

    #[test]
    fn who_is_not_healthy_is_said_with_why() {
        let said = |healthy, all, unwell: &[(u32, &str)]| agents_sentence(&seen(healthy, all, unwell), None);
        assert_eq!(said(2, 2, &[]), "2 of 2 agents are healthy.");
        assert_eq!(said(43, 44, &[(1, "is starting")]), "43 of 44 agents are healthy. 1 is starting.");
        assert_eq!(
            said(41, 44, &[(1, "fails its probe"), (2, "are starting")]),
            "41 of 44 agents are healthy. 3 are not: 1 fails its probe; 2 are starting."
        );
    }

    #[test]
    fn a_crash_loop_is_explained_whatever_its_vm_is_at_the_moment() {
        let message = Some("agent-web-x in us-central1-a was made anew 3 times since 09:10 UTC");
        assert_eq!(
            agents_sentence(&seen(2, 2, &[]), message),
            "2 of 2 agents are healthy. agent-web-x in us-central1-a was made anew 3 times since 09:10 UTC."
        );
        assert_eq!(
            agents_sentence(&seen(1, 2, &[(1, "was made anew 3 times since 09:10 UTC")]), message),
            "1 of 2 agents are healthy. 1 was made anew 3 times since 09:10 UTC.",
            "once is enough"
        );
    }

    #[test]
    fn zones_are_said_by_their_letters() {
        let names = ["us-central1-a", "us-central1-f"].map(str::to_owned);
        assert_eq!(zones("us-central1", &names), "us-central1 a f");
        assert_eq!(zones("us-central1", &[]), "us-central1");
    }

    #[test]
    fn a_rollout_says_how_far_it_is_and_what_holds_it() {
        use RolloutState::{Canary, Failing, Rolling, Waiting};
        let starting = Some("1 new VM to pass its check");
        for (brief, badge, sentence) in [
            (
                brief(Rolling, 0, starting),
                (State::Progress, "Rolling out, 1 of 4"),
                "v2 is being rolled out: 1 of 4 VMs serve on it.",
            ),
            (
                brief(Rolling, 1, Some("1 VM, whose check fails")),
                (State::Paused, "Rollout held at 1 of 4"),
                "The rollout of v2 waits for 1 VM, whose check fails.",
            ),
            (
                brief(Failing, 0, Some("agent-web-x, which Compute Engine cannot make: QUOTA: Used up.")),
                (State::Crit, "Rollout held at 1 of 4"),
                "The rollout of v2 waits for agent-web-x, which Compute Engine cannot make: QUOTA: Used up.",
            ),
            (
                brief(Waiting, 0, Some("somebody to update 3 VMs by name: the pool is OPPORTUNISTIC")),
                (State::Pending, "Rollout waits at 1 of 4"),
                "The rollout of v2 waits for somebody to update 3 VMs by name: the pool is OPPORTUNISTIC.",
            ),
            (
                brief(Canary, 0, None),
                (State::Paused, "Canary on 2 of 4"),
                "2 of 4 VMs try v2 until somebody promotes it or rolls it back.",
            ),
        ] {
            assert_eq!(rolls(&brief), (badge.0, badge.1.to_owned()));
            assert_eq!(rollout_sentence(&brief), sentence);
        }
    }
}
