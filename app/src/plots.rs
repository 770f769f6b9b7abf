//! Plots, drawn on the server alone: plotters lays out the series, the backend here writes them as SVG paths with classes.
//! What is sent to the page is data; `components::plot` shows it.

mod backend;
pub mod replay;
pub mod size;
pub mod spend;
mod ticks;

use std::ops::Range;

use plotters::prelude::*;

use crate::components::plot::PlotPath;
use backend::{Paths, style};

/// Points of a series, in the order of the horizontal axis.
pub(crate) type Points = Vec<(f64, f64)>;

/// What is drawn of one series, by its class in the sheet.
pub(crate) enum Layer {
    Line(&'static str, Points),
    /// Lower left and upper right.
    Bars(&'static str, Vec<[(f64, f64); 2]>),
}

/// The layers' paths, the first one undermost. A layer that cannot be drawn (a number that is none) is left out.
pub(crate) fn draw(height: u32, x: Range<f64>, y: Range<f64>, layers: Vec<Layer>) -> Vec<PlotPath> {
    let mut paths = Vec::new();
    for layer in layers {
        let drawn = layer_paths(height, x.clone(), y.clone(), layer);
        paths.extend(drawn.unwrap_or_default());
    }
    paths
}

type Failed = DrawingAreaErrorKind<std::convert::Infallible>;

fn layer_paths(height: u32, x: Range<f64>, y: Range<f64>, layer: Layer) -> Result<Vec<PlotPath>, Failed> {
    let mut paths = Vec::new();
    {
        let area = Paths::new(height, &mut paths).into_drawing_area();
        let mut chart = ChartBuilder::on(&area).build_cartesian_2d(x, y)?;
        match layer {
            Layer::Line(class, points) => {
                chart.draw_series(LineSeries::new(points, style(class, false)))?;
            }
            Layer::Bars(class, bars) => {
                chart.draw_series(
                    bars.into_iter().map(|corners| Rectangle::new(corners, style(class, true))),
                )?;
            }
        }
        area.present()?;
    }
    Ok(paths)
}

/// Each value holds until the next one: what a line of sizes is.
pub(crate) fn steps(points: &[(f64, f64)], until: f64) -> Points {
    let mut line = Points::with_capacity(points.len() * 2);
    for (index, (at, value)) in points.iter().enumerate() {
        if let Some((_, before)) = line.last().copied() {
            line.push((*at, before));
        }
        line.push((*at, *value));
        if index + 1 == points.len() {
            line.push((until, *value));
        }
    }
    line.dedup();
    line
}

/// Moves words that would touch apart, at least `apart` pixels each, within the ground.
pub(crate) fn spread(heights: &mut [f64], apart: f64, height: f64) {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut least = 8.0;
    for index in &order {
        heights[*index] = heights[*index].max(least);
        least = heights[*index] + apart;
    }
    let mut most = height - 2.0;
    for index in order.iter().rev() {
        heights[*index] = heights[*index].min(most);
        most = heights[*index] - apart;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_path_in_the_plot_s_own_units() {
        let line = Layer::Line("series", vec![(0.0, 0.0), (1.0, 5.0), (2.0, 10.0)]);
        let drawn = draw(100, 0.0..2.0, 0.0..10.0, vec![line]);
        assert_eq!(drawn.len(), 1);
        assert_eq!(drawn[0].class, "series");
        assert!(drawn[0].d.starts_with("M0 ") && drawn[0].d.matches('L').count() == 2, "{}", drawn[0].d);
        assert!(!drawn[0].d.contains("e-"), "{}", drawn[0].d);
    }

    #[test]
    fn bars_are_closed() {
        let bars = Layer::Bars("bar", vec![[(0.0, 0.0), (1.0, 4.0)]]);
        let drawn = draw(50, 0.0..2.0, 0.0..8.0, vec![bars]);
        assert_eq!(drawn.iter().map(|path| path.class.as_str()).collect::<Vec<_>>(), ["bar"]);
        assert!(drawn.iter().all(|path| path.d.ends_with('z')), "{drawn:?}");
    }

    #[test]
    fn a_size_holds_until_the_next_one() {
        let line = steps(&[(0.0, 2.0), (5.0, 3.0)], 9.0);
        assert_eq!(line, [(0.0, 2.0), (5.0, 2.0), (5.0, 3.0), (9.0, 3.0)]);
        assert_eq!(steps(&[], 9.0), []);
    }

    #[test]
    fn words_do_not_touch() {
        let mut heights = [50.0, 52.0, 51.0];
        spread(&mut heights, 14.0, 200.0);
        let mut sorted = heights;
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 14.0), "{heights:?}");
        let mut low = [199.0, 200.0];
        spread(&mut low, 14.0, 200.0);
        assert_eq!(low, [184.0, 198.0]);
    }
}
