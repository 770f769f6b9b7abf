//! Crash loops: VMs that their group makes anew again and again under one name, as Kubernetes' CrashLoopBackOff tells of containers.
//! A group gives none of them up, so that nobody but who counts would say so.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Timelike as _};

use crate::{
    Timestamp,
    condition::{Condition, ConditionStatus, ConditionType},
    instance::{CurrentAction, Instance, ProbeHealth},
};

/// How often a VM is made anew before that is called a loop: once is healing, twice may be bad luck.
const OFTEN: u32 = 3;
/// What a turn takes at most beside the group's patience with a new VM: its failing probes, its end, another one. It is also the time
/// after which Kubernetes takes a container that runs for well.
const BESIDES: TimeDelta = TimeDelta::minutes(10);
/// Turns that are looked back on: one more than there are between [`OFTEN`] VMs and the one before them.
const TURNS: i32 = 4;
/// The longest patience that a pool may declare: the rule `initial_delay` holds it to that.
const MOST_PATIENT: u32 = 3600;

/// A VM that began to run under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub zone: String,
    pub name: String,
    pub began_at: Timestamp,
}

/// A name under which one VM after the other is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashLoop {
    pub zone: String,
    pub name: String,
    /// How many VMs came after the first one that is counted.
    pub made_anew: u32,
    /// When that first one began to run.
    pub since: Timestamp,
    /// The next one is being made.
    pub making: bool,
    pub probe_fails: bool,
}

/// How long a VM of a pool with that `health_check_initial_delay` lasts at most where it goes round.
fn turn(initial_delay: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(initial_delay)) + BESIDES
}

fn looks_back(initial_delay: u32) -> TimeDelta {
    turn(initial_delay) * TURNS
}

/// No pool is looked back on for longer.
pub fn longest() -> TimeDelta {
    looks_back(MOST_PATIENT)
}

/// Those of a group, who was made anew most often first. `initial_delay` is its pool's `health_check_initial_delay`; `checks_fail`
/// says whether it was seen that its VMs fail their health check: one that is being made is not probed. A VM that has lasted for
/// a whole turn and passes its probe has left the loop.
pub fn find<'a>(
    lives: &[Life],
    instances: impl IntoIterator<Item = &'a Instance>,
    initial_delay: u32,
    checks_fail: bool,
    now: Timestamp,
) -> Vec<CrashLoop> {
    let from = now - looks_back(initial_delay);
    let mut began: BTreeMap<(&str, &str), Vec<Timestamp>> = BTreeMap::new();
    for life in lives.iter().filter(|life| life.began_at > from) {
        began.entry((life.zone.as_str(), life.name.as_str())).or_default().push(life.began_at);
    }
    let mut found: Vec<CrashLoop> = instances
        .into_iter()
        .filter_map(|vm| {
            let began = began.get(&(vm.zone.as_str(), vm.name.as_str()))?;
            let (since, last) = (*began.iter().min()?, *began.iter().max()?);
            let made_anew = u32::try_from(began.len()).unwrap_or(u32::MAX) - 1;
            let fails = matches!(vm.probe, Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout));
            let lasts =
                !fails && vm.current_action == CurrentAction::None && now - last >= turn(initial_delay);
            (made_anew >= OFTEN && !lasts).then(|| CrashLoop {
                zone: vm.zone.clone(),
                name: vm.name.clone(),
                made_anew,
                since,
                making: matches!(vm.current_action, CurrentAction::Creating | CurrentAction::Recreating),
                probe_fails: fails || (checks_fail && vm.probe != Some(ProbeHealth::Healthy)),
            })
        })
        .collect();
    found.sort_by(|one, other| {
        (other.made_anew, &one.zone, &one.name).cmp(&(one.made_anew, &other.zone, &other.name))
    });
    found
}

/// Whether VMs were seen to fail their health check, and have not all passed it since.
pub fn checks_fail(conditions: &[Condition]) -> bool {
    conditions.iter().any(|condition| {
        condition.kind == ConditionType::Healthy && condition.status == ConditionStatus::False
    })
}

impl CrashLoop {
    /// `is made anew for the 4th time since 09:10 UTC because its probe fails`.
    pub fn said(&self) -> String {
        let since = format!("since {:02}:{:02} UTC", self.since.hour(), self.since.minute());
        let why = if self.probe_fails { " because its probe fails" } else { "" };
        if self.making {
            format!("is made anew for the {} time {since}{why}", ordinal(self.made_anew.saturating_add(1)))
        } else {
            format!("was made anew {} times {since}{why}", self.made_anew)
        }
    }
}

