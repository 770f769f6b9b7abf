//! What the agent last measured of itself, each figure over the line of its last hour.

use domain::{
    agent::LastHeartbeat, heartbeat::HEARTBEAT_INTERVAL_SECONDS, heartbeat_history::Hour,
    view::instance::InstanceRow,
};
use leptos::prelude::*;

use super::history::Parts;
use crate::{
    components::{moment::span_words, spark::trace},
    words,
};

/// Least and most of what is known.
fn range<T: Copy + Ord>(values: &[Option<T>]) -> Option<(T, T)> {
    let known = || values.iter().flatten().copied();
    Some((known().min()?, known().max()?))
}

fn percents(values: &[Option<u8>]) -> String {
    match range(values) {
        Some((least, most)) if least == most => format!("{least} % all the last hour"),
        Some((least, most)) => format!("{least} to {most} % in the last hour"),
        None => NOTHING.to_owned(),
    }
}

fn sizes(values: &[Option<u32>]) -> String {
    let said = |mib: u32| words::bytes(u64::from(mib) << 20);
    match range(values) {
        Some((least, most)) if least == most => format!("{} all the last hour", said(least)),
        Some((least, most)) => format!("{} to {} in the last hour", said(least), said(most)),
        None => NOTHING.to_owned(),
    }
}

const NOTHING: &str = "nothing heard in the last hour";

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
        let hour = StoredValue::new(past.map(|past| past.hour).unwrap_or_default());
        view! {
            <section class="panel facets many block" aria-label="Metrics of the last hour">
                {move || match spoken.get() {
                    true => hour.with_value(|hour| facets(row, hour)),
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

fn facets(row: Memo<InstanceRow>, hour: &Hour) -> AnyView {
    let (cpu, disk, memory) =
        (percents(&hour.cpu_percent), percents(&hour.disk_percent), sizes(&hour.memory_mib));
    let tasks = added(&hour.tasks);
    let done = words::count(tasks.iter().flatten().sum::<f64>() as u64, "task");
    let of_hour = format!("{done} seen in the last hour");
    view! {
        {facet(
            "CPU",
            figure(row, |last| words::percent(last.heartbeat.metrics.cpu_utilization_percent)),
            trace(&numbers(&hour.cpu_percent), Some(100.0), format!("CPU: {cpu}")),
            cpu.clone(),
        )}
        {facet(
            "Memory",
            figure(row, |last| words::bytes(last.heartbeat.metrics.memory_usage_bytes)),
            trace(&numbers(&hour.memory_mib), None, format!("Memory: {memory}")),
            memory.clone(),
        )}
        {facet(
            "Disk used",
            figure(row, |last| words::percent(last.heartbeat.metrics.disk_usage_percent)),
            trace(&numbers(&hour.disk_percent), Some(100.0), format!("Disk: {disk}")),
            disk.clone(),
        )}
        {facet(
            "Tasks",
            figure(row, |last| format!("{} since boot", words::number(last.heartbeat.metrics.tasks_completed_total))),
            trace(&tasks, None, format!("Tasks by minute: {of_hour}")),
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

    #[test]
    fn the_last_hour_is_said_by_its_least_and_its_most() {
        assert_eq!(percents(&[Some(3), None, Some(71)]), "3 to 71 % in the last hour");
        assert_eq!(percents(&[Some(3), Some(3)]), "3 % all the last hour");
        assert_eq!(percents(&[None, None]), "nothing heard in the last hour");
        assert_eq!(sizes(&[Some(512), Some(2048)]), "512 MiB to 2.0 GiB in the last hour");
        assert_eq!(parted("5 h 17 min"), ("5".to_owned(), "h 17 min".to_owned()));
    }

    #[test]
    fn a_counter_that_begins_anew_adds_what_it_counts() {
        let each = added(&[Some(5), Some(7), None, Some(9), Some(2)]);
        assert_eq!(each, [Some(2.0), None, None, Some(2.0)]);
        assert!(added(&[]).is_empty());
    }
}
