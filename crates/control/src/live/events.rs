//! The log of what changed: a ring in memory, so that a tab that was away a moment resumes where it stopped.

use std::{collections::VecDeque, fmt, str::FromStr, sync::Arc};

use domain::{ChangeId, view::instance::InstanceDelta};

/// Kept passings and other news: each agent of a fleet of ten thousand may pass three times.
const KEPT: usize = 32_768;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// Differs from process to process: numbers start again.
    pub epoch: u64,
    pub number: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl FromStr for EventId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, number) = text.split_once('-').ok_or(())?;
        Ok(Self { epoch: epoch.parse().map_err(|_| ())?, number: number.parse().map_err(|_| ())? })
    }
}

#[derive(Clone, Debug)]
pub enum News {
    /// Instances that came, passed into another state, or left, in their order.
    Instances(Vec<InstanceDelta>),
    /// Settings, sizes or conditions of the environment's pools.
    Pools,
    Change(ChangeId),
    /// An incident, an alert or an agent's command moved.
    Health,
}

impl News {
    fn weight(&self) -> usize {
        match self {
            Self::Instances(deltas) => deltas.len(),
            Self::Pools | Self::Change(_) | Self::Health => 1,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub environment: String,
    pub news: News,
}

#[derive(Debug)]
pub enum Backlog {
    /// Nothing was heard before; all from after this id on.
    Begin(EventId),
    /// Oldest first.
    Events(Vec<Arc<Event>>),
    /// The ring no longer reaches back that far, or another process counted: load again, then go on after this id.
    Gap(EventId),
}

#[derive(Debug)]
pub(super) struct Log {
    epoch: u64,
    last: u64,
    ring: VecDeque<Arc<Event>>,
    /// Of all that is in the ring.
    weight: usize,
}

impl Log {
    pub(super) fn new(epoch: u64) -> Self {
        Self { epoch, last: 0, ring: VecDeque::new(), weight: 0 }
    }

    pub(super) fn append(&mut self, environment: &str, news: News) -> Arc<Event> {
        self.last += 1;
        let id = EventId { epoch: self.epoch, number: self.last };
        let event = Arc::new(Event { id, environment: environment.to_owned(), news });
        self.weight += event.news.weight();
        self.ring.push_back(event.clone());
        while self.weight > KEPT
            && let Some(oldest) = self.ring.pop_front()
        {
            self.weight -= oldest.news.weight();
        }
        event
    }

    pub(super) fn head(&self) -> EventId {
        EventId { epoch: self.epoch, number: self.last }
    }

    pub(super) fn since(&self, after: Option<EventId>) -> Backlog {
        let head = self.head();
        let Some(after) = after else { return Backlog::Begin(head) };
        // Whoever asks chose the number.
        let next = after.number.saturating_add(1);
        let reaches = self.ring.front().is_none_or(|oldest| oldest.id.number <= next);
        if after.epoch != self.epoch || after.number > self.last || !reaches {
            return Backlog::Gap(head);
        }
        Backlog::Events(self.ring.iter().filter(|event| event.id > after).cloned().collect())
    }
}
