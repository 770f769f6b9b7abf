//! A pool's size: what ran and what its autoscaler recommended, between its bounds, and the schedule that comes next.

use domain::{Timestamp, autoscaling::Sample, view::autoscaling::AutoscalingView};

use super::{Layer, draw, spread, steps, ticks};
use crate::components::plot::{EndLabel, Plot, Reading, Tick};

const HEIGHT: u32 = 168;
/// Of the window, kept free after now: the next schedule, and room for the words at the lines' ends.
const AHEAD: f64 = 0.24;
const APART: f64 = 15.0;

/// None before the first sample.
pub fn plot(view: &AutoscalingView) -> Option<Plot> {
    let last = view.samples.last()?;
    let now = view.now;
    let from = now - chrono::TimeDelta::seconds(view.window);
    let window = view.window as f64;
    let ahead = future(view, window);
    let until = now + chrono::TimeDelta::seconds((window * ahead) as i64);
    let along = |at: Timestamp| (at - from).num_milliseconds() as f64 / 1000.0;
    let (now_at, end_at) = (along(now), along(until));

    let highest = view
        .samples
        .iter()
        .map(|sample| sample.maximum.max(sample.running).max(sample.recommended.unwrap_or(0)))
        .chain(view.row.next.as_ref().map(|next| next.min_required_replicas))
        .max()
        .unwrap_or(1);
    let marks = ticks::numbers(f64::from(highest), true);
    let top = marks.last().copied().unwrap_or(1.0);
    let down = |value: f64| f64::from(HEIGHT) * (1.0 - value / top);
    let of = |value: fn(&Sample) -> u32| -> Vec<(f64, f64)> {
        view.samples.iter().map(|sample| (along(sample.at).max(0.0), f64::from(value(sample)))).collect()
    };

    let mut layers = vec![
        Layer::Line("rule dotted", steps(&of(|sample| sample.maximum), end_at)),
        Layer::Line("rule dotted", steps(&of(|sample| sample.minimum), end_at)),
    ];
    layers
        .extend(recommended(view, &along, now_at).into_iter().map(|line| Layer::Line("series model", line)));
    layers.push(Layer::Line("series", steps(&of(|sample| sample.running), now_at)));
    if let Some(next) = view.row.next.as_ref().filter(|next| next.at <= until) {
        let (here, then) = (f64::from(last.running), f64::from(next.min_required_replicas.max(last.running)));
        let at = along(next.at).max(now_at);
        layers.push(Layer::Line("rule ghost", vec![(now_at, here), (at, here), (at, then), (end_at, then)]));
    }
    let percent = |at: f64| (at / end_at * 100.0).clamp(0.0, 100.0);
    Some(Plot {
        id: "sizes".to_owned(),
        title: format!("Size over {}", span(view.window)),
        summary: summary(view, last),
        height: HEIGHT,
        paths: draw(HEIGHT, 0.0..end_at, 0.0..top, layers),
        y: marks
            .iter()
            .map(|mark| Tick { at: down(*mark), label: format!("{mark}"), optional: false })
            .collect(),
        x: ticks::times(from, until)
            .into_iter()
            .enumerate()
            .map(|(index, (at, label))| Tick { at: percent(along(at)), label, optional: index % 2 == 1 })
            .collect(),
        future: Some(percent(now_at)),
        ends: ends(view, last, &down),
        axis: "UTC".to_owned(),
        series: ["actual", "recommended", "minimum", "maximum"].map(str::to_owned).to_vec(),
        readings: view
            .samples
            .iter()
            .map(|sample| {
                let point = |value: Option<u32>, drawn: bool| {
                    let y = value.filter(|_| drawn).map(|value| down(f64::from(value)));
                    (y, value.map(|value| value.to_string()))
                };
                Reading {
                    at: percent(along(sample.at)),
                    label: label(sample.at, view.window),
                    values: vec![
                        point(Some(sample.running), true),
                        point(sample.recommended, true),
                        point(Some(sample.minimum), false),
                        point(Some(sample.maximum), false),
                    ],
                }
            })
            .collect(),
    })
}

/// The share of the window that lies ahead: a schedule that begins soon is shown.
fn future(view: &AutoscalingView, window: f64) -> f64 {
    let soon = view.row.next.as_ref().map(|next| (next.at - view.now).num_seconds() as f64 / window);
    match soon {
        Some(share) if (0.0..0.5).contains(&share) => AHEAD.max(share + 0.12),
        _ => AHEAD,
    }
}

