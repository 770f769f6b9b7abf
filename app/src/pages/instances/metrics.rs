//! What the agent last measured of itself, each figure over the line of its last hour.

use chrono::TimeDelta;
use domain::{
    Timestamp, agent::LastHeartbeat, heartbeat::HEARTBEAT_INTERVAL_SECONDS, heartbeat_history::Hour,
    view::instance::InstanceRow,
};
use leptos::prelude::*;

use super::history::Parts;
use crate::{
    components::{
        moment::{hour_minute, span_words},
        spark::trace,
    },
    words,
};

/// Least and most of what is known.
fn range<T: Copy + Ord>(values: &[Option<T>]) -> Option<(T, T)> {
    let known = || values.iter().flatten().copied();
    Some((known().min()?, known().max()?))
}

/// Minutes of which less than a line can be drawn: it would be a dot.
const FEW: usize = 5;

/// How much of the hour was heard of.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    /// Its first minute, where that is not the hour's own.
    since: Option<String>,
    /// One a minute.
    readings: usize,
}

impl Heard {
    /// `now`: in the running minute, the last one.
    fn of<T>(minutes: &[Option<T>], now: Timestamp) -> Self {
        let before_now = |index: usize| TimeDelta::minutes((minutes.len() - 1 - index) as i64);
        let first = minutes.iter().position(Option::is_some).filter(|first| *first > 0);
        Self {
            since: first.map(|index| hour_minute(now - before_now(index))),
            readings: minutes.iter().flatten().count(),
        }
    }

    /// Whether it has just begun, so that a line would say nothing.
    fn is_few(&self) -> bool {
        self.since.is_some() && self.readings < FEW
    }

    /// `in the last hour`, or since when in it.
    fn period(&self) -> String {
        match &self.since {
            Some(since) => format!("since {since} UTC"),
            None => "in the last hour".to_owned(),
        }
    }

    /// Least and most, or how few there are to tell.
    fn said<T: Copy + Ord>(&self, values: &[Option<T>], spelled: impl Fn(T, T) -> String) -> String {
        match range(values) {
            None => "nothing heard in the last hour".to_owned(),
            Some(_) if self.is_few() => {
                format!("{}, {}", self.period(), words::count(self.readings as u64, "reading"))
            }
            Some((least, most)) if least == most && self.since.is_none() => {
                format!("{} all the last hour", spelled(least, most))
            }
            Some((least, most)) => format!("{} {}", spelled(least, most), self.period()),
        }
    }

    /// The line of the hour, once there is one.
    fn line(&self, values: &[Option<f64>], most: Option<f64>, label: String) -> impl IntoView + use<> {
        (!self.is_few()).then(|| trace(values, most, label))
    }
}

/// `3 to 71 %`
fn percents(least: u8, most: u8) -> String {
    if least == most { format!("{least} %") } else { format!("{least} to {most} %") }
}

fn sizes(least: u32, most: u32) -> String {
    let said = |mib: u32| words::bytes(u64::from(mib) << 20);
    if least == most { said(least) } else { format!("{} to {}", said(least), said(most)) }
}

/// Of a counter that begins anew with each boot, what each minute added to the one before; unknown where one of both is.
fn added(totals: &[Option<u64>]) -> Vec<Option<f64>> {
    totals
        .windows(2)
        .map(|pair| match pair {
            [Some(before), Some(after)] => Some(after.checked_sub(*before).unwrap_or(*after) as f64),
            _ => None,
        })
        .collect()
}

fn numbers<T: Copy + Into<f64>>(values: &[Option<T>]) -> Vec<Option<f64>> {
    values.iter().map(|value| value.map(Into::into)).collect()
}

/// `2 %`, in a figure and its unit.
fn parted(words: &str) -> (String, String) {
    let (figure, unit) = words.split_once(' ').unwrap_or((words, ""));
    (figure.to_owned(), unit.to_owned())
}

/// Of the newest heartbeat; the rest is as the hour was loaded.
fn figure(row: Memo<InstanceRow>, of: fn(&LastHeartbeat) -> String) -> impl IntoView {
    move || {
        let said = row.with(|row| row.last_heartbeat.as_ref().map(of));
        let (figure, unit) =
            said.map(|said| parted(&said)).unwrap_or_else(|| ("–".to_owned(), String::new()));
        view! {
            {figure}
            " "
            <small>{unit}</small>
        }
    }
}

fn facet(
    name: &'static str,
    figure: impl IntoView + 'static,
    line: impl IntoView + 'static,
    detail: String,
) -> AnyView {
    view! {
        <div>
            <p class="sm muted">{name}</p>
            <p class="figure">{figure}</p>
            {line}
            <small>{detail}</small>
        </div>
    }
    .into_any()
}

