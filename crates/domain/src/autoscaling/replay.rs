//! What another policy would have done with the load that was: the stored looks, sized anew.
//!
//! What is modelled, as the service documents it:
//! - The load of a look is what the service recommended then, times the target it went by: at a target half as high, twice as many VMs.
//! - The stabilization period is in it already, because the service recommends the peak of its last ten minutes; no draft changes it.
//! - The bounds; the scale-in control, by the largest size within its window; and the mode.
//!
//! What is not: other metrics and schedules count as they did, cooldown and predictions not at all, because a look holds no load of single
//! VMs. Where the service was held at a bound, what lies beyond it was not seen; [`Replay::at_minimum`] and [`Replay::at_maximum`] say how long.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{AutoscalingMode, Sample};
use crate::{Timestamp, resource::Autoscaler};

/// Seconds between two looks after which nobody knows what ran: the control plane was away. A look is kept every minute.
const LONGEST_PAUSE: i64 = 600;

/// A look, and the size that the draft would have given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    pub at: Timestamp,
    pub running: u32,
    pub size: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Oldest first.
    pub points: Vec<Replayed>,
    /// Seconds of which it is known what ran.
    pub covered: i64,
    /// VM seconds that ran, and that would have.
    pub ran: i64,
    pub would_run: i64,
    /// Of the covered seconds: the service was held at its minimum or maximum, and the draft would not have been at its own.
    pub at_minimum: i64,
    pub at_maximum: i64,
}

/// The looks, oldest first, by the policy of `in_force` that they were made under, and by `draft`; the last one counts until `now`.
pub fn replay(samples: &[Sample], in_force: &Autoscaler, draft: &Autoscaler, now: Timestamp) -> Replay {
    let mut replay = Replay::default();
    let Some(first) = samples.first() else { return replay };
    let mut sizes: VecDeque<(Timestamp, u32)> = VecDeque::new();
    // What the group was told when the first look was made.
    let mut size = within(first.target, draft);
    sizes.push_back((first.at, size));
    for (index, sample) in samples.iter().enumerate() {
        let wanted = sample.recommended.map_or(size, |size| needed(size, in_force, draft));
        while sizes.front().is_some_and(|(at, _)| seconds(*at, sample.at) > window(draft)) {
            sizes.pop_front();
        }
        let largest = sizes.iter().map(|(_, size)| *size).max().unwrap_or(size);
        let asked = within(wanted.max(largest.saturating_sub(may_go(largest, draft))), draft);
        size = match draft.mode {
            AutoscalingMode::On => asked,
            AutoscalingMode::OnlyScaleOut => asked.max(size),
            AutoscalingMode::Off => size,
        };
        sizes.push_back((sample.at, size));
        replay.points.push(Replayed { at: sample.at, running: sample.running, size });

        let until = samples.get(index + 1).map_or(now, |next| next.at);
        let lasted = seconds(sample.at, until);
        if !(0..=LONGEST_PAUSE).contains(&lasted) {
            continue;
        }
        replay.covered += lasted;
        replay.ran += i64::from(sample.running) * lasted;
        replay.would_run += i64::from(size) * lasted;
        if sample.recommended == Some(sample.minimum) && size > draft.min_replicas {
            replay.at_minimum += lasted;
        }
        if sample.recommended == Some(sample.maximum) && size < draft.max_replicas {
            replay.at_maximum += lasted;
        }
    }
    replay
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    (to - from).num_seconds()
}

fn window(draft: &Autoscaler) -> i64 {
    i64::from(draft.scale_in.time_window_sec)
}

/// Bounds that contradict each other are refused elsewhere; here the maximum wins, as with the service.
fn within(size: u32, draft: &Autoscaler) -> u32 {
    size.clamp(draft.min_replicas.min(draft.max_replicas), draft.max_replicas)
}

