//! A day in cells: 144 slots of ten minutes, the oldest at the left. Well is quiet; what is ill is taller.

use std::fmt::Write;

use chrono::Timelike as _;
use domain::{
    Timestamp,
    heartbeat_history::{Day, SLOTS, SlotState},
};
use leptos::prelude::*;

use super::{
    glyph::State,
    moment::{hour_minute, utc},
};
use crate::words;

/// From one cell to the next, of which the style leaves two blank.
const PITCH: f64 = 6.5;
const GAP: f64 = 2.0;
/// Hours between two marks of the axis.
const MARKS: u32 = 3;

/// Colour and height; None: no cell.
const fn drawn(state: SlotState) -> Option<(State, u8)> {
    match state {
        SlotState::Absent => None,
        SlotState::Ok => Some((State::Ok, 12)),
        SlotState::Late => Some((State::Warn, 16)),
        SlotState::Silent | SlotState::Ill => Some((State::Crit, 20)),
        SlotState::Stopped => Some((State::Paused, 8)),
        SlotState::Unknown => Some((State::Paused, 4)),
    }
}

/// One dashed line for each kind of cell that occurs: colour, height and path. A run is one stretch of it, whose dashes are the cells.
fn paths(day: &Day) -> Vec<(State, u8, String)> {
    let kinds = [SlotState::Ok, SlotState::Unknown, SlotState::Stopped, SlotState::Late, SlotState::Silent]
        .map(drawn);
    kinds
        .into_iter()
        .flatten()
        .filter_map(|(state, height)| {
            let mut path = String::new();
            for (_, first, count) in day.runs().filter(|(own, ..)| drawn(*own) == Some((state, height))) {
                let (x, width) = (f64::from(first) * PITCH, f64::from(count) * PITCH - GAP);
                // Writing to a text cannot fail.
                let _ = write!(path, "M{x} 10h{width}");
            }
            (!path.is_empty()).then_some((state, height, path))
        })
        .collect()
}

/// How a kind of slot is called, worst first.
const NAMED: [(SlotState, &str); 5] = [
    (SlotState::Silent, "silent"),
    (SlotState::Ill, "ill"),
    (SlotState::Late, "late"),
    (SlotState::Stopped, "stopped"),
    (SlotState::Unknown, "not listened to"),
];

/// What the cells say, for who cannot see them. `silent_since`: the last word of an agent that is silent now, which a cell shows
/// only once whole minutes are missing.
pub fn summary(day: &Day, silent_since: Option<Timestamp>) -> String {
    let silence = silent_since.filter(|_| day.beats > 0).map(|at| format!("none heard since {}", utc(at)));
    let cells = NAMED.into_iter().filter_map(|(state, word)| {
        let cells: u64 =
            day.runs().filter(|(own, ..)| *own == state).map(|(.., count)| u64::from(count)).sum();
        let first = day.runs().find(|(own, ..)| *own == state).map(|(_, first, _)| day.time_of(first))?;
        Some(format!("{} {word}, the first from {}", words::count(cells, "cell"), utc(first)))
    });
    let parts: Vec<String> = silence.into_iter().chain(cells).collect();
    match (day.beats, parts.is_empty()) {
        (0, true) => "No heartbeat was heard in the last 24 hours".to_owned(),
        // It was not there all day.
        (_, true) if day.runs.first().is_some_and(|(state, _)| *state == SlotState::Absent) => {
            "Heartbeats of 24 hours: none missed since the first".to_owned()
        }
        (_, true) => "Heartbeats of 24 hours: none missed".to_owned(),
        _ => format!("Heartbeats of 24 hours: {}", words::list(&parts)),
    }
}

/// The cells, as long as the day. `label`: their [`summary`].
pub fn strip(day: &Day, label: Signal<String>) -> impl IntoView + use<> {
    let paths = paths(day)
        .into_iter()
        .map(|(state, height, path)| {
            view! { <path data-s=state.as_str() stroke-width=height.to_string() d=path></path> }
        })
        .collect_view();
    view! {
        <svg
            class="strip"
            viewBox="0 0 936 20"
            preserveAspectRatio="none"
            role="img"
            aria-label=move || label.get()
        >
            {paths}
        </svg>
    }
}

/// Where the axis has its marks, in percent, with their words: every third hour, none where the present is said.
fn marks(day: &Day) -> Vec<(f64, String)> {
    (0..SLOTS as u16)
        .map(|slot| (f64::from(slot) * 100.0 / SLOTS as f64, day.time_of(slot)))
        .filter(|(at, time)| {
            time.minute() == 0 && time.hour().is_multiple_of(MARKS) && (3.0..=92.0).contains(at)
        })
        .map(|(at, time)| (at, hour_minute(time)))
        .collect()
}

