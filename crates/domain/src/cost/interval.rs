//! Run intervals: when each VM ran, as the looks at Compute Engine saw it, and at which price.
//! An interval begins with the first look that sees the VM running. It ends with the last look that saw it, so that
//! nothing is charged which nobody saw; a VM that outlives an outage of the control plane ran through it.

use std::collections::BTreeMap;

use chrono::SubsecRound as _;

use super::VmPrice;
use crate::{Timestamp, instance::InstanceStatus};

/// One incarnation of a VM: a name may come back with another id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmKey {
    pub zone: String,
    pub name: String,
    pub instance_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningVm {
    pub key: VmKey,
    pub pool: String,
    pub agent_type: String,
    /// None while the group names no template for it, as when it is being deleted: then what was known of it stands.
    pub price: Option<VmPrice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenInterval {
    pub id: i64,
    pub key: VmKey,
    pub price: Option<VmPrice>,
    pub began_at: Timestamp,
}

/// What a look changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalSteps {
    /// Intervals with their ends.
    pub close: Vec<(i64, Timestamp)>,
    /// VMs whose interval begins at [`IntervalSteps::at`].
    pub open: Vec<RunningVm>,
    pub at: Timestamp,
}

/// Compute Engine charges a VM from RUNNING until it is TERMINATED, also while it stops or is repaired:
/// <https://cloud.google.com/compute/vm-instance-pricing>
pub const fn runs(status: &InstanceStatus) -> bool {
    use InstanceStatus as Status;
    matches!(status, Status::Running | Status::Stopping | Status::Suspending | Status::Repairing)
}

/// What the look at `at` says of the intervals that are open; `last_look` is the one before it. The same look twice
/// changes nothing the second time. Whole seconds: parts of an interval then add up to it.
pub fn step(
    open: &[OpenInterval],
    running: &[RunningVm],
    at: Timestamp,
    last_look: Option<Timestamp>,
) -> IntervalSteps {
    let at = at.trunc_subsecs(0);
    let last_look = last_look.map_or(at, |last| last.trunc_subsecs(0)).min(at);
    let mut new: BTreeMap<&VmKey, &RunningVm> = running.iter().map(|vm| (&vm.key, vm)).collect();
    let mut close = Vec::new();
    for interval in open {
        let ended_at = match new.get(&interval.key) {
            None => last_look,
            // A new price, as from a new price book, counts from now on.
            Some(vm) if vm.price.is_some() && vm.price != interval.price => at,
            Some(_) => {
                new.remove(&interval.key);
                continue;
            }
        };
        close.push((interval.id, ended_at.max(interval.began_at)));
    }
    IntervalSteps { close, open: new.into_values().cloned().collect(), at }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;
    use crate::cost::Money;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn price(machine: i64) -> VmPrice {
        VmPrice {
            machine_type: "e2-standard-2".to_owned(),
            spot: false,
            machine: Some(Money::from_nanos(machine)),
            disks: Some(Money::ZERO),
            address: Some(Money::ZERO),
            book: "1".to_owned(),
        }
    }

    fn vm(name: u8, price: Option<VmPrice>) -> RunningVm {
        let key = VmKey { zone: "z".to_owned(), name: format!("vm-{name}"), instance_id: format!("7{name}") };
        RunningVm { key, pool: "web".to_owned(), agent_type: "architect".to_owned(), price }
    }

    /// Rows as the store keeps them: what is open, and what has ended.
    #[derive(Default)]
    struct Rows {
        open: Vec<OpenInterval>,
        ended: Vec<(OpenInterval, Timestamp)>,
        next: i64,
    }

    impl Rows {
        fn take(&mut self, steps: IntervalSteps) {
            for (id, ended_at) in steps.close {
                let index = self.open.iter().position(|interval| interval.id == id).unwrap();
                let interval = self.open.remove(index);
                self.ended.push((interval, ended_at));
            }
            for vm in steps.open {
                self.next += 1;
                let (key, price) = (vm.key, vm.price);
                assert!(self.open.iter().all(|interval| interval.key != key), "twice open");
                self.open.push(OpenInterval { id: self.next, key, price, began_at: steps.at });
            }
        }

        fn seconds(&self, key: &VmKey, until: Timestamp) -> i64 {
            let open = self.open.iter().map(|interval| (interval, until));
            let ended = self.ended.iter().map(|(interval, ended_at)| (interval, *ended_at));
            ended
                .chain(open)
                .filter(|(interval, _)| &interval.key == key)
                .map(|(interval, ended_at)| (ended_at - interval.began_at).num_seconds())
                .sum()
        }
    }

    #[test]
    fn a_vm_being_deleted_keeps_the_price_that_it_had() {
        let mut rows = Rows::default();
        rows.take(step(&rows.open, &[vm(1, Some(price(5)))], second(0), None));
        let deleting = step(&rows.open, &[vm(1, None)], second(3), Some(second(0)));
        assert_eq!((deleting.close, deleting.open), (vec![], vec![]));
        let repriced = step(&rows.open, &[vm(1, Some(price(6)))], second(9), Some(second(3)));
        assert_eq!((repriced.close, repriced.open.len()), (vec![(1, second(9))], 1));
    }

    proptest! {
        /// Looks at growing times, each seeing some of four VMs at one of two prices, each look taken once or twice,
        /// and the control plane away now and then: against a count of the seconds between looks that both saw a VM.
        #[test]
        fn intervals_add_up_to_the_seconds_that_looks_saw(
            looks in collection::vec((1_i64..90, collection::btree_set(0_u8..4, 0..4), 0_i64..2, any::<bool>()), 1..30),
        ) {
            let mut rows = Rows::default();
            let (mut now, mut last) = (0, None);
            let mut before = std::collections::BTreeSet::new();
            let mut expected = [0_i64; 4];
            for (pause, seen, machine, twice) in looks {
                now += pause;
                for name in seen.intersection(&before) {
                    expected[usize::from(*name)] += pause;
                }
                let running: Vec<RunningVm> = seen.iter().map(|name| vm(*name, Some(price(machine)))).collect();
                rows.take(step(&rows.open, &running, second(now), last));
                if twice {
                    let again = step(&rows.open, &running, second(now), last);
                    prop_assert!(again.close.is_empty() && again.open.is_empty());
                }
                (last, before) = (Some(second(now)), seen);
            }
            for (name, seconds) in (0_u8..).zip(expected) {
                prop_assert_eq!(rows.seconds(&vm(name, None).key, second(now)), seconds);
            }
            // No two intervals of a VM share a second.
            for (index, (one, one_end)) in rows.ended.iter().enumerate() {
                for (other, other_end) in &rows.ended[..index] {
                    let apart = one.began_at >= *other_end || other.began_at >= *one_end;
                    prop_assert!(one.key != other.key || apart);
                }
            }
        }
    }
}
