//! Samples on their way to whoever adds them up.

use std::{io::Write as _, time::Duration};

use anyhow::Context as _;
use serde::Serialize;

/// What one figure of the table is made from.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Series {
    name: String,
    unit: Unit,
    samples: Vec<f64>,
    /// The series of the same run whose median this one's is divided by.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<String>,
    /// As a person reads it; nothing is asserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Milliseconds,
    PerSecond,
    Bytes,
    Count,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>, unit: Unit, samples: Vec<f64>) -> Self {
        Self { name: name.into(), unit, samples, against: None, budget: None }
    }

    pub(crate) fn times(name: impl Into<String>, times: &[Duration]) -> Self {
        let milliseconds = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        Self::new(name, Unit::Milliseconds, milliseconds)
    }

    pub(crate) fn against(mut self, other: &str) -> Self {
        self.against = Some(other.to_owned());
        self
    }

    pub(crate) fn budget(mut self, budget: &'static str) -> Self {
        self.budget = Some(budget);
        self
    }

    /// As one line of JSON on standard output. A series without a sample is no result.
    pub(crate) fn say(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.samples.is_empty(), "{} has no sample", self.name);
        let line = serde_json::to_string(self)?;
        writeln!(std::io::stdout().lock(), "{line}").context("nobody reads the results")
    }
}