/// The hours below the cells, up to the present.
pub fn axis(day: &Day, now: Timestamp) -> impl IntoView + use<> {
    let marks = marks(day)
        .into_iter()
        .enumerate()
        .map(|(index, (at, word))| {
            // A phone has room for every second one.
            let class = if index.is_multiple_of(2) { "mid opt" } else { "mid" };
            view! {
                <text class=class x=format!("{at:.1}%") y="12">
                    {word}
                </text>
            }
        })
        .collect_view();
    view! {
        <svg class="plot" height="16" aria-hidden="true">
            {marks}
            <text class="end" x="100%" y="12">
                {hour_minute(now)}
            </text>
        </svg>
    }
}

/// What the cells mean that occur.
pub fn legend(day: &Day) -> impl IntoView + use<> {
    let items = [
        (SlotState::Ok, "heard each minute"),
        (SlotState::Late, "a minute missed, or degraded"),
        (SlotState::Silent, "minutes missed"),
        (SlotState::Ill, "unhealthy by its own word"),
        (SlotState::Stopped, "stopped on request"),
        (SlotState::Unknown, "nobody listened"),
    ]
    .into_iter()
    .filter(|(state, _)| day.runs().any(|(own, ..)| own == *state))
    .filter_map(|(state, word)| drawn(state).map(|drawn| (drawn, word)))
    .map(|((state, height), word)| {
        view! {
            <li class="status">
                <svg class="strip key" viewBox="0 0 5 20" aria-hidden="true">
                    <path data-s=state.as_str() stroke-width=height.to_string() d="M0 10h4.5"></path>
                </svg>
                {word}
            </li>
        }
    })
    .collect_view();
    view! { <ul class="legend sm">{items}</ul> }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn day(runs: &[(SlotState, u16)]) -> Day {
        Day { from: Timestamp::default(), runs: runs.to_vec(), beats: 6 }
    }

    #[test]
    fn a_run_is_one_stretch_and_absence_draws_nothing() {
        let drawn = paths(&day(&[
            (SlotState::Ok, 1),
            (SlotState::Absent, 1),
            (SlotState::Ok, 2),
            (SlotState::Silent, 1),
            (SlotState::Ill, 1),
        ]));
        assert_eq!(drawn.len(), 2);
        assert_eq!(drawn[0], (State::Ok, 12, "M0 10h4.5M13 10h11".to_owned()));
        assert_eq!(drawn[1], (State::Crit, 20, "M26 10h4.5M32.5 10h4.5".to_owned()));
    }

    #[test]
    fn the_summary_names_what_is_wrong_and_since_when() {
        assert_eq!(summary(&day(&[(SlotState::Ok, 144)]), None), "Heartbeats of 24 hours: none missed");
        let new = summary(&day(&[(SlotState::Absent, 143), (SlotState::Ok, 1)]), None);
        assert_eq!(new, "Heartbeats of 24 hours: none missed since the first");
        let said = summary(&day(&[(SlotState::Ok, 143), (SlotState::Silent, 1)]), None);
        assert_eq!(said, "Heartbeats of 24 hours: 1 cell silent, the first from 23:50:00 UTC");
        let never = Day { beats: 0, ..day(&[(SlotState::Absent, 144)]) };
        assert_eq!(summary(&never, None), "No heartbeat was heard in the last 24 hours");
    }

    #[test]
    fn a_silence_is_told_before_a_cell_shows_it() {
        let last = Some(Timestamp::default() + TimeDelta::seconds(29_359));
        let well = day(&[(SlotState::Ok, 144)]);
        assert_eq!(summary(&well, last), "Heartbeats of 24 hours: none heard since 08:09:19 UTC");
        let shows = day(&[(SlotState::Ok, 143), (SlotState::Silent, 1)]);
        assert_eq!(
            summary(&shows, last),
            "Heartbeats of 24 hours: none heard since 08:09:19 UTC and 1 cell silent, the first from 23:50:00 UTC"
        );
        let never = Day { beats: 0, ..day(&[(SlotState::Absent, 144)]) };
        assert_eq!(summary(&never, last), "No heartbeat was heard in the last 24 hours");
    }

    #[test]
    fn the_axis_marks_every_third_hour_but_the_edges() {
        let marked = marks(&day(&[(SlotState::Ok, 144)]));
        let words: Vec<&str> = marked.iter().map(|(_, word)| word.as_str()).collect();
        assert_eq!(words, ["03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
        assert_eq!(marked[3].0, 50.0);
    }
}
