//! Who of a pool is not healthy, and why: what the head of its page says after how many are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agent::AgentState,
    cause::Cause,
    crash_loop::CrashLoop,
    hindrance::broken_by,
    instance::{AttemptError, CurrentAction, Instance, InstanceStatus, ProbeHealth},
};

/// A pool's agents, of one look at them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agents {
    pub healthy: u32,
    pub all: u32,
    /// Who is not healthy, and why: together with those that are, they are all.
    pub unwell: Vec<Unwell>,
}

/// Some of a pool's agents, and what there is to say of each of them, as a verb for so many: `fails its probe`, `are starting`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwell {
    pub count: u32,
    pub said: String,
    /// Whether what is said is that they are in a crash loop.
    pub goes_round: bool,
}

/// In the order in which they are told: what somebody has to do something about comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    GoesRound,
    /// Why, in a few words.
    CannotBeMade(String),
    ProbeFails,
    SaysSo,
    Silent,
    MadeAnew,
    Restarts,
    Late,
    Starts,
    Stopped,
    Leaves,
}

/// `loops` are those of the pool's group, the worst first. Who is healthy between two crashes counts as that.
pub fn agents(vms: &[(&Instance, AgentState)], loops: &[CrashLoop]) -> Agents {
    let mut counts: BTreeMap<Why, u32> = BTreeMap::new();
    let mut rounds: Vec<&CrashLoop> = Vec::new();
    for (vm, agent) in vms.iter().filter(|(_, agent)| *agent != AgentState::Healthy) {
        let own = loops.iter().find(|one| one.zone == vm.zone && one.name == vm.name);
        rounds.extend(own);
        let why = if own.is_some() { Why::GoesRound } else { why(vm, *agent) };
        *counts.entry(why).or_default() += 1;
    }
    rounds.sort_by_key(|one| std::cmp::Reverse(one.made_anew));
    let all = u32::try_from(vms.len()).unwrap_or(u32::MAX);
    let healthy = all.saturating_sub(counts.values().sum());
    let told = |(why, count): (Why, u32)| {
        let goes_round = why == Why::GoesRound;
        Unwell { count, said: why.said(count == 1, &rounds), goes_round }
    };
    Agents { healthy, all, unwell: counts.into_iter().map(told).collect() }
}

/// What the group does with the VM explains its agent's state; without that, the state stands for itself.
fn why(vm: &Instance, agent: AgentState) -> Why {
    let made = vm.status == InstanceStatus::Running;
    match (&vm.current_action, vm.failure()) {
        (CurrentAction::Deleting | CurrentAction::Abandoning, _) => return Why::Leaves,
        (CurrentAction::Creating | CurrentAction::CreatingWithoutRetries, Some(error)) if !made => {
            return Why::CannotBeMade(in_short(error));
        }
        (CurrentAction::Recreating, Some(error)) if !made => return Why::CannotBeMade(in_short(error)),
        (CurrentAction::Recreating, _) => return Why::MadeAnew,
        (CurrentAction::Restarting, _) => return Why::Restarts,
        _ => {}
    }
    match agent {
        AgentState::Ill if matches!(vm.probe, Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout)) => {
            Why::ProbeFails
        }
        AgentState::Ill => Why::SaysSo,
        AgentState::Silent => Why::Silent,
        AgentState::Late => Why::Late,
        AgentState::Starting | AgentState::Healthy => Why::Starts,
        AgentState::Stopped => Why::Stopped,
        AgentState::Gone => Why::Leaves,
    }
}

/// `quota used up`, or Compute Engine's own code where it is none that says what the pool lacks.
fn in_short(error: &AttemptError) -> String {
    broken_by(Cause::of_error(&error.code, &error.message))
        .map_or_else(|| error.code.clone(), |kind| kind.broken().to_lowercase())
}

