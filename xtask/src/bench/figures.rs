//! What samples come to: order statistics by nearest rank, and ratios of medians.

use anyhow::{Context, Result};
use serde_json::json;

use super::series::Series;

/// Samples below which a percentile would be one of the highest samples under another name.
const ENOUGH_FOR_P95: usize = 20;
const ENOUGH_FOR_P99: usize = 100;

/// A series with its figures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) series: Series,
    pub(crate) median: f64,
    pub(crate) p95: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
    /// Of the medians, where the series names another one.
    pub(crate) ratio: Option<f64>,
}

pub(crate) fn of(all: Vec<Series>) -> Result<Vec<Row>> {
    let medians: Vec<(String, f64)> =
        all.iter().map(|series| (series.name.clone(), percentile(&sorted(&series.samples), 50))).collect();
    all.into_iter()
        .map(|series| {
            let ratio = series.against.as_ref().map(|other| {
                let found = medians.iter().find(|(name, _)| name == other);
                let other =
                    found.with_context(|| format!("{} is compared with no series: {other}", series.name))?;
                Ok::<_, anyhow::Error>(percentile(&sorted(&series.samples), 50) / other.1)
            });
            Ok(Row::new(series, ratio.transpose()?))
        })
        .collect()
}

impl Row {
    fn new(series: Series, ratio: Option<f64>) -> Self {
        let samples = sorted(&series.samples);
        let enough = |least: usize, percent| (samples.len() >= least).then(|| percentile(&samples, percent));
        Self {
            median: percentile(&samples, 50),
            p95: enough(ENOUGH_FOR_P95, 95),
            p99: enough(ENOUGH_FOR_P99, 99),
            lowest: samples.first().copied().unwrap_or(f64::NAN),
            highest: samples.last().copied().unwrap_or(f64::NAN),
            ratio,
            series,
        }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        let Self { series, median, p95, p99, lowest, highest, ratio } = self;
        json!({
            "measure": series.measure,
            "name": series.name,
            "unit": series.unit.name(),
            "budget": series.budget,
            "against": series.against,
            "count": series.samples.len(),
            "median": median,
            "p95": p95,
            "p99": p99,
            "lowest": lowest,
            "highest": highest,
            "ratio": ratio,
            "samples": series.samples,
        })
    }
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The smallest sample that at least this share of all does not exceed.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bench::series::Unit;

    pub(crate) fn series(name: &str, samples: impl IntoIterator<Item = u32>) -> Series {
        Series {
            measure: "m",
            name: name.to_owned(),
            unit: Unit::Milliseconds,
            samples: samples.into_iter().map(f64::from).collect(),
            against: None,
            budget: None,
        }
    }

    #[test]
    fn percentiles_are_samples() {
        let row = Row::new(series("x", (1..=100).rev()), None);
        assert_eq!((row.median, row.p95, row.p99), (50.0, Some(95.0), Some(99.0)));
        assert_eq!((row.lowest, row.highest), (1.0, 100.0));
        assert_eq!(Row::new(series("x", [7]), None).median, 7.0);
        assert_eq!(Row::new(series("x", [3, 1, 2, 4]), None).median, 2.0);
    }

    #[test]
    fn too_few_samples_have_no_percentile() {
        assert_eq!(Row::new(series("x", 0..19), None).p95, None);
        assert_eq!(Row::new(series("x", 0..20), None).p95, Some(18.0));
        assert_eq!(Row::new(series("x", 0..99), None).p99, None);
    }

    #[test]
    fn a_ratio_is_of_medians() {
        let ours = Series { against: Some("bare".to_owned()), ..series("ours", [5, 6, 90]) };
        let rows = of(vec![ours.clone(), series("bare", [12])]).unwrap();
        assert_eq!((rows[0].ratio, rows[1].ratio), (Some(0.5), None));
        assert!(of(vec![ours]).unwrap_err().to_string().contains("bare"));
    }
}
