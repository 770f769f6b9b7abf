//! A day of heartbeats: what is kept of each minute, and what a page draws of it: the day as a strip of fixed slots, the last hour by
//! its figures.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    heartbeat::{Heartbeat, HeartbeatStatus},
};

/// Bytes of one minute in the store.
pub const MINUTE_BYTES: usize = 16;
const SLOT_MINUTES: i64 = 10;
/// A day.
pub const SLOTS: usize = 144;

/// Minutes since 1970.
pub fn minute_of(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(60)
}

fn start_of(minute: i64) -> Timestamp {
    Timestamp::from_timestamp(minute.saturating_mul(60), 0).unwrap_or_default()
}

/// What one agent said within one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// Heartbeats; 255 stands for more.
    pub beats: u8,
    pub worst: HeartbeatStatus,
    /// Of the last heartbeat, as are the following.
    pub cpu_percent: u8,
    pub disk_percent: u8,
    pub memory_mib: u32,
    pub tasks: u64,
}

impl Minute {
    /// Of the minute's first heartbeat.
    pub fn first(heartbeat: &Heartbeat) -> Self {
        let metrics = heartbeat.metrics;
        Self {
            beats: 1,
            worst: heartbeat.status,
            cpu_percent: percent(metrics.cpu_utilization_percent),
            disk_percent: percent(metrics.disk_usage_percent),
            memory_mib: u32::try_from(metrics.memory_usage_bytes >> 20).unwrap_or(u32::MAX),
            tasks: metrics.tasks_completed_total,
        }
    }

    /// With one more heartbeat.
    #[must_use]
    pub fn and(self, heartbeat: &Heartbeat) -> Self {
        let last = Self::first(heartbeat);
        Self { beats: self.beats.saturating_add(1), worst: worse(self.worst, last.worst), ..last }
    }

    pub fn to_bytes(self) -> [u8; MINUTE_BYTES] {
        let mut bytes = [0; MINUTE_BYTES];
        bytes[0] = self.beats;
        bytes[1] = rank(self.worst);
        bytes[2] = self.cpu_percent;
        bytes[3] = self.disk_percent;
        bytes[4..8].copy_from_slice(&self.memory_mib.to_be_bytes());
        bytes[8..].copy_from_slice(&self.tasks.to_be_bytes());
        bytes
    }

    /// None: nothing was heard in it.
    pub fn from_bytes(bytes: &[u8; MINUTE_BYTES]) -> Option<Self> {
        let [beats, worst, cpu_percent, disk_percent, a, b, c, d, tasks @ ..] = *bytes;
        (beats > 0).then(|| Self {
            beats,
            worst: STATUSES[usize::from(worst).min(STATUSES.len() - 1)],
            cpu_percent,
            disk_percent,
            memory_mib: u32::from_be_bytes([a, b, c, d]),
            tasks: u64::from_be_bytes(tasks),
        })
    }
}

/// Best first.
const STATUSES: [HeartbeatStatus; 4] = [
    HeartbeatStatus::Healthy,
    HeartbeatStatus::Stopped,
    HeartbeatStatus::Degraded,
    HeartbeatStatus::Unhealthy,
];

fn rank(status: HeartbeatStatus) -> u8 {
    let place = STATUSES.iter().position(|one| *one == status).unwrap_or_default();
    u8::try_from(place).unwrap_or(u8::MAX)
}

fn worse(one: HeartbeatStatus, other: HeartbeatStatus) -> HeartbeatStatus {
    if rank(other) > rank(one) { other } else { one }
}

fn percent(value: f64) -> u8 {
    value.round().clamp(0.0, 100.0) as u8
}

/// How one slot of the strip is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// The VM did not exist, or its agent had not spoken yet.
    Absent,
    /// The control plane was not listening.
    Unknown,
    Ok,
    /// Stopped on request.
    Stopped,
    /// One minute without a heartbeat, or the agent called itself degraded.
    Late,
    /// Several minutes without a heartbeat.
    Silent,
    /// The agent called itself unhealthy.
    Ill,
}

/// Ten minutes of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub from: Timestamp,
    pub state: SlotState,
    pub beats: u32,
    /// Minutes without a heartbeat in which one was due.
    pub missed: u8,
}

/// A day of slots as a page gets it: runs of equal ones, oldest first. A time and a figure for each of 144 would be most of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// When the first slot begins; the others follow without a gap.
    pub from: Timestamp,
    pub runs: Vec<(SlotState, u16)>,
    /// Heartbeats of the whole day.
    pub beats: u32,
}

impl Day {
    pub fn of(slots: &[Slot]) -> Self {
        let mut runs: Vec<(SlotState, u16)> = Vec::new();
        for slot in slots {
            match runs.last_mut() {
                Some((state, count)) if *state == slot.state => *count += 1,
                _ => runs.push((slot.state, 1)),
            }
        }
        Self {
            from: slots.first().map(|slot| slot.from).unwrap_or_default(),
            runs,
            beats: slots.iter().map(|slot| slot.beats).sum(),
        }
    }

