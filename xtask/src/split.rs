//! The browser's half in parts: the main file, a file for each wing of pages (`app/src/wings.rs`), and one for each set of
//! wings that share something. It is cut between cargo and wasm-bindgen, along the relocations that the linker left.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use wasm_split_cli_support::{Options, SplitWasm, transform};

use crate::workspace;

/// Loads the parts. Pages name it to browsers by this very name, which leptos knows from `cargo leptos`.
pub(crate) const SCRIPT: &str = "__wasm_split.______________________.js";
/// Which parts each wing needs, for pages that name them to browsers in their head. Leptos knows this name too.
pub(crate) const MANIFEST: &str = "__wasm_split_manifest.json";

/// Puts the parts into `package`, in place of earlier ones, and tells where the main part is: what wasm-bindgen is to
/// make `package/NAME.js` of.
pub(crate) fn cut(wasm: &Path, package: &Path, name: &str, release: bool) -> Result<PathBuf> {
    sweep(package)?;
    let whole = fs::read(wasm).with_context(|| format!("could not read {}", wasm.display()))?;
    let main = workspace::target().join("site-main.wasm");
    let (script, main_script) = (format!("./{SCRIPT}"), format!("./{name}.js"));
    let mut options = Options::new(&whole);
    options.output_dir = package;
    options.main_out_path = &main;
    options.link_name = &script;
    options.main_module = &main_script;
    let split = transform(options).map_err(|error| anyhow!("{error:#}"));
    let split = split.with_context(|| format!("could not cut {} into parts", wasm.display()))?;
    let build = build(&main, package, &split)?;
    name_by_build(package, &split, &build)?;
    if release {
        // Only a release's pages name their parts in the head: on a machine that is busy with tests a browser may take
        // longer than three seconds to come to them, and then complains about what was named too early.
        fs::write(package.join(MANIFEST), manifest(split, &build)?)?;
        for part in parts(package)? {
            let stripped = without_custom_sections(&fs::read(&part)?);
            fs::write(&part, stripped.with_context(|| format!("{} is no wasm", part.display()))?)?;
        }
    }
    Ok(main)
}

/// The parts that `cut` made, but for the main one.
pub(crate) fn parts(package: &Path) -> Result<Vec<PathBuf>> {
    let mut parts = ours(package)?;
    parts.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    parts.sort();
    Ok(parts)
}

fn sweep(package: &Path) -> Result<()> {
    for file in ours(package)? {
        fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
    }
    Ok(())
}

/// What a cut made, and the compressed copies of it.
fn ours(package: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(package)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if ["split_", "chunk_", "__wasm_split"].iter().any(|start| name.starts_with(start)) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// A part fits the main file of its own build alone; with another one's it would write over its memory. A page that
/// stays open while the server is renewed must therefore not find the new parts under the old names.
fn name_by_build(package: &Path, split: &SplitWasm, build: &str) -> Result<()> {
    let file = package.join(SCRIPT);
    let mut script = fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
    for part in &split.split_modules {
        let stem = part.file_stem().unwrap_or_default().to_string_lossy();
        script = renamed(&script, &stem, build)?;
        fs::rename(part, package.join(format!("{stem}.{build}.wasm")))?;
    }
    fs::write(&file, script).with_context(|| format!("could not write {}", file.display()))
}

/// The script that loads this part by its new name.
fn renamed(script: &str, stem: &str, build: &str) -> Result<String> {
    let (before, after) = (format!("\"./{stem}.wasm\""), format!("\"./{stem}.{build}.wasm\""));
    if !script.contains(&before) {
        bail!("{SCRIPT} does not load {stem}.wasm");
    }
    Ok(script.replace(&before, &after))
}

/// Which build this is, by all that it comes to: the same input need not be cut alike twice.
fn build(main: &Path, package: &Path, split: &SplitWasm) -> Result<String> {
    let mut files = split.split_modules.clone();
    files.sort();
    files.extend([main.to_path_buf(), package.join(SCRIPT)]);
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(&file).with_context(|| format!("no {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn manifest(split: SplitWasm, build: &str) -> Result<String> {
    let wings = split.prefetch_map.into_iter();
    let named = |parts: Vec<String>| -> Vec<String> {
        parts.into_iter().map(|part| format!("{part}.{build}")).collect()
    };
    let sorted: BTreeMap<String, Vec<String>> = wings.map(|(wing, parts)| (wing, named(parts))).collect();
    Ok(serde_json::to_string_pretty(&sorted)?)
}

/// The module without the names of its functions and without who produced it, none of which a browser needs.
fn without_custom_sections(module: &[u8]) -> Option<Vec<u8>> {
    const CUSTOM: u8 = 0;
    let (header, mut rest) = module.split_at_checked(8)?;
    let mut bare = header.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (length, digits) = number(after)?;
        let (section, next) = rest.split_at_checked(1 + digits + length)?;
        if *id != CUSTOM {
            bare.extend_from_slice(section);
        }
        rest = next;
    }
    Some(bare)
}

/// A number as wasm writes it, and in how many bytes.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn only_what_a_cut_made_is_swept_away() {
        let scratch = Scratch::new("split").unwrap();
        let made = ["split_run.0a.wasm", "split_run.0a.wasm.br", "chunk_2.0a.wasm", SCRIPT, MANIFEST];
        let others = ["agent-manager.js", "agent-manager.wasm", "agent-manager.css"];
        for file in made.iter().chain(&others) {
            fs::write(scratch.path().join(file), "x").unwrap();
        }
        let names = |files: Vec<PathBuf>| -> Vec<String> {
            files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(parts(scratch.path()).unwrap()), ["chunk_2.0a.wasm", "split_run.0a.wasm"]);
        sweep(scratch.path()).unwrap();
        for file in others {
            assert!(scratch.path().join(file).exists(), "{file}");
        }
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), others.len());
    }

    #[test]
    fn a_script_loads_the_parts_of_its_own_build() {
        let script = "fetch(new URL(\"./chunk_1.wasm\", u)); fetch(new URL(\"./chunk_12.wasm\", u));";
        let first = renamed(script, "chunk_1", "0a").unwrap();
        assert_eq!(first, script.replace("chunk_1.wasm", "chunk_1.0a.wasm"));
        let both = renamed(&first, "chunk_12", "0a").unwrap();
        assert!(both.contains("\"./chunk_1.0a.wasm\"") && both.contains("\"./chunk_12.0a.wasm\""), "{both}");
        assert!(renamed(script, "chunk_3", "0a").unwrap_err().to_string().contains("chunk_3.wasm"));
    }

    #[test]
    fn a_part_loses_its_custom_sections_and_nothing_else() {
        const HEADER: &[u8] = b"\0asm\x01\0\0\0";
        let long = [&[10_u8, 0x80, 0x01][..], &[7; 128]].concat();
        let (names, types) = ([0_u8, 5, 4, b'n', b'a', b'm', b'e'], [1_u8, 1, 0]);
        let module = [HEADER, &types, &names, &long, &names].concat();
        assert_eq!(without_custom_sections(&module).unwrap(), [HEADER, &types, &long].concat());
        assert_eq!(without_custom_sections(&module[..module.len() - 1]), None);
        assert_eq!(without_custom_sections(b"\0asm"), None);
    }
}
