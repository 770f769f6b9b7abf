//! Crash loops: VMs that their group makes anew again and again under one name, as Kubernetes' CrashLoopBackOff tells of containers.
//! A group gives none of them up, so that nobody but who counts would say so.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Timelike as _};

use crate::{
    Timestamp,
    condition::{Condition, ConditionStatus, ConditionType},
    instance::{CurrentAction, Instance, ProbeHealth},
};

/// How often in a row a VM is made anew before that is called a loop: once is healing, twice may be bad luck.
const OFTEN: u32 = 3;
/// What a turn takes at most beside the group's patience with a new VM: what it runs before it fails, its failing probes, its end,
/// another one.
const BESIDES: TimeDelta = TimeDelta::minutes(15);
/// Turns that are looked back on. While none of a name's VMs lasts for one, [`OFTEN`] and the one before them began within these,
/// whenever one looks: a loop does not come and go.
const TURNS: i32 = 4;

/// A VM that began to run under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub zone: String,
    pub name: String,
    pub began_at: Timestamp,
}

/// A call of a change that makes VMs anew: of one of them, or of a group that takes other settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The VM's name, or its group's.
    pub name: String,
    pub at: Timestamp,
}

/// Which VMs began to run lately, and what was ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// By zone and name, the oldest first.
    began: BTreeMap<String, BTreeMap<String, Vec<Timestamp>>>,
    /// The last of each name.
    ordered: BTreeMap<String, Timestamp>,
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

/// For how long a pool with that `health_check_initial_delay` is looked back on.
pub fn looks_back(initial_delay: u32) -> TimeDelta {
    turn(initial_delay) * TURNS
}

impl History {
    pub fn of(lives: Vec<Life>, orders: Vec<Order>) -> Self {
        let mut history = Self::default();
        for life in lives {
            let of_zone = history.began.entry(life.zone).or_default();
            of_zone.entry(life.name).or_default().push(life.began_at);
        }
        for began in history.began.values_mut().flat_map(|of_zone| of_zone.values_mut()) {
            began.sort_unstable();
        }
        for order in orders {
            let last = history.ordered.entry(order.name).or_insert(order.at);
            *last = order.at.max(*last);
        }
        history
    }

    /// When the VMs under its name began to run that came one after the other, each within a turn of the one before. What is ordered
    /// begins anew: people make VMs anew as well, and a template that was mended gets its chance.
    fn in_a_row(&self, vm: &Instance, from: Timestamp, turn: TimeDelta) -> Option<&[Timestamp]> {
        let began = self.began.get(&vm.zone)?.get(&vm.name)?;
        let ordered = [&vm.group, &vm.name].into_iter().filter_map(|name| self.ordered.get(name)).max();
        let from = ordered.map_or(from, |at| from.max(*at));
        let lately = began.get(began.partition_point(|at| *at <= from)..)?;
        let lasted = lately.windows(2).rposition(|pair| pair[1] - pair[0] >= turn);
        lately.get(lasted.map_or(0, |place| place + 1)..)
    }
}