    /// State, first slot and how many, run by run.
    pub fn runs(&self) -> impl Iterator<Item = (SlotState, u16, u16)> + '_ {
        let mut first = 0;
        self.runs.iter().map(move |(state, count)| {
            let begins = first;
            first += count;
            (*state, begins, *count)
        })
    }

    /// When the slot of that number begins.
    pub fn time_of(&self, slot: u16) -> Timestamp {
        self.from + chrono::TimeDelta::minutes(i64::from(slot) * SLOT_MINUTES)
    }
}

/// Minutes of [`Hour`].
const HOUR_MINUTES: i64 = 60;

/// The last hour's figures by minutes, the oldest first and the running one last; None: nothing was heard in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    pub cpu_percent: Vec<Option<u8>>,
    pub memory_mib: Vec<Option<u32>>,
    pub disk_percent: Vec<Option<u8>>,
    pub tasks: Vec<Option<u64>>,
}

impl Hour {
    pub fn of(minutes: &BTreeMap<i64, Minute>, now: Timestamp) -> Self {
        let current = minute_of(now);
        let mut hour = Self::default();
        for minute in current - HOUR_MINUTES + 1..=current {
            let heard = minutes.get(&minute);
            hour.cpu_percent.push(heard.map(|heard| heard.cpu_percent));
            hour.memory_mib.push(heard.map(|heard| heard.memory_mib));
            hour.disk_percent.push(heard.map(|heard| heard.disk_percent));
            hour.tasks.push(heard.map(|heard| heard.tasks));
        }
        hour
    }
}