/// What a condition says of a group's loops; None where it has none.
pub fn message(loops: &[CrashLoop]) -> Option<String> {
    let worst = loops.first()?;
    let of_worst = format!("{} in {} {}", worst.name, worst.zone, worst.said());
    Some(match loops.len() {
        1 => of_worst,
        many => format!("{many} VMs are made anew again and again: {of_worst}"),
    })
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;
    use crate::instance::InstanceStatus;

    const DELAY: u32 = 300;

    /// 2026-11-19, 09:00 UTC and so many minutes.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_046_400 + 9 * 3600 + minutes * 60, 0).unwrap()
    }

    fn vm(name: &str, action: CurrentAction, probe: Option<ProbeHealth>) -> Instance {
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
            probe,
            last_error: None,
        }
    }

    fn lives(name: &str, minutes: &[i64]) -> Vec<Life> {
        let life = |minute: &i64| Life {
            zone: "us-central1-a".to_owned(),
            name: name.to_owned(),
            began_at: at(*minute),
        };
        minutes.iter().map(life).collect()
    }

    fn look(lives: &[Life], vm: &Instance, checks_fail: bool, minute: i64) -> Option<String> {
        message(&find(lives, [vm], DELAY, checks_fail, at(minute)))
    }

    #[test]
    fn what_is_made_anew_for_the_third_time_is_a_loop_and_says_since_when_and_why() {
        let fails = vm("a", CurrentAction::None, Some(ProbeHealth::Timeout));
        assert_eq!(look(&lives("a", &[10, 17, 24]), &fails, true, 30), None);
        assert_eq!(
            look(&lives("a", &[10, 17, 24, 31]), &fails, false, 37).as_deref(),
            Some("a in us-central1-a was made anew 3 times since 09:10 UTC because its probe fails")
        );
        // The next one is not probed while it is made: that the pool's checks fail was seen before.
        let making = vm("a", CurrentAction::Recreating, None);
        assert_eq!(
            look(&lives("a", &[10, 17, 24, 31]), &making, true, 38).as_deref(),
            Some("a in us-central1-a is made anew for the 4th time since 09:10 UTC because its probe fails")
        );
        assert_eq!(
            look(&lives("a", &[10, 17, 24, 31]), &making, false, 38).as_deref(),
            Some("a in us-central1-a is made anew for the 4th time since 09:10 UTC"),
            "what nobody saw is not said"
        );
    }

    #[test]
    fn who_lasts_for_a_turn_and_passes_its_probe_has_left_the_loop() {
        let round = lives("a", &[10, 17, 24, 31]);
        let well = vm("a", CurrentAction::None, Some(ProbeHealth::Healthy));
        let said = look(&round, &well, true, 45).unwrap();
        assert!(said.ends_with("3 times since 09:10 UTC"), "a probe that passes is not blamed: {said}");
        assert_eq!(look(&round, &well, true, 46), None, "300 s of patience and ten minutes");
        let fails = vm("a", CurrentAction::None, Some(ProbeHealth::Unhealthy));
        assert!(look(&round, &fails, true, 46).is_some());
        // Four turns later the first of them is history.
        assert_eq!(look(&round, &fails, true, 70), None);
    }

    #[test]
    fn many_are_counted_and_the_worst_is_named() {
        let mut all = lives("a", &[10, 17, 24, 31]);
        all.extend(lives("b", &[3, 10, 17, 24, 31]));
        all.extend(lives("c", &[3]));
        let vms = ["a", "b", "c"].map(|name| vm(name, CurrentAction::Verifying, None));
        let found = find(&all, &vms, DELAY, false, at(33));
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(
            message(&found).as_deref(),
            Some(
                "2 VMs are made anew again and again: b in us-central1-a was made anew 4 times since 09:03 UTC"
            )
        );
        assert_eq!(find(&all, &vms[2..], DELAY, false, at(33)), []);
    }

    #[test]
    fn a_patient_pool_is_looked_back_on_for_longer() {
        let slow = lives("a", &[0, 65, 130, 195]);
        let fails = vm("a", CurrentAction::None, Some(ProbeHealth::Unhealthy));
        assert_eq!(find(&slow, [&fails], DELAY, true, at(200)), []);
        assert_eq!(find(&slow, [&fails], MOST_PATIENT, true, at(200)).len(), 1);
        assert_eq!(longest(), TimeDelta::minutes(280));
    }

    #[test]
    fn checks_that_are_not_known_to_fail_do_not() {
        let healthy = |status| Condition {
            kind: ConditionType::Healthy,
            status,
            reason: String::new(),
            message: String::new(),
            since: at(0),
        };
        assert!(checks_fail(&[healthy(ConditionStatus::False)]));
        assert!(!checks_fail(&[healthy(ConditionStatus::Unknown)]) && !checks_fail(&[]));
    }

    #[test]
    fn ordinals_have_their_endings() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111].map(ordinal).into();
        assert_eq!(
            said,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th"]
        );
    }

    proptest! {
        /// In whichever order lives are told, and however often one looks: each loop has its own three VMs within the time.
        #[test]
        fn a_loop_has_its_lives_within_the_time(
            minutes in collection::vec(0_i64..200, 0..12),
            minute in 0_i64..400,
            healthy in any::<bool>(),
        ) {
            let probe = if healthy { ProbeHealth::Healthy } else { ProbeHealth::Unhealthy };
            let one = vm("a", CurrentAction::None, Some(probe));
            let told = lives("a", &minutes);
            let found = find(&told, [&one], DELAY, true, at(minute));
            let mut turned = told.clone();
            turned.reverse();
            prop_assert_eq!(&find(&turned, [&one], DELAY, true, at(minute)), &found);
            let within = minutes.iter().filter(|began| **began > minute - 60).count();
            for each in found {
                prop_assert_eq!(within, each.made_anew as usize + 1);
                prop_assert!(each.made_anew >= OFTEN && each.since > at(minute - 60));
            }
        }
    }
}