impl Why {
    fn said(self, one: bool, rounds: &[&CrashLoop]) -> String {
        let by_number = |single: &str, several: &str| (if one { single } else { several }).to_owned();
        match self {
            Self::GoesRound => match rounds {
                [] => by_number("is made anew again and again", "are made anew again and again"),
                [only] => only.said(),
                [worst, ..] => {
                    format!("are made anew again and again: {} {}", worst.name, worst.said())
                }
            },
            Self::CannotBeMade(lacks) => {
                format!("{}: {lacks}", by_number("waits to be made", "wait to be made"))
            }
            Self::ProbeFails => by_number("fails its probe", "fail their probe"),
            Self::SaysSo => by_number("says that it is ill", "say that they are ill"),
            Self::Silent => by_number("is silent", "are silent"),
            Self::MadeAnew => by_number("is being made anew", "are being made anew"),
            Self::Restarts => by_number("is being restarted", "are being restarted"),
            Self::Late => by_number("is late", "are late"),
            Self::Starts => by_number("is starting", "are starting"),
            Self::Stopped => by_number("is stopped on request", "are stopped on request"),
            Self::Leaves => by_number("is leaving", "are leaving"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*, sample};

    use super::*;
    use crate::Timestamp;

    fn vm(name: &str, action: CurrentAction) -> Instance {
        Instance {
            name: name.to_owned(),
            id: Some("7".to_owned()),
            zone: "us-central1-a".to_owned(),
            group: "g".to_owned(),
            status: InstanceStatus::Running,
            current_action: action,
            template: Some("t".to_owned()),
            address: None,
            created_at: None,
            probe: None,
            last_error: None,
        }
    }

    fn goes_round(name: &str, made_anew: u32) -> CrashLoop {
        CrashLoop {
            zone: "us-central1-a".to_owned(),
            name: name.to_owned(),
            made_anew,
            // 2026-11-19 09:10 UTC.
            since: Timestamp::from_timestamp(1_795_046_400 + 9 * 3600 + 600, 0).unwrap(),
            making: true,
            probe_fails: true,
        }
    }

    fn told(vms: &[(&Instance, AgentState)], loops: &[CrashLoop]) -> Vec<String> {
        let told = agents(vms, loops).unwell;
        told.into_iter().map(|some| format!("{} {}", some.count, some.said)).collect()
    }

    #[test]
    fn who_is_not_healthy_is_told_with_why() {
        let [well, round, new, newer] = ["a", "b", "c", "d"].map(|name| vm(name, CurrentAction::None));
        let vms = [
            (&well, AgentState::Healthy),
            (&new, AgentState::Starting),
            (&round, AgentState::Ill),
            (&newer, AgentState::Starting),
        ];
        assert_eq!(
            told(&vms, &[goes_round("b", 3)]),
            ["1 is made anew for the 4th time since 09:10 UTC because its probe fails", "2 are starting"]
        );
        assert_eq!(told(&vms, &[]), ["1 says that it is ill", "2 are starting"]);
        assert_eq!(
            told(&vms[..1], &[goes_round("a", 3)]),
            Vec::<String>::new(),
            "who is healthy is not told"
        );
        let seen = agents(&vms, &[goes_round("b", 3)]);
        assert_eq!((seen.healthy, seen.all), (1, 4));
        assert_eq!(seen.unwell.iter().map(|some| some.goes_round).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn of_many_that_go_round_the_worst_is_named() {
        let [one, other] = ["a", "b"].map(|name| vm(name, CurrentAction::Recreating));
        let vms = [(&one, AgentState::Starting), (&other, AgentState::Starting)];
        assert_eq!(
            told(&vms, &[goes_round("b", 5), goes_round("a", 3)]),
            ["2 are made anew again and again: b is made anew for the 6th time since 09:10 UTC because its \
              probe fails"]
        );
    }

    #[test]
    fn what_the_group_does_explains_what_its_agent_does() {
        let error = |code: &str| {
            Some(AttemptError { code: code.to_owned(), message: "Quota 'CPUS' exceeded.".to_owned() })
        };
        let unmade = |code: &str| Instance {
            status: InstanceStatus::NotYet,
            last_error: error(code),
            ..vm("a", CurrentAction::Creating)
        };
        // Of an attempt before this one: it runs, and the group is done with it.
        let past = Instance { last_error: error("QUOTA_EXCEEDED"), ..vm("a", CurrentAction::None) };
        let fails = Instance { probe: Some(ProbeHealth::Timeout), ..vm("a", CurrentAction::None) };
        for (vm, agent, said) in [
            (unmade("QUOTA_EXCEEDED"), AgentState::Starting, "1 waits to be made: quota used up"),
            (unmade("SOMETHING_NEW"), AgentState::Starting, "1 waits to be made: SOMETHING_NEW"),
            (vm("a", CurrentAction::Creating), AgentState::Starting, "1 is starting"),
            (vm("a", CurrentAction::Verifying), AgentState::Starting, "1 is starting"),
            (vm("a", CurrentAction::Recreating), AgentState::Ill, "1 is being made anew"),
            (vm("a", CurrentAction::Restarting), AgentState::Silent, "1 is being restarted"),
            (vm("a", CurrentAction::Deleting), AgentState::Gone, "1 is leaving"),
            (fails, AgentState::Ill, "1 fails its probe"),
            (past, AgentState::Starting, "1 is starting"),
            (vm("a", CurrentAction::None), AgentState::Silent, "1 is silent"),
            (vm("a", CurrentAction::None), AgentState::Late, "1 is late"),
            (vm("a", CurrentAction::None), AgentState::Stopped, "1 is stopped on request"),
        ] {
            assert_eq!(told(&[(&vm, agent)], &[]), [said]);
        }
    }

    proptest! {
        /// The sums at the head of a page agree.
        #[test]
        fn everybody_who_is_not_healthy_is_told_once(
            agents in collection::vec(sample::select(AgentState::ALL.to_vec()), 0..20),
            turning in 0_usize..20,
        ) {
            let vms: Vec<Instance> =
                (0..agents.len()).map(|place| vm(&place.to_string(), CurrentAction::None)).collect();
            let loops: Vec<CrashLoop> = (0..turning).map(|place| goes_round(&place.to_string(), 3)).collect();
            let pairs: Vec<(&Instance, AgentState)> = vms.iter().zip(agents.iter().copied()).collect();
            let seen = super::agents(&pairs, &loops);
            let counted: u32 = seen.unwell.iter().map(|some| some.count).sum();
            let expected = agents.iter().filter(|agent| **agent != AgentState::Healthy).count();
            prop_assert_eq!((seen.healthy + counted, seen.all as usize), (seen.all, agents.len()));
            prop_assert_eq!(counted as usize, expected);
        }
    }
}