/// The last 24 hours in slots of ten minutes, the oldest first; the last one holds `now`.
/// `minutes` and `listened` are numbered by [`minute_of`]; `since` is the VM's creation.
pub fn strip(
    minutes: &BTreeMap<i64, Minute>,
    listened: &BTreeSet<i64>,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Slot> {
    let current = minute_of(now);
    let last_slot = current.div_euclid(SLOT_MINUTES);
    let created = since.map_or(i64::MIN, minute_of);
    // What was kept is a day at most, so an agent that is older than that spoke before the first of them.
    let spoke = minutes.keys().next().copied().unwrap_or(i64::MAX).max(created);
    let slots = i64::try_from(SLOTS).unwrap_or(i64::MAX);
    (last_slot - slots + 1..=last_slot)
        .map(|number| {
            let first = number * SLOT_MINUTES;
            // The minute that still runs owes nothing yet.
            let due = (first..first + SLOT_MINUTES)
                .filter(|minute| *minute >= spoke)
                .filter(|minute| *minute < current || minutes.contains_key(minute));
            fold(start_of(first), due, minutes, listened)
        })
        .collect()
}

fn fold(
    from: Timestamp,
    due: impl Iterator<Item = i64>,
    minutes: &BTreeMap<i64, Minute>,
    listened: &BTreeSet<i64>,
) -> Slot {
    let mut slot = Slot { from, state: SlotState::Absent, beats: 0, missed: 0 };
    let mut worst = None;
    for minute in due {
        match minutes.get(&minute) {
            Some(heard) => {
                slot.beats += u32::from(heard.beats);
                worst = Some(worst.map_or(heard.worst, |before| worse(before, heard.worst)));
            }
            None if listened.contains(&minute) => slot.missed += 1,
            // Nobody knows. It shows where nothing else is known of the slot.
            None if slot.state == SlotState::Absent => slot.state = SlotState::Unknown,
            None => {}
        }
    }
    slot.state = match (slot.missed, worst) {
        (0, None) => slot.state,
        (_, Some(HeartbeatStatus::Unhealthy)) => SlotState::Ill,
        (2.., _) | (1, None) => SlotState::Silent,
        (1, _) | (_, Some(HeartbeatStatus::Degraded)) => SlotState::Late,
        (_, Some(HeartbeatStatus::Stopped)) => SlotState::Stopped,
        (_, Some(HeartbeatStatus::Healthy)) => SlotState::Ok,
    };
    slot
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 60;

    fn heard(worst: HeartbeatStatus) -> Minute {
        Minute { beats: 6, worst, cpu_percent: 5, disk_percent: 7, memory_mib: 900, tasks: 12 }
    }

    fn now() -> Timestamp {
        start_of(30_000_007)
    }

    fn whole_day(except: &[i64]) -> (BTreeMap<i64, Minute>, BTreeSet<i64>) {
        let range = minute_of(now()) - 2 * DAY..=minute_of(now());
        let minutes = range
            .clone()
            .filter(|minute| !except.contains(minute))
            .map(|minute| (minute, heard(HeartbeatStatus::Healthy)))
            .collect();
        (minutes, range.collect())
    }

    #[test]
    fn a_minute_is_read_back_as_it_was_written() {
        for status in STATUSES {
            let minute = heard(status);
            assert_eq!(Minute::from_bytes(&minute.to_bytes()), Some(minute));
        }
        assert_eq!(Minute::from_bytes(&[0; MINUTE_BYTES]), None);
    }

    #[test]
    fn one_missed_minute_is_late_and_two_are_silence() {
        let third = minute_of(now()).div_euclid(10) * 10 - 30;
        let (minutes, listened) = whole_day(&[third, third + 10, third + 11]);
        let slots = strip(&minutes, &listened, None, now());
        let states: Vec<SlotState> = slots[SLOTS - 4..].iter().map(|slot| slot.state).collect();
        assert_eq!(states, [SlotState::Late, SlotState::Silent, SlotState::Ok, SlotState::Ok]);
        assert_eq!((slots[SLOTS - 4].missed, slots[SLOTS - 4].beats), (1, 54));
    }

    #[test]
    fn what_nobody_listened_to_is_unknown_and_what_was_not_there_is_absent() {
        let (mut minutes, mut listened) = whole_day(&[]);
        let end = minute_of(now()).div_euclid(10) * 10;
        minutes.retain(|minute, _| !(end - 20..end).contains(minute));
        listened.retain(|minute| !(end - 20..end - 10).contains(minute));
        let slots = strip(&minutes, &listened, None, now());
        assert_eq!(slots[SLOTS - 3].state, SlotState::Unknown);
        assert_eq!(slots[SLOTS - 2].state, SlotState::Silent);
        let born = strip(&minutes, &listened, Some(start_of(end)), now());
        assert_eq!((born[0].state, born[SLOTS - 2].state), (SlotState::Absent, SlotState::Absent));
        assert_eq!(born[SLOTS - 1].state, SlotState::Ok);
    }

    #[test]
    fn a_word_of_the_agent_shows() {
        let (mut minutes, listened) = whole_day(&[]);
        let end = minute_of(now()).div_euclid(10) * 10;
        minutes.insert(end - 5, heard(HeartbeatStatus::Unhealthy));
        minutes.insert(end - 15, heard(HeartbeatStatus::Degraded));
        let slots = strip(&minutes, &listened, None, now());
        assert_eq!((slots[SLOTS - 3].state, slots[SLOTS - 2].state), (SlotState::Late, SlotState::Ill));
    }

    #[test]
    fn a_day_is_told_in_runs() {
        let (minutes, listened) = whole_day(&[minute_of(now()).div_euclid(10) * 10 - 30]);
        let slots = strip(&minutes, &listened, None, now());
        let day = Day::of(&slots);
        let runs: Vec<_> = day.runs().collect();
        assert_eq!(runs, [(SlotState::Ok, 0, 140), (SlotState::Late, 140, 1), (SlotState::Ok, 141, 3)]);
        assert_eq!(day.time_of(141), slots[141].from);
        assert_eq!(day.beats, slots.iter().map(|slot| slot.beats).sum::<u32>());
        assert!(serde_json::to_string(&day).unwrap().len() < 120);
    }

    #[test]
    fn an_hour_has_a_gap_where_nothing_was_heard() {
        let (mut minutes, _) = whole_day(&[]);
        let current = minute_of(now());
        minutes.remove(&(current - 1));
        let hour = Hour::of(&minutes, now());
        assert_eq!((hour.cpu_percent.len(), hour.tasks.len()), (60, 60));
        assert_eq!(hour.cpu_percent[57..], [Some(5), None, Some(5)]);
        assert_eq!((hour.memory_mib[0], hour.disk_percent[58]), (Some(900), None));
    }

    proptest! {
        /// Always a day of slots, each ten minutes after the one before, the last one holding the present.
        #[test]
        fn the_slots_are_fixed(
            spoken in prop::collection::btree_set(0_i64..3 * DAY, 0..200),
            listened in prop::collection::btree_set(0_i64..3 * DAY, 0..200),
            seconds in 0_i64..3 * DAY * 60,
        ) {
            let minutes: BTreeMap<i64, Minute> =
                spoken.into_iter().map(|minute| (minute, heard(HeartbeatStatus::Healthy))).collect();
            let now = Timestamp::from_timestamp(seconds, 0).unwrap();
            let slots = strip(&minutes, &listened, None, now);
            prop_assert_eq!(slots.len(), SLOTS);
            for pair in slots.windows(2) {
                prop_assert_eq!((pair[1].from - pair[0].from).num_minutes(), SLOT_MINUTES);
            }
            let last = slots[SLOTS - 1].from;
            prop_assert!(last <= now && (now - last).num_minutes() < SLOT_MINUTES);
            let spoken: u32 = slots.iter().map(|slot| slot.beats).sum();
            let first = minute_of(slots[0].from);
            let end = first + DAY;
            let within: u32 =
                minutes.range(first..end).map(|(_, minute)| u32::from(minute.beats)).sum();
            prop_assert_eq!(spoken, within);
        }
    }
}