pub fn metrics(row: Memo<InstanceRow>, parts: Parts) -> AnyView {
    let spoken = Memo::new(move |_| row.with(|row| row.last_heartbeat.is_some()));
    parts.of_past(move |past| {
        // Without the past the figures still are what the newest heartbeat says.
        let hour = StoredValue::new(past.map(|past| (past.hour, past.now)).unwrap_or_default());
        view! {
            <section class="panel facets many block" aria-label="Metrics of the last hour">
                {move || match spoken.get() {
                    true => hour.with_value(|(hour, now)| facets(row, hour, *now)),
                    false => {
                        view! {
                            <p class="soft">
                                {format!(
                                    "No heartbeat yet, so nothing is measured. One is due every {HEARTBEAT_INTERVAL_SECONDS} s once the agent runs.",
                                )}
                            </p>
                        }
                            .into_any()
                    }
                }}
            </section>
        }
        .into_any()
    })
}

fn facets(row: Memo<InstanceRow>, hour: &Hour, now: Timestamp) -> AnyView {
    // For all of them: a heartbeat has every figure, so that a minute has all or none.
    let heard = Heard::of(&hour.cpu_percent, now);
    let (cpu, disk) = (heard.said(&hour.cpu_percent, percents), heard.said(&hour.disk_percent, percents));
    let memory = heard.said(&hour.memory_mib, sizes);
    let tasks = added(&hour.tasks);
    let done = words::count(tasks.iter().flatten().sum::<f64>() as u64, "task");
    let of_hour = format!("{done} seen {}", heard.period());
    view! {
        {facet(
            "CPU",
            figure(row, |last| words::percent(last.heartbeat.metrics.cpu_utilization_percent)),
            heard.line(&numbers(&hour.cpu_percent), Some(100.0), format!("CPU: {cpu}")),
            cpu.clone(),
        )}
        {facet(
            "Memory",
            figure(row, |last| words::bytes(last.heartbeat.metrics.memory_usage_bytes)),
            heard.line(&numbers(&hour.memory_mib), None, format!("Memory: {memory}")),
            memory.clone(),
        )}
        {facet(
            "Disk used",
            figure(row, |last| words::percent(last.heartbeat.metrics.disk_usage_percent)),
            heard.line(&numbers(&hour.disk_percent), Some(100.0), format!("Disk: {disk}")),
            disk.clone(),
        )}
        {facet(
            "Tasks",
            figure(row, |last| format!("{} since boot", words::number(last.heartbeat.metrics.tasks_completed_total))),
            heard.line(&tasks, None, format!("Tasks by minute: {of_hour}")),
            of_hour.clone(),
        )}
        {facet(
            "Up",
            figure(row, |last| span_words(i64::try_from(last.heartbeat.uptime_seconds).unwrap_or(i64::MAX))),
            (),
            "since its boot".to_owned(),
        )}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 03:12:44 UTC.
    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964, 0).unwrap()
    }

    #[test]
    fn the_last_hour_is_said_by_its_least_and_its_most() {
        let said = |values: &[Option<u8>]| Heard::of(values, now()).said(values, percents);
        assert_eq!(said(&[Some(3), None, Some(71)]), "3 to 71 % in the last hour");
        assert_eq!(said(&[Some(3), Some(3)]), "3 % all the last hour");
        assert_eq!(said(&[None, None]), "nothing heard in the last hour");
        assert_eq!(sizes(512, 2048), "512 MiB to 2.0 GiB");
        assert_eq!(sizes(512, 512), "512 MiB");
        assert_eq!(parted("5 h 17 min"), ("5".to_owned(), "h 17 min".to_owned()));
    }

    #[test]
    fn what_has_just_begun_is_counted_and_has_no_line() {
        let of = |readings: usize| {
            let mut values = vec![None; 60 - readings];
            values.extend((0..readings).map(|_| Some(42_u8)));
            let heard = Heard::of(&values, now());
            (heard.is_few(), heard.said(&values, percents))
        };
        assert_eq!(of(1), (true, "since 03:12 UTC, 1 reading".to_owned()));
        assert_eq!(of(4), (true, "since 03:09 UTC, 4 readings".to_owned()));
        assert_eq!(of(5), (false, "42 % since 03:08 UTC".to_owned()));
        assert_eq!(of(60), (false, "42 % all the last hour".to_owned()));
        let gaps: [Option<u8>; 3] = [Some(1), None, None];
        assert!(!Heard::of(&gaps, now()).is_few(), "it began before the hour");
        assert_eq!(Heard::of::<u8>(&[], now()), Heard { since: None, readings: 0 });
    }

    #[test]
    fn a_counter_that_begins_anew_adds_what_it_counts() {
        let each = added(&[Some(5), Some(7), None, Some(9), Some(2)]);
        assert_eq!(each, [Some(2.0), None, None, Some(2.0)]);
        assert!(added(&[]).is_empty());
    }
}
