//! What a browser downloads of a release, as `build` compressed it: for Fleet, for each wing of pages, and in all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::series::{Series, Unit};
use crate::{split, terminal, workspace};

pub(crate) fn measure() -> Result<Vec<Series>> {
    terminal::stage("sizes", || {
        let package = workspace::site().join("pkg");
        let size = |name: &str| compressed(&package, name);
        let (wasm, style) = (size("agent-manager.wasm")?, size("agent-manager.css")?);
        let script = size("agent-manager.js")? + size(split::SCRIPT)?;
        let wings = wings(&package)?;
        let rest = total(&package, wings.values().flatten().collect::<BTreeSet<_>>())?;
        let series = |name: &str, bytes: u64, budget: Option<&str>| Series {
            measure: "sizes",
            name: format!("{name}, brotli"),
            unit: Unit::Bytes,
            samples: vec![bytes as f64],
            against: None,
            budget: budget.map(str::to_owned),
        };
        let mut all = vec![
            series("Fleet: wasm", wasm, None),
            series("Fleet: JavaScript", script, None),
            series("Fleet: wasm + JavaScript", wasm + script, Some("≤ 400 kB")),
        ];
        for (wing, parts) in &wings {
            all.push(series(&format!("more for `{wing}`: wasm"), total(&package, parts)?, None));
        }
        all.push(series("all pages: wasm + JavaScript", wasm + script + rest, None));
        all.push(series("CSS", style, Some("≤ 20 kB")));
        Ok((all, format!("{} kB", (wasm + script + rest + style) / 1000)))
    })
}

/// The parts of each wing. Wings share some of them.
fn wings(package: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let file = package.join(split::MANIFEST);
    let text = fs::read_to_string(&file);
    let text = text.with_context(|| format!("no {}: run without --no-build", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))
}

fn total<'a>(package: &Path, parts: impl IntoIterator<Item = &'a String>) -> Result<u64> {
    parts.into_iter().map(|part| compressed(package, &format!("{part}.wasm"))).sum()
}

fn compressed(package: &Path, name: &str) -> Result<u64> {
    let file = package.join(format!("{name}.br"));
    let about = fs::metadata(&file);
    let about = about.with_context(|| format!("no {}: run without --no-build", file.display()))?;
    Ok(about.len())
}
