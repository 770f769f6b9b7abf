//! A sparkline: a small line beside a number. One pure function of the numbers, the same on both sides.

use leptos::prelude::*;

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 20.0;
/// So that a line along the edge is not cut in half.
const EDGE: f64 = 2.0;

/// From nothing up, so that two of them can be compared; None where there is no line.
pub fn spark_path(values: &[f64]) -> Option<String> {
    let steps = values.len().checked_sub(1).filter(|steps| *steps > 0)?;
    let most = values.iter().copied().fold(0.0_f64, f64::max);
    let height = HEIGHT - 2.0 * EDGE;
    let points = values.iter().enumerate().map(|(index, value)| {
        let x = WIDTH * index as f64 / steps as f64;
        let y = EDGE + height * (1.0 - if most > 0.0 { value.max(0.0) / most } else { 0.0 });
        format!("{} {}", tenth(x), tenth(y))
    });
    Some(format!("M{}", points.collect::<Vec<_>>().join("L")))
}

fn tenth(number: f64) -> String {
    format!("{number:.1}").trim_end_matches(".0").to_owned()
}

/// The line, with what it shows in words.
pub fn spark(values: &[f64], label: String) -> impl IntoView + use<> {
    spark_path(values).map(|d| {
        view! {
            <svg class="spark" width="96" height="20" viewBox="0 0 96 20" role="img" aria-label=label>
                <path class="series" d=d></path>
            </svg>
        }
    })
}

const TRACE_WIDTH: f64 = 160.0;
const TRACE_HEIGHT: f64 = 40.0;

#[derive(Debug, PartialEq)]
struct Trace {
    line: String,
    /// What lies below the line.
    ground: String,
    /// Where what is known ends.
    end: (f64, f64),
}

impl Trace {
    /// The line of an hour, from nothing up to `most`, broken where nothing is known.
    fn of(values: &[Option<f64>], most: f64) -> Option<Self> {
        let steps = values.len().checked_sub(1).filter(|steps| *steps > 0)?;
        let height = TRACE_HEIGHT - 2.0 * EDGE;
        let (mut line, mut ground, mut end, mut drawing) = (String::new(), String::new(), None, None);
        // A stretch is closed along the bottom, back to where it began.
        let close =
            |from: Option<f64>| from.map(|x| format!("V{TRACE_HEIGHT}H{}z", tenth(x))).unwrap_or_default();
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else {
                ground += &close(drawing.take());
                continue;
            };
            let x = EDGE + (TRACE_WIDTH - 2.0 * EDGE) * index as f64 / steps as f64;
            let share = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
            let y = EDGE + height * (1.0 - share);
            let point = format!("{} {}", tenth(x), tenth(y));
            match drawing {
                Some(_) => {
                    line += &format!("L{point}");
                    ground += &format!("L{point}");
                }
                None => {
                    // A minute between two gaps is a dot.
                    line += &format!("M{point}h1L{point}");
                    ground += &format!("M{point}");
                    drawing = Some(x);
                }
            }
            end = Some((x, y));
        }
        ground += &close(drawing);
        end.map(|end| Self { line, ground, end })
    }
}

/// A larger line below a figure, as wide as there is room, with what it shows in words: only the line is stretched. `most`: what
/// reaches the top; None: the highest value.
pub fn trace(values: &[Option<f64>], most: Option<f64>, label: String) -> impl IntoView + use<> {
    let most = most.unwrap_or_else(|| values.iter().flatten().copied().fold(0.0, f64::max));
    Trace::of(values, most).map(|Trace { line, ground, end: (x, y) }| {
        view! {
            <svg class="spark" height="40" role="img" aria-label=label>
                <line class="grid" x1="0" y1="39.5" x2="100%" y2="39.5"></line>
                <svg width="100%" height="40" viewBox="0 0 160 40" preserveAspectRatio="none">
                    <path class="band" d=ground></path>
                    <path class="series" d=line></path>
                </svg>
                <circle class="point" cx=format!("{:.1}%", x * 100.0 / TRACE_WIDTH) cy=tenth(y) r="2.5"></circle>
            </svg>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_value_reaches_the_top_and_nothing_lies_at_the_bottom() {
        assert_eq!(spark_path(&[0.0, 2.0, 1.0]).unwrap(), "M0 18L48 2L96 10");
        assert_eq!(spark_path(&[0.0, 0.0]).unwrap(), "M0 18L96 18");
    }

    #[test]
    fn one_value_is_no_line() {
        assert_eq!(spark_path(&[1.0]), None);
        assert_eq!(spark_path(&[]), None);
    }

    #[test]
    fn a_trace_breaks_where_nothing_is_known() {
        let trace = Trace::of(&[Some(0.0), None, Some(50.0), Some(200.0), None], 100.0).unwrap();
        assert_eq!(trace.line, "M2 38h1L2 38M80 20h1L80 20L119 2");
        assert_eq!(trace.ground, "M2 38V40H2zM80 20L119 2V40H80z");
        assert_eq!(trace.end, (119.0, 2.0));
        assert_eq!(Trace::of(&[None, None], 1.0), None);
        assert_eq!(Trace::of(&[Some(1.0)], 1.0), None);
    }
}
