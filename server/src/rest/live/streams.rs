//! How many live streams each session has open: a browser that opens them without end takes places from nobody else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// More tabs than anybody reads. Each costs a task, a place in the broadcast, and a look at its rows four times a second.
pub(super) const MOST: usize = 16;

/// By session, as the store calls it; who has none open is not in it.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// One open stream of a session, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    streams: Streams,
    session: String,
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None: the session has as many open as it may.
    pub(super) fn take(&self, session: &str) -> Option<Place> {
        let mut open = self.lock();
        let count = open.entry(session.to_owned()).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Place { streams: self.clone(), session: session.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if let Some(count) = open.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_stream_has_ended() {
        let streams = Streams::default();
        let mut places: Vec<Place> = (0..MOST).map(|_| streams.take("one").unwrap()).collect();
        assert!(streams.take("one").is_none());
        assert!(streams.take("another").is_some(), "it is its own business");
        places.pop();
        places.push(streams.take("one").unwrap());
        assert!(streams.take("one").is_none());
        drop(places);
        assert!(streams.lock().is_empty(), "nothing is left of who has gone");
    }
}
