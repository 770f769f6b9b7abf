//! What ran in the last day beside what a draft of the policy would have run.

use domain::{Timestamp, autoscaling::Replayed, view::autoscaling::ReplayView};

use super::{Layer, draw, spread, steps, ticks};
use crate::components::plot::{EndLabel, Plot, Reading, Tick};

const HEIGHT: u32 = 168;
/// Of the time that is drawn, kept free after now for the words at the lines' ends.
const AHEAD: f64 = 0.24;
const APART: f64 = 15.0;

/// None where nothing was replayed.
pub fn plot(view: &ReplayView) -> Option<Plot> {
    let points = &view.replay.as_ref()?.points;
    let (first, last) = (points.first()?, points.last()?);
    let along = |at: Timestamp| (at - first.at).num_milliseconds() as f64 / 1000.0;
    let now_at = along(view.now).max(1.0);
    let end_at = now_at * (1.0 + AHEAD);
    let until = first.at + chrono::TimeDelta::seconds(end_at as i64);
    let most = points.iter().map(|point| point.running.max(point.size)).max().unwrap_or(1);
    let marks = ticks::numbers(f64::from(most), true);
    let top = marks.last().copied().unwrap_or(1.0);
    let down = |value: u32| f64::from(HEIGHT) * (1.0 - f64::from(value) / top);
    let percent = |at: f64| (at / end_at * 100.0).clamp(0.0, 100.0);
    let line = |value: fn(&Replayed) -> u32| {
        let values: Vec<(f64, f64)> =
            points.iter().map(|point| (along(point.at), f64::from(value(point)))).collect();
        steps(&values, now_at)
    };
    let layers = vec![
        Layer::Line("series model", line(|point| point.size)),
        Layer::Line("series", line(|point| point.running)),
    ];
    let words = [
        (last.running, format!("actual {}", last.running), true),
        (last.size, format!("draft {}", last.size), false),
    ];
    // Just above the line that it names.
    let mut heights = words.each_ref().map(|(value, ..)| down(*value) - 5.0);
    spread(&mut heights, APART, f64::from(HEIGHT));
    Some(Plot {
        // The page behind the panel has a plot of its own.
        id: "replayed".to_owned(),
        title: "Size, and the draft's".to_owned(),
        summary: summary(points),
        height: HEIGHT,
        paths: draw(HEIGHT, 0.0..end_at, 0.0..top, layers),
        y: marks
            .iter()
            .map(|mark| Tick {
                at: f64::from(HEIGHT) * (1.0 - mark / top),
                label: format!("{mark}"),
                optional: false,
            })
            .collect(),
        x: ticks::times(first.at, until)
            .into_iter()
            .enumerate()
            .map(|(index, (at, label))| Tick { at: percent(along(at)), label, optional: index % 2 == 1 })
            .collect(),
        future: Some(percent(now_at)),
        ends: words
            .into_iter()
            .zip(heights)
            .map(|((_, text, strong), y)| EndLabel { y, text, strong })
            .collect(),
        axis: "UTC".to_owned(),
        series: ["actual", "draft"].map(str::to_owned).to_vec(),
        readings: points
            .iter()
            .map(|point| {
                let value = |size: u32| (Some(down(size)), Some(size.to_string()));
                Reading {
                    at: percent(along(point.at)),
                    label: format!("{} {}", ticks::day(point.at.date_naive()), point.at.format("%H:%M")),
                    values: vec![value(point.running), value(point.size)],
                }
            })
            .collect(),
    })
}

fn summary(points: &[Replayed]) -> String {
    let range = |value: fn(&Replayed) -> u32| {
        let values = points.iter().map(value);
        match (values.clone().min().unwrap_or(0), values.max().unwrap_or(0)) {
            (least, most) if least == most => format!("{most}"),
            (least, most) => format!("{least} to {most}"),
        }
    };
    format!(
        "The size was {}; with the draft it would have been {}.",
        range(|point| point.running),
        range(|point| point.size)
    )
}

#[cfg(test)]
mod tests {
    use domain::{
        autoscaling::{AutoscalingMode, Replay},
        resource::{Autoscaler, ScaleInControl},
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
    }

    fn view(points: Vec<Replayed>) -> ReplayView {
        ReplayView {
            draft: Autoscaler {
                name: "a".into(),
                group: "g".into(),
                min_replicas: 1,
                max_replicas: 9,
                cooldown_sec: 60,
                cpu_target: 0.7,
                predictive: false,
                custom_metrics: Vec::new(),
                scale_in: ScaleInControl { max_percent: 25, time_window_sec: 600 },
                mode: AutoscalingMode::On,
                schedules: Vec::new(),
            },
            since: Some(at(-1200)),
            replay: Some(Replay { points, covered: 1200, ..Replay::default() }),
            more_a_day: None,
            now: at(0),
        }
    }

    #[test]
    fn both_lines_are_drawn_and_read() {
        let point = |seconds, running, size| Replayed { at: at(seconds), running, size };
        let plot = plot(&view(vec![point(-1200, 2, 4), point(-600, 2, 3)])).unwrap();
        let classes: Vec<&str> = plot.paths.iter().map(|path| path.class.as_str()).collect();
        assert_eq!(classes, ["series model", "series"]);
        assert_eq!(plot.summary, "The size was 2; with the draft it would have been 3 to 4.");
        let said: Vec<_> = plot.readings[1].values.iter().map(|(_, value)| value.as_deref()).collect();
        assert_eq!(said, [Some("2"), Some("3")]);
        assert_eq!(plot.readings[0].at, 0.0);
        assert!(plot.ends.iter().any(|end| end.text == "draft 3"));
    }

    #[test]
    fn nothing_is_drawn_where_nothing_was_replayed() {
        assert_eq!(plot(&ReplayView { replay: None, ..view(Vec::new()) }), None);
        assert_eq!(plot(&view(Vec::new())), None);
    }
}
