//! What was heard within each minute, until the store was told of it.

use std::collections::HashMap;

use domain::{
    Timestamp,
    heartbeat::Heartbeat,
    heartbeat_history::{Minute, minute_of},
};
use store::HeartbeatMinute;

use super::rows::Key;

/// Kept while the database is away; older ones are let go.
const KEPT: usize = 200_000;

#[derive(Debug, Default)]
pub(super) struct Minutes {
    running: HashMap<Key, HeartbeatMinute>,
    over: Vec<HeartbeatMinute>,
    /// The first minute that nobody was told was listened to.
    listened_from: Option<i64>,
}

/// What the store is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingMinutes {
    pub minutes: Vec<HeartbeatMinute>,
    /// Minutes that were listened to from their beginning to their end.
    pub listened: Vec<i64>,
}

impl PendingMinutes {
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty() && self.listened.is_empty()
    }
}

impl Minutes {
    /// From now on what is not heard was not said. The minute that runs began without us.
    pub(super) fn listen_from(&mut self, now: Timestamp) {
        self.listened_from = Some(minute_of(now) + 1);
    }

    pub(super) fn hear(&mut self, key: &Key, instance_id: &str, heartbeat: &Heartbeat, now: Timestamp) {
        let number = minute_of(now);
        match self.running.get_mut(key) {
            Some(running) if running.number == number && running.instance_id == instance_id => {
                running.minute = running.minute.and(heartbeat);
            }
            running => {
                let begun = HeartbeatMinute {
                    environment: key.0.clone(),
                    name: key.1.clone(),
                    instance_id: instance_id.to_owned(),
                    number,
                    minute: Minute::first(heartbeat),
                };
                match running {
                    Some(running) => self.over.push(std::mem::replace(running, begun)),
                    None => drop(self.running.insert(key.clone(), begun)),
                }
            }
        }
    }

    /// The minutes that are over; with `all` also those that run, which is for a stop.
    pub(super) fn take(&mut self, now: Timestamp, all: bool) -> PendingMinutes {
        let current = minute_of(now);
        let mut minutes = std::mem::take(&mut self.over);
        let ended = self.running.extract_if(|_, running| all || running.number < current);
        minutes.extend(ended.map(|(_, minute)| minute));
        let listened: Vec<i64> = self.listened_from.map_or_else(Vec::new, |from| (from..current).collect());
        if !listened.is_empty() {
            self.listened_from = Some(current);
        }
        PendingMinutes { minutes, listened }
    }

    pub(super) fn put_back(&mut self, pending: PendingMinutes) {
        if let Some(first) = pending.listened.first() {
            self.listened_from = Some(*first);
        }
        self.over.extend(pending.minutes);
        let surplus = self.over.len().saturating_sub(KEPT);
        self.over.drain(..surplus);
    }

    /// What the store does not know yet of this incarnation.
    pub(super) fn of(&self, key: &Key, instance_id: &str) -> Vec<(i64, Minute)> {
        let over = self.over.iter().filter(|one| (&one.environment, &one.name) == (&key.0, &key.1));
        over.chain(self.running.get(key))
            .filter(|one| one.instance_id == instance_id)
            .map(|one| (one.number, one.minute))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::heartbeat::{HeartbeatMetrics, HeartbeatStatus};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn heartbeat(status: HeartbeatStatus) -> Heartbeat {
        Heartbeat {
            boot_id: "b".into(),
            sequence: 1,
            uptime_seconds: 1,
            version: "0.1.0".into(),
            status,
            agent_type: "backend-developer".into(),
            environment: "dev".into(),
            metrics: HeartbeatMetrics {
                tasks_completed_total: 3,
                cpu_utilization_percent: 40.4,
                memory_usage_bytes: 5 << 20,
                disk_usage_percent: 0.0,
            },
        }
    }

    #[test]
    fn a_minute_is_told_once_it_is_over() {
        let mut minutes = Minutes::default();
        let key = ("dev".to_owned(), "a".to_owned());
        minutes.listen_from(at(0));
        minutes.hear(&key, "7", &heartbeat(HeartbeatStatus::Healthy), at(1));
        minutes.hear(&key, "7", &heartbeat(HeartbeatStatus::Degraded), at(11));
        minutes.hear(&key, "7", &heartbeat(HeartbeatStatus::Healthy), at(21));
        assert!(minutes.take(at(59), false).is_empty());
        assert_eq!(minutes.of(&key, "7").len(), 1);
        let told = minutes.take(at(60), false);
        let minute = told.minutes[0].minute;
        assert_eq!((minute.beats, minute.worst, minute.cpu_percent), (3, HeartbeatStatus::Degraded, 40));
        assert!(told.listened.is_empty(), "the first minute was listened to in part");
        let next = minutes.take(at(180), false);
        assert_eq!((next.minutes.len(), next.listened.len()), (0, 2));
        minutes.put_back(next.clone());
        assert_eq!(minutes.take(at(180), false), next);
    }

    #[test]
    fn another_vm_of_the_name_has_minutes_of_its_own() {
        let mut minutes = Minutes::default();
        let key = ("dev".to_owned(), "a".to_owned());
        minutes.hear(&key, "7", &heartbeat(HeartbeatStatus::Healthy), at(1));
        minutes.hear(&key, "8", &heartbeat(HeartbeatStatus::Healthy), at(2));
        assert_eq!(minutes.take(at(3), true).minutes.len(), 2);
    }
}
