//! Time: said relative to the server's present, with the absolute UTC in the tooltip. The moment stands there once: `<time>` around
//! `4 s ago` would need it a second time, for machines that nobody has, and a list has fifty of them.
//! One signal ticks for the whole page; nothing here asks a clock while it draws.

use chrono::{Datelike as _, Timelike as _};
use domain::Timestamp;
use leptos::prelude::*;

/// The server's present, moved on by the browser once a second. Without scripts it stands at the page's making.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: RwSignal<Timestamp>,
    /// Where a paused page stands.
    held: RwSignal<Option<Timestamp>>,
}

impl Clock {
    /// Above all pages; `now` is the server's, on both sides.
    pub fn provide(now: Timestamp) -> Self {
        let clock = Self { now: RwSignal::new(now), held: RwSignal::new(None) };
        provide_context(clock);
        #[cfg(feature = "hydrate")]
        clock.tick(now);
        clock
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// The present of what the page shows: a paused page keeps its own.
    pub fn now(self) -> Timestamp {
        self.held.get().unwrap_or_else(|| self.now.get())
    }

    /// The present itself.
    pub fn ticking(self) -> Timestamp {
        self.now.get()
    }

    /// From now on the page stands at that moment; None: it goes on.
    pub fn hold(self, at: Option<Timestamp>) {
        self.held.set(at);
    }

    pub fn now_untracked(self) -> Timestamp {
        self.now.get_untracked()
    }

    /// The page was made when its navigation began, give or take the network; `performance.now()` counts from there.
    #[cfg(feature = "hydrate")]
    fn tick(self, made: Timestamp) {
        Effect::new(move |_| {
            let tick = move || {
                let elapsed = window().performance().map_or(0.0, |performance| performance.now());
                self.now.set(made + chrono::TimeDelta::milliseconds(elapsed as i64));
            };
            if let Ok(timer) = set_interval_with_handle(tick, std::time::Duration::from_secs(1)) {
                on_cleanup(move || timer.clear());
            }
        });
    }
}

/// `4 s ago`, with the absolute time as its tooltip.
pub fn ago(at: Timestamp) -> impl IntoView {
    let clock = Clock::here();
    stamped(at, move || ago_words(clock.now(), at))
}

/// `in 40 s`, and `now` once it has come.
pub fn until(at: Timestamp) -> impl IntoView {
    let clock = Clock::here();
    stamped(at, move || ago_words(clock.now().min(at), at))
}

/// `5 h 17 min`: how long it is until then, and `over` from then on.
pub fn left(at: Timestamp) -> impl IntoView {
    let clock = Clock::here();
    stamped(at, move || left_words(clock.now(), at))
}

/// `03:12:44`, for lists whose page says the day. The tooltip has the whole.
pub fn clock_time(at: Timestamp) -> impl IntoView {
    view! { <time title=absolute(at)>{time_of_day(at)}</time> }
}

fn stamped(at: Timestamp, words: impl Fn() -> String + Send + 'static) -> impl IntoView {
    view! { <span title=absolute(at)>{words}</span> }
}

/// `03:12:44`. By hand: a formatter of the whole calendar language would go to each browser.
pub fn time_of_day(at: Timestamp) -> String {
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `03:12`, for the axis of a drawing.
pub fn hour_minute(at: Timestamp) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `19 Nov 2026, 03:12:44 UTC`.
pub fn absolute(at: Timestamp) -> String {
    format!("{}, {}", date(at), utc(at))
}

/// `19 Nov 2026`.
pub fn date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    format!("{} {} {}", at.day(), MONTHS[at.month0() as usize], at.year())
}

/// `03:12:44 UTC`.
pub fn utc(at: Timestamp) -> String {
    format!("{} UTC", time_of_day(at))
}

/// How long ago; what lies ahead by a hair, because two clocks differ, is now.
pub fn ago_words(now: Timestamp, at: Timestamp) -> String {
    match (now - at).num_seconds() {
        ..=-2 => format!("in {}", span_words((at - now).num_seconds())),
        -1..=0 => "now".to_owned(),
        seconds => format!("{} ago", span_words(seconds)),
    }
}

/// How long it is until then.
pub fn left_words(now: Timestamp, at: Timestamp) -> String {
    match (at - now).num_seconds() {
        ..=0 => "over".to_owned(),
        seconds => span_words(seconds),
    }
}

/// `4 s`, `8 min`, `5 h 17 min`, `9 d 4 h`: at most two units, the second left out when it is zero.
pub fn span_words(seconds: i64) -> String {
    let pair = |big: i64, big_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{big} {big_unit}"),
        _ => format!("{big} {big_unit} {small} {small_unit}"),
    };
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..86_400 => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        seconds => pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// How long something took: under an hour the seconds count, `3 min 12 s`.
pub fn took_words(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 60..3600 if seconds % 60 != 0 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => span_words(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
    }

    #[test]
    fn the_past_is_said_in_at_most_two_units() {
        let said = [0, 1, 59, 60, 3599, 3600, 3660, 86_399, 86_400, 90_000]
            .map(|seconds| ago_words(at(0), at(-seconds)));
        assert_eq!(
            said,
            [
                "now",
                "1 s ago",
                "59 s ago",
                "1 min ago",
                "59 min ago",
                "1 h ago",
                "1 h 1 min ago",
                "23 h 59 min ago",
                "1 d ago",
                "1 d 1 h ago",
            ]
        );
    }

    #[test]
    fn a_hair_ahead_is_now_and_more_is_ahead() {
        assert_eq!(ago_words(at(0), at(1)), "now");
        assert_eq!(ago_words(at(0), at(19_020)), "in 5 h 17 min");
    }

    #[test]
    fn what_is_left_ends() {
        let said = [19_020, 1, 0, -60].map(|seconds| left_words(at(0), at(seconds)));
        assert_eq!(said, ["5 h 17 min", "1 s", "over", "over"]);
    }

    #[test]
    fn durations_keep_their_seconds() {
        assert_eq!([took_words(7), took_words(192), took_words(120)], ["7 s", "3 min 12 s", "2 min"]);
    }

    #[test]
    fn the_absolute_form_is_utc() {
        assert_eq!(absolute(at(0)), "19 Nov 2026, 03:12:44 UTC");
        assert_eq!(utc(at(0)), "03:12:44 UTC");
        assert_eq!(hour_minute(at(0)), "03:12");
    }
}