/// VMs that carry at the draft's target what `recommended` carried at the one in force.
fn needed(recommended: u32, in_force: &Autoscaler, draft: &Autoscaler) -> u32 {
    let share = in_force.cpu_target / draft.cpu_target;
    if !share.is_finite() || share <= 0.0 {
        return recommended;
    }
    // A whole number stays one, whatever the division left behind it.
    (f64::from(recommended) * share - 1e-9).ceil() as u32
}

/// Of so many VMs, how many may go within the window.
fn may_go(size: u32, draft: &Autoscaler) -> u32 {
    let share = u64::from(size) * u64::from(draft.scale_in.max_percent.min(100));
    u32::try_from(share.div_ceil(100)).unwrap_or(size)
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;
    use crate::resource::ScaleInControl;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
    }

    fn policy(min_replicas: u32, max_replicas: u32, cpu_target: f64) -> Autoscaler {
        Autoscaler {
            name: "a".into(),
            group: "g".into(),
            min_replicas,
            max_replicas,
            cooldown_sec: 60,
            cpu_target,
            predictive: false,
            custom_metrics: Vec::new(),
            scale_in: ScaleInControl { max_percent: 100, time_window_sec: 600 },
            mode: AutoscalingMode::On,
            schedules: Vec::new(),
        }
    }

    /// A look every minute, at which the service recommended that and it ran.
    fn looks(recommended: &[u32], in_force: &Autoscaler) -> Vec<Sample> {
        (0..)
            .zip(recommended)
            .map(|(minute, size)| Sample {
                at: at(minute * 60),
                running: *size,
                target: *size,
                recommended: Some(*size),
                minimum: in_force.min_replicas,
                maximum: in_force.max_replicas,
            })
            .collect()
    }

    fn sizes(replay: &Replay) -> Vec<u32> {
        replay.points.iter().map(|point| point.size).collect()
    }

    #[test]
    fn half_the_target_takes_twice_the_vms_and_a_third_more_rounds_up() {
        let in_force = policy(1, 20, 0.6);
        let samples = looks(&[2, 3, 6], &in_force);
        let by = |target| sizes(&replay(&samples, &in_force, &policy(1, 20, target), at(180)));
        assert_eq!(by(0.3), [4, 6, 12]);
        assert_eq!(by(0.8), [2, 3, 5]);
        assert_eq!(by(0.0), [2, 3, 6], "a target that means nothing changes nothing");
    }

    #[test]
    fn hours_are_those_between_looks_and_a_pause_is_nobody_s() {
        let in_force = policy(1, 5, 0.6);
        let mut samples = looks(&[2, 2], &in_force);
        samples.push(Sample { at: at(7200), ..samples[1].clone() });
        let said = replay(&samples, &in_force, &policy(1, 5, 0.3), at(7260));
        // A minute after the first look, two hours of silence after the second, a minute after the third.
        assert_eq!((said.covered, said.ran, said.would_run), (120, 240, 480));
        assert_eq!(replay(&[], &in_force, &in_force, at(0)), Replay::default());
    }

    #[test]
    fn a_fall_waits_for_the_scale_in_window() {
        let in_force = policy(1, 10, 0.6);
        let mut load = vec![10];
        load.extend([1; 12]);
        let mut draft = in_force.clone();
        draft.scale_in = ScaleInControl { max_percent: 20, time_window_sec: 300 };
        let said = sizes(&replay(&looks(&load, &in_force), &in_force, &draft, at(780)));
        // Two of ten may go in five minutes; once the ten are out of sight, two of eight.
        assert_eq!(said, [10, 8, 8, 8, 8, 8, 6, 6, 6, 6, 6, 4, 4]);
    }

    #[test]
    fn a_mode_that_does_not_scale_in_or_at_all_keeps_the_size() {
        let in_force = policy(1, 10, 0.6);
        let samples = looks(&[2, 5, 3], &in_force);
        let by =
            |mode| sizes(&replay(&samples, &in_force, &Autoscaler { mode, ..in_force.clone() }, at(180)));
        assert_eq!(by(AutoscalingMode::On), [2, 5, 3]);
        assert_eq!(by(AutoscalingMode::OnlyScaleOut), [2, 5, 5]);
        assert_eq!(by(AutoscalingMode::Off), [2, 2, 2]);
    }

    #[test]
    fn what_a_bound_hid_is_counted_where_it_matters() {
        let in_force = policy(2, 4, 0.6);
        let samples = looks(&[4, 4, 2], &in_force);
        let said = |draft: &Autoscaler| {
            let replay = replay(&samples, &in_force, draft, at(180));
            (replay.at_minimum, replay.at_maximum)
        };
        assert_eq!(said(&policy(2, 4, 0.6)), (0, 0), "the draft has the same bounds");
        assert_eq!(said(&policy(2, 8, 0.6)), (0, 120));
        assert_eq!(said(&policy(1, 4, 0.6)), (60, 0));
    }

    #[test]
    fn without_a_recommendation_the_size_stays() {
        let in_force = policy(1, 10, 0.6);
        let mut samples = looks(&[3, 3, 3], &in_force);
        samples[1].recommended = None;
        assert_eq!(sizes(&replay(&samples, &in_force, &policy(1, 10, 0.3), at(180))), [6, 6, 6]);
    }

    fn drafts() -> impl Strategy<Value = Autoscaler> {
        let mode = prop_oneof![
            Just(AutoscalingMode::On),
            Just(AutoscalingMode::OnlyScaleOut),
            Just(AutoscalingMode::Off)
        ];
        (0_u32..8, 0_u32..20, 0.05_f64..1.0, 0_u32..=100, 0_u32..1200, mode).prop_map(
            |(least, more, target, max_percent, time_window_sec, mode)| Autoscaler {
                scale_in: ScaleInControl { max_percent, time_window_sec },
                mode,
                ..policy(least, least + more, target)
            },
        )
    }

    proptest! {
        /// The policy that was in force, under a load that did not change, gives the size that was.
        #[test]
        fn the_policy_in_force_gives_what_it_gave(in_force in drafts(), part in 0.0_f64..=1.0, count in 1_usize..40) {
            let more = f64::from(in_force.max_replicas - in_force.min_replicas);
            let size = in_force.min_replicas + (more * part) as u32;
            let samples = looks(&vec![size; count], &in_force);
            let said = replay(&samples, &in_force, &in_force, at(60 * count as i64));
            prop_assert_eq!(sizes(&said), vec![size; count]);
            prop_assert_eq!(said.ran, said.would_run);
            prop_assert_eq!((said.at_minimum, said.at_maximum), (0, 0));
        }

        #[test]
        fn no_size_is_outside_of_the_bounds(
            load in collection::vec(0_u32..40, 1..60), in_force in drafts(), draft in drafts(),
        ) {
            let said = replay(&looks(&load, &in_force), &in_force, &draft, at(60 * load.len() as i64));
            for size in sizes(&said) {
                prop_assert!((draft.min_replicas..=draft.max_replicas).contains(&size), "{}", size);
            }
        }

        /// Against every size within the window, not only the one before.
        #[test]
        fn no_more_goes_within_the_window_than_the_control_allows(
            load in collection::vec(0_u32..40, 1..60), in_force in drafts(), draft in drafts(),
        ) {
            let said = replay(&looks(&load, &in_force), &in_force, &draft, at(60 * load.len() as i64));
            for (index, later) in said.points.iter().enumerate() {
                for earlier in &said.points[..index] {
                    let within = seconds(earlier.at, later.at) <= window(&draft);
                    let least = earlier.size.saturating_sub(may_go(earlier.size, &draft));
                    prop_assert!(!within || later.size >= least, "{} after {}", later.size, earlier.size);
                }
            }
        }
    }
}
