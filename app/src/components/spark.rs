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
}
