//! What a measure printed: one series a line, as `crates/bench` says it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// As `cargo xtask bench NAME` calls it.
    pub(crate) measure: &'static str,
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) samples: Vec<f64>,
    /// The series that this one is divided by.
    pub(crate) against: Option<String>,
    pub(crate) budget: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    PerSecond,
    Bytes,
    Count,
    /// Without one: a score or a share.
    Plain,
}

impl Unit {
    const ALL: [Self; 5] = [Self::Milliseconds, Self::PerSecond, Self::Bytes, Self::Count, Self::Plain];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "milliseconds",
            Self::PerSecond => "per_second",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Plain => "plain",
        }
    }

    /// The number for people, with three figures or so.
    pub(crate) fn shown(self, value: f64) -> String {
        match self {
            Self::Milliseconds if value < 10.0 => format!("{value:.2} ms"),
            Self::Milliseconds if value < 100.0 => format!("{value:.1} ms"),
            Self::Milliseconds => format!("{value:.0} ms"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Bytes => format!("{:.1} kB", value / 1000.0),
            Self::Count => format!("{value:.0}"),
            Self::Plain => format!("{value:.3}"),
        }
    }
}

impl Series {
    pub(crate) fn parse(measure: &'static str, line: &str) -> Result<Self> {
        let said: Value =
            serde_json::from_str(line).with_context(|| format!("{measure} printed `{line}`"))?;
        let text = |key: &str| said[key].as_str().map(str::to_owned);
        let name = text("name").with_context(|| format!("a series of {measure} has no name"))?;
        let unit = text("unit").unwrap_or_default();
        let Some(unit) = Unit::ALL.into_iter().find(|known| known.name() == unit) else {
            bail!("{name} is in `{unit}`, which is no unit");
        };
        let samples: Option<Vec<f64>> =
            said["samples"].as_array().and_then(|samples| samples.iter().map(Value::as_f64).collect());
        let samples = samples.filter(|samples| !samples.is_empty());
        let samples = samples.with_context(|| format!("{name} has no samples"))?;
        Ok(Self { measure, name, unit, samples, against: text("against"), budget: text("budget") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let line = r#"{"name":"x","unit":"per_second","samples":[1.0,2],"against":"y"}"#;
        let expected = Series {
            measure: "m",
            name: "x".to_owned(),
            unit: Unit::PerSecond,
            samples: vec![1.0, 2.0],
            against: Some("y".to_owned()),
            budget: None,
        };
        assert_eq!(Series::parse("m", line).unwrap(), expected);
    }

    #[test]
    fn what_is_no_result_is_refused() {
        for (line, why) in [
            (r#"{"name":"x","unit":"count","samples":[]}"#, "no samples"),
            (r#"{"name":"x","unit":"count","samples":[1,null]}"#, "no samples"),
            (r#"{"name":"x","unit":"hours","samples":[1]}"#, "hours"),
            (r#"{"unit":"count","samples":[1]}"#, "no name"),
            ("warming up", "warming up"),
        ] {
            let error = format!("{:#}", Series::parse("m", line).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn numbers_are_read_at_a_glance() {
        let shown = [
            (Unit::Milliseconds, 0.234),
            (Unit::Milliseconds, 12.34),
            (Unit::Milliseconds, 1234.0),
            (Unit::PerSecond, 5321.4),
            (Unit::Bytes, 34_560.0),
            (Unit::Count, 0.0),
            (Unit::Plain, 0.0123),
        ]
        .map(|(unit, value)| unit.shown(value));
        assert_eq!(shown, ["0.23 ms", "12.3 ms", "1234 ms", "5321/s", "34.6 kB", "0", "0.012"]);
    }
}
