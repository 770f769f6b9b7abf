//! A day in cells: 144 slots of ten minutes, the oldest at the left. Well is quiet; what is ill is taller.

use domain::heartbeat_history::{Slot, SlotState};
use leptos::prelude::*;

use super::{glyph::State, moment::utc};
use crate::words;

const PITCH: f64 = 6.5;
const WIDTH: f64 = 4.5;

const fn drawn(state: SlotState) -> Option<(State, u8)> {
    match state {
        SlotState::Absent => None,
        SlotState::Ok => Some((State::Ok, 12)),
        SlotState::Late => Some((State::Warn, 16)),
        SlotState::Silent | SlotState::Ill => Some((State::Crit, 20)),
        SlotState::Stopped | SlotState::Unknown => Some((State::Paused, 4)),
    }
}

/// One path for each state that occurs.
fn paths(slots: &[Slot]) -> Vec<(State, String)> {
    [State::Ok, State::Paused, State::Warn, State::Crit]
        .into_iter()
        .filter_map(|state| {
            let mut path = String::new();
            for (index, slot) in slots.iter().enumerate() {
                let Some((own, height)) = drawn(slot.state).filter(|(own, _)| *own == state) else {
                    continue;
                };
                debug_assert_eq!(own, state, "one path holds one state");
                let (x, y) = (index as f64 * PITCH, (20 - height) / 2);
                path += &format!("M{x} {y}h{WIDTH}v{height}h-{WIDTH}z");
            }
            (!path.is_empty()).then_some((state, path))
        })
        .collect()
}

/// What the cells say, for who cannot see them.
pub fn summary(slots: &[Slot]) -> String {
    let count = |state: SlotState| slots.iter().filter(|slot| slot.state == state).count() as u64;
    let parts: Vec<String> = [
        (SlotState::Silent, "silent"),
        (SlotState::Ill, "ill"),
        (SlotState::Late, "late"),
        (SlotState::Stopped, "stopped"),
        (SlotState::Unknown, "not listened to"),
    ]
    .into_iter()
    .filter(|(state, _)| count(*state) > 0)
    .map(|(state, word)| {
        let first =
            slots.iter().find(|slot| slot.state == state).map(|slot| utc(slot.from)).unwrap_or_default();
        format!("{} {word}, the first from {first}", words::count(count(state), "cell"))
    })
    .collect();
    let beats: u32 = slots.iter().map(|slot| slot.beats).sum();
    match (beats, parts.is_empty()) {
        (0, true) => "No heartbeat was heard in the last 24 hours".to_owned(),
        (_, true) => "Heartbeats of 24 hours: none missed".to_owned(),
        _ => format!("Heartbeats of 24 hours: {}", words::list(&parts)),
    }
}

pub fn strip(slots: &[Slot]) -> impl IntoView + use<> {
    let paths = paths(slots)
        .into_iter()
        .map(|(state, path)| view! { <path data-s=state.as_str() d=path></path> })
        .collect_view();
    let label = summary(slots);
    view! {
        <svg class="strip" viewBox="0 0 936 20" preserveAspectRatio="none" role="img" aria-label=label>
            {paths}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn slot(state: SlotState) -> Slot {
        Slot { from: Timestamp::default(), state, beats: 6, missed: 0 }
    }

    #[test]
    fn states_share_a_path_and_absence_draws_nothing() {
        let drawn = paths(&[
            slot(SlotState::Ok),
            slot(SlotState::Absent),
            slot(SlotState::Ok),
            slot(SlotState::Silent),
        ]);
        assert_eq!(drawn.len(), 2);
        assert_eq!(drawn[0].1, "M0 4h4.5v12h-4.5zM13 4h4.5v12h-4.5z");
        assert_eq!(drawn[1], (State::Crit, "M19.5 0h4.5v20h-4.5z".to_owned()));
    }

    #[test]
    fn the_summary_names_what_is_wrong_and_since_when() {
        assert_eq!(summary(&[slot(SlotState::Ok)]), "Heartbeats of 24 hours: none missed");
        let said = summary(&[slot(SlotState::Ok), slot(SlotState::Silent)]);
        assert_eq!(said, "Heartbeats of 24 hours: 1 cell silent, the first from 00:00:00 UTC");
    }
}