/// One line for each stretch in which the service recommended something.
fn recommended(
    view: &AutoscalingView,
    along: &impl Fn(Timestamp) -> f64,
    until: f64,
) -> Vec<Vec<(f64, f64)>> {
    let mut lines = Vec::new();
    let mut points: Vec<(f64, f64)> = Vec::new();
    for sample in &view.samples {
        let at = along(sample.at).max(0.0);
        match sample.recommended {
            Some(size) => points.push((at, f64::from(size))),
            None if points.is_empty() => {}
            None => lines.push(steps(&std::mem::take(&mut points), at)),
        }
    }
    if !points.is_empty() {
        lines.push(steps(&points, until));
    }
    lines
}

fn ends(view: &AutoscalingView, last: &Sample, down: &impl Fn(f64) -> f64) -> Vec<EndLabel> {
    let mut words = vec![
        (f64::from(last.running), format!("actual {}", last.running), true),
        (f64::from(last.maximum), format!("maximum {}", last.maximum), false),
        (f64::from(last.minimum), format!("minimum {}", last.minimum), false),
    ];
    if let Some(size) = last.recommended {
        words.push((f64::from(size), format!("recommended {size}"), false));
    }
    if let Some(next) = &view.row.next
        && (next.at - view.now).num_seconds() < view.window / 2
    {
        let said = format!("{} from {}", next.min_required_replicas, label(next.at, 0));
        words.push((f64::from(next.min_required_replicas), said, false));
    }
    // Just above the line that it names.
    let mut heights: Vec<f64> = words.iter().map(|(value, ..)| down(*value) - 5.0).collect();
    spread(&mut heights, APART, f64::from(HEIGHT));
    words.into_iter().zip(heights).map(|((_, text, strong), y)| EndLabel { y, text, strong }).collect()
}

/// `03:12`, with the day where a window holds several.
fn label(at: Timestamp, window: i64) -> String {
    let time = at.format("%H:%M");
    if window > 86_400 { format!("{} {time}", ticks::day(at.date_naive())) } else { time.to_string() }
}

/// `the last 6 hours`.
pub fn span(window: i64) -> String {
    match window / 3600 {
        1 => "the last hour".to_owned(),
        hours @ 2..48 => format!("the last {hours} hours"),
        hours => format!("the last {} days", hours / 24),
    }
}

fn summary(view: &AutoscalingView, last: &Sample) -> String {
    let sizes = view.samples.iter().map(|sample| sample.running);
    let (least, most) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
    let ran = if least == most {
        format!("{most} VMs ran throughout")
    } else {
        format!("Between {least} and {most} VMs ran, {} now", last.running)
    };
    let wish = match last.recommended {
        Some(size) if size == last.running => "which is what the service recommends".to_owned(),
        Some(size) => format!("and the service recommends {size}"),
        None => "and the service recommends nothing yet".to_owned(),
    };
    let next = view.row.next.as_ref().map(|next| {
        format!(
            " Schedule {} asks for {} from {}.",
            next.name,
            next.min_required_replicas,
            label(next.at, i64::MAX)
        )
    });
    format!(
        "{ran}, {wish}. The bounds are {} and {}.{}",
        last.minimum,
        last.maximum,
        next.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use domain::view::autoscaling::{AutoscalingRow, NextSchedule};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
    }

    fn view(samples: Vec<Sample>) -> AutoscalingView {
        AutoscalingView {
            row: AutoscalingRow {
                environment: "dev".into(),
                pool: "web".into(),
                desired: None,
                observed: None,
                status: None,
                target: Some(4),
                running: Some(4),
                next: Some(NextSchedule { name: "office".into(), at: at(900), min_required_replicas: 6 }),
                in_force: None,
                recent: Vec::new(),
            },
            window: 3600,
            samples,
            cost: None,
            now: at(0),
        }
    }

    fn sample(seconds: i64, running: u32, recommended: Option<u32>) -> Sample {
        Sample { at: at(seconds), running, target: running, recommended, minimum: 1, maximum: 5 }
    }

    #[test]
    fn every_series_has_its_path_and_its_reading() {
        let samples = vec![sample(-3000, 2, None), sample(-2000, 2, Some(3)), sample(-600, 4, Some(4))];
        let plot = plot(&view(samples)).unwrap();
        let classes: Vec<&str> = plot.paths.iter().map(|path| path.class.as_str()).collect();
        assert_eq!(classes, ["rule dotted", "rule dotted", "series model", "series", "rule ghost"]);
        assert_eq!(plot.readings.len(), 3);
        assert_eq!(plot.readings[2].values[1].1.as_deref(), Some("4"));
        assert_eq!(plot.readings[0].values[1], (None, None));
        assert!(plot.future.unwrap() > 60.0 && plot.future.unwrap() < 90.0);
        assert_eq!(
            plot.summary,
            "Between 2 and 4 VMs ran, 4 now, which is what the service recommends. The bounds are 1 and 5. \
             Schedule office asks for 6 from 19 Nov 03:27."
        );
    }

    #[test]
    fn nothing_is_drawn_before_anything_was_seen() {
        assert_eq!(plot(&view(Vec::new())), None);
    }
}
