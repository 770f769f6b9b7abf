//! What a browser downloads of a release, as `build` compressed it.

use std::fs;

use anyhow::{Context, Result};

use super::series::{Series, Unit};
use crate::{terminal, workspace};

pub(crate) fn measure() -> Result<Vec<Series>> {
    terminal::stage("sizes", || {
        let package = workspace::site().join("pkg");
        let size = |extension: &str| {
            let file = package.join(format!("agent-manager.{extension}.br"));
            let about = fs::metadata(&file);
            let about = about.with_context(|| format!("no {}: run without --no-build", file.display()))?;
            Ok::<_, anyhow::Error>(about.len())
        };
        let (wasm, script, style) = (size("wasm")?, size("js")?, size("css")?);
        let series = |name: &str, bytes: u64, budget: Option<&str>| Series {
            measure: "sizes",
            name: format!("{name}, brotli"),
            unit: Unit::Bytes,
            samples: vec![bytes as f64],
            against: None,
            budget: budget.map(str::to_owned),
        };
        let all = vec![
            series("wasm", wasm, None),
            series("JavaScript", script, None),
            series("wasm + JavaScript", wasm + script, Some("≤ 400 kB")),
            series("CSS", style, Some("≤ 20 kB")),
        ];
        Ok((all, format!("{} kB", (wasm + script + style) / 1000)))
    })
}