/// Those of a group, who was made anew most often first. `initial_delay` is its pool's `health_check_initial_delay`; `checks_fail`
/// says whether it was seen that its VMs fail their health check: one that is being made is not probed. A VM that has lasted for
/// a whole turn has left the loop, whatever its probe says: nobody makes it anew.
pub fn find<'a>(
    history: &History,
    instances: impl IntoIterator<Item = &'a Instance>,
    initial_delay: u32,
    checks_fail: bool,
    now: Timestamp,
) -> Vec<CrashLoop> {
    let (turn, from) = (turn(initial_delay), now - looks_back(initial_delay));
    let mut found: Vec<CrashLoop> = instances
        .into_iter()
        .filter_map(|vm| {
            let began = history.in_a_row(vm, from, turn)?;
            let (since, last) = (*began.first()?, *began.last()?);
            let made_anew = u32::try_from(began.len()).unwrap_or(u32::MAX) - 1;
            let fails = matches!(vm.probe, Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout));
            (made_anew >= OFTEN && now - last < turn).then(|| CrashLoop {
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

    fn history(lives: &[Life]) -> History {
        History::of(lives.to_vec(), Vec::new())
    }

    fn look(lives: &[Life], vm: &Instance, checks_fail: bool, minute: i64) -> Option<String> {
        message(&find(&history(lives), [vm], DELAY, checks_fail, at(minute)))
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
    fn who_lasts_for_a_turn_has_left_the_loop() {
        let round = lives("a", &[10, 17, 24, 31]);
        let well = vm("a", CurrentAction::None, Some(ProbeHealth::Healthy));
        let said = look(&round, &well, true, 50).unwrap();
        assert!(said.ends_with("3 times since 09:10 UTC"), "a probe that passes is not blamed: {said}");
        assert_eq!(look(&round, &well, true, 51), None, "300 s of patience and fifteen minutes");
        let fails = vm("a", CurrentAction::None, Some(ProbeHealth::Unhealthy));
        assert!(look(&round, &fails, true, 50).is_some());
        assert_eq!(look(&round, &fails, true, 51), None, "it stays, and its probe is another condition's");
        // Once it has lasted, the count begins anew.
        assert_eq!(look(&lives("a", &[10, 17, 24, 31, 51, 58]), &fails, true, 60), None);
        assert!(look(&lives("a", &[10, 17, 24, 31, 51, 58, 65, 72]), &fails, true, 73).is_some());
    }

    #[test]
    fn what_was_ordered_is_no_loop() {
        let often = lives("a", &[10, 17, 24, 31]);
        let well = vm("a", CurrentAction::None, Some(ProbeHealth::Healthy));
        let look = |orders: &[(&str, i64)]| {
            let order = |(name, minute): &(&str, i64)| Order { name: (*name).to_owned(), at: at(*minute) };
            let history = History::of(often.clone(), orders.iter().map(order).collect());
            find(&history, [&well], DELAY, false, at(37)).len()
        };
        assert_eq!(look(&[]), 1);
        assert_eq!(look(&[("g", 16), ("g", 23), ("g", 30)]), 0, "rollouts that keep names");
        assert_eq!(look(&[("a", 30), ("a", 23), ("a", 16)]), 0, "recreations by hand");
        assert_eq!(look(&[("a", 35)]), 0, "what comes of it is not known yet");
        assert_eq!(look(&[("a", 9), ("b", 30), ("other", 30)]), 1, "the group did it by itself since");
    }

    #[test]
    fn many_are_counted_and_the_worst_is_named() {
        let mut all = lives("a", &[10, 17, 24, 31]);
        all.extend(lives("b", &[3, 10, 17, 24, 31]));
        all.extend(lives("c", &[3]));
        let vms = ["a", "b", "c"].map(|name| vm(name, CurrentAction::Verifying, None));
        let found = find(&history(&all), &vms, DELAY, false, at(33));
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(
            message(&found).as_deref(),
            Some(
                "2 VMs are made anew again and again: b in us-central1-a was made anew 4 times since 09:03 UTC"
            )
        );
        assert_eq!(find(&history(&all), &vms[2..], DELAY, false, at(33)), []);
    }

    #[test]
    fn a_patient_pool_is_looked_back_on_for_longer() {
        let slow = history(&lives("a", &[0, 65, 130, 195]));
        let fails = vm("a", CurrentAction::None, Some(ProbeHealth::Unhealthy));
        assert_eq!(find(&slow, [&fails], DELAY, true, at(200)), []);
        assert_eq!(find(&slow, [&fails], 3600, true, at(200)).len(), 1);
        assert_eq!((looks_back(DELAY), looks_back(3600)), (TimeDelta::minutes(80), TimeDelta::minutes(300)));
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
        /// In whichever order lives are told: a loop is who began four times or more with less than a turn between, until now.
        #[test]
        fn a_loop_is_a_row_of_short_lives(
            mut minutes in collection::vec(0_i64..120, 0..12),
            minute in 0_i64..200,
            healthy in any::<bool>(),
        ) {
            let probe = if healthy { ProbeHealth::Healthy } else { ProbeHealth::Unhealthy };
            let one = vm("a", CurrentAction::None, Some(probe));
            let found = find(&history(&lives("a", &minutes)), [&one], DELAY, true, at(minute));
            minutes.sort_unstable();
            prop_assert_eq!(&find(&history(&lives("a", &minutes)), [&one], DELAY, true, at(minute)), &found);
            let mut row: Vec<i64> = Vec::new();
            for began in minutes.into_iter().filter(|began| *began > minute - 80) {
                if row.last().is_some_and(|last| began - last >= 20) {
                    row.clear();
                }
                row.push(began);
            }
            let goes_on = row.len() > 3 && row.last().is_some_and(|last| minute - last < 20);
            prop_assert_eq!(found.len(), usize::from(goes_on));
            for each in found {
                prop_assert_eq!((each.made_anew as usize + 1, each.since), (row.len(), at(row[0])));
            }
        }

        /// However often one looks, a VM that fails after so many minutes is in a loop from its fourth life on, or never.
        #[test]
        fn a_loop_does_not_come_and_go(period in 1_i64..40, healthy in any::<bool>(), look in 0_i64..200) {
            let probe = if healthy { ProbeHealth::Healthy } else { ProbeHealth::Timeout };
            let one = vm("a", CurrentAction::None, Some(probe));
            let now = 3 * period + look;
            let began: Vec<i64> = (0..=now / period).map(|turn| turn * period).collect();
            let found = find(&history(&lives("a", &began)), [&one], DELAY, true, at(now));
            prop_assert_eq!(found.len(), usize::from(period < 20));
        }
    }
}
