//! `build`: the browser's files into `target/site`, then the programs. What did not change is not made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{compress, process, setup, split, style, terminal, workspace};

/// What the pages ask for: `pkg/agent-manager.js`, `.wasm` and `.css`. LEPTOS_OUTPUT_NAME in `.cargo/config.toml`
/// tells the server the same; with it set, leptos asks for the wasm without wasm-bindgen's `_bg`.
const NAME: &str = "agent-manager";

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    let mut release = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("release") => release = true,
            lexopt::Arg::Long("help") => {
                terminal::say(
                    "cargo xtask build [--release]\n\nInto target/site and target/{debug,release}.",
                );
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    setup::for_demo()?;
    if release { self::release() } else { everything() }
}

/// What is shipped, for the verb that measures it.
pub(crate) fn release() -> Result<()> {
    site(true)?;
    programs(true)
}

/// The program that measures. Of the release profile and after the release: with it in the same
/// build, the programs would be compiled with the features that only its passkey of software needs.
pub(crate) fn measures() -> Result<PathBuf> {
    terminal::stage("measures", || {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--release", "--bench", "measures", "--message-format=json-render-diagnostics"]);
        cargo.args(workspace::PRODUCT);
        let messages = process::capture(&mut cargo).context("the measures do not compile")?;
        let program = built(&messages, "measures").context("cargo built no measures")?;
        Ok((program, "crates/bench".to_owned()))
    })
}

/// The program of that target in what cargo says with `--message-format=json`. A bench has a hash in its name, so
/// nobody else knows where it is.
fn built(messages: &str, target: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    artifacts
        .filter(|artifact| artifact["target"]["name"] == target)
        .find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
}

/// The site and the programs, for verbs that start them.
pub(crate) fn everything() -> Result<()> {
    site(false)?;
    programs(false)
}

/// The programs, and the Rust tests too when they are to be run: in one go, because a build with tests compiles
/// the programs with the tests' features, and another build would undo that.
pub(crate) fn for_tests(with_tests: bool) -> Result<()> {
    if !with_tests {
        return programs(false);
    }
    terminal::stage("tests", || {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--bins", "--tests"]).args(workspace::quiet()).args(workspace::PRODUCT);
        process::run(&mut cargo).context("the programs or their tests do not compile")?;
        Ok(((), "the programs and their tests".to_owned()))
    })
}

/// Everything the server serves as files.
pub(crate) fn site(release: bool) -> Result<()> {
    let package = workspace::site().join("pkg");
    fs::create_dir_all(&package).with_context(|| format!("could not create {}", package.display()))?;
    terminal::stage("wasm", || {
        let profile = if release { "wasm" } else { "wasm-dev" };
        let mut cargo = workspace::cargo();
        cargo.arg("rustc").args(workspace::quiet());
        cargo.args(["-p", "app", "--lib", "--target", workspace::WASM]);
        cargo.args(["--no-default-features", "--features", "hydrate", "--profile", profile]);
        // Of the library's two kinds only the one for browsers: cargo leaves out LTO, in silence, where the other is
        // wanted as well. And the parts are cut along what the linker would otherwise throw away.
        cargo.args(["--crate-type", "cdylib", "--", "-Clink-arg=--emit-relocs"]);
        process::run(&mut cargo).context("the browser's half of the face does not compile")?;
        let wasm = workspace::target().join(workspace::WASM).join(profile).join("app.wasm");
        let made = bind(&wasm, &package, release)?;
        let size = fs::metadata(package.join(format!("{NAME}.wasm")))?.len();
        let (parts, made) = (split::parts(&package)?.len(), if made { "" } else { ", unchanged" });
        Ok(((), format!("{} kB and {parts} parts more{made}", size / 1000)))
    })?;
    terminal::stage("style", || {
        let mut sheet = style::sheet(&workspace::root().join("style"))?;
        if release {
            sheet = style::without_comments(&sheet);
        }
        write_if_changed(&package.join(format!("{NAME}.css")), sheet.as_bytes())?;
        let copied = copy(&workspace::root().join("style/public"), &workspace::site())?;
        Ok(((), format!("{} kB and {copied} files", sheet.len() / 1000)))
    })?;
    let files = for_browsers(&package)?;
    if !release {
        // Yesterday's release must not answer for today's work.
        files.iter().for_each(|file| compress::forget(file));
        return Ok(());
    }
    terminal::stage("compressed", || {
        let mut sizes = 0;
        for file in &files {
            sizes += compress::beside(file)?;
        }
        Ok(((), format!("{} kB by brotli, {} files", sizes / 1000, files.len())))
    })
}

/// What browsers ask for: the style, the scripts, and the wasm in all its parts.
fn for_browsers(package: &Path) -> Result<Vec<PathBuf>> {
    let mut files = split::parts(package)?;
    files.extend(["js", "wasm", "css"].map(|extension| package.join(format!("{NAME}.{extension}"))));
    files.push(package.join(split::SCRIPT));
    Ok(files)
}

fn programs(release: bool) -> Result<()> {
    terminal::stage("programs", || {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--bins"]).args(workspace::quiet()).args(workspace::PRODUCT);
        if release {
            cargo.arg("--release");
        }
        process::run(&mut cargo).context("the programs do not compile")?;
        Ok(((), "agent-manager, compute-emulator, development-issuer".to_owned()))
    })
}

/// Makes the parts, the JavaScript glue and the final wasm, unless they were made from this very file. Tells whether
/// it did.
fn bind(wasm: &Path, package: &Path, release: bool) -> Result<bool> {
    let (script, binary) = (package.join(format!("{NAME}.js")), package.join(format!("{NAME}.wasm")));
    let stamp = workspace::target().join("site-made-from");
    let source = identity(wasm)?;
    if script.exists()
        && binary.exists()
        && package.join(split::SCRIPT).exists()
        && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == source)
    {
        return Ok(false);
    }
    let _ = fs::remove_file(&stamp);
    let main = split::cut(wasm, package, NAME, release)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(main).out_name(NAME).typescript(false).omit_default_module_path(true);
    // The parts find the main file's functions in the table that the linker exported.
    bindgen.keep_lld_exports(true);
    bindgen.remove_name_section(release).remove_producers_section(release);
    bindgen.web(true)?;
    bindgen.generate(package).context("wasm-bindgen could not make the browser's files")?;
    fs::rename(package.join(format!("{NAME}_bg.wasm")), binary)?;
    fs::write(stamp, source)?;
    Ok(true)
}

/// Which file this is: cargo leaves an unchanged result untouched, so its place, time and size suffice.
fn identity(file: &Path) -> Result<String> {
    let about = fs::metadata(file).with_context(|| format!("no {}", file.display()))?;
    let time = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} {} {}", file.display(), time.as_nanos(), about.len()))
}

/// Keeps the file's time when nothing changed, and with it what browsers have cached.
fn write_if_changed(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|had| had == content) {
        return Ok(());
    }
    fs::write(file, content).with_context(|| format!("could not write {}", file.display()))
}

/// Copies a folder's files into another; how many there are. No folder, no files.
fn copy(from: &Path, to: &Path) -> Result<usize> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(0) };
    fs::create_dir_all(to)?;
    let mut count = 0;
    for entry in entries {
        let path: PathBuf = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            count += copy(&path, &target)?;
        } else {
            write_if_changed(&target, &fs::read(&path)?)?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn an_unchanged_file_keeps_its_time() {
        let scratch = Scratch::new("build").unwrap();
        let file = scratch.path().join("a.css");
        write_if_changed(&file, b"one").unwrap();
        let first = identity(&file).unwrap();
        write_if_changed(&file, b"one").unwrap();
        assert_eq!(identity(&file).unwrap(), first);
        write_if_changed(&file, b"other").unwrap();
        assert_ne!(identity(&file).unwrap(), first);
    }

    #[test]
    fn a_bench_is_found_by_its_target_among_what_cargo_says() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"store\"},\"executable\":null}\n",
            "not JSON\n",
            "{\"target\":{\"name\":\"measures\"},\"executable\":\"/t/release/deps/measures-1a\"}\n",
            "{\"reason\":\"build-finished\",\"success\":true}\n",
        );
        assert_eq!(built(messages, "measures").unwrap(), Path::new("/t/release/deps/measures-1a"));
        assert_eq!(built(messages, "store"), None);
    }

    #[test]
    fn folders_are_copied_with_what_they_hold() {
        let scratch = Scratch::new("build").unwrap();
        let (from, to) = (scratch.path().join("from"), scratch.path().join("to"));
        fs::create_dir_all(from.join("icons")).unwrap();
        fs::write(from.join("favicon.svg"), "f").unwrap();
        fs::write(from.join("icons/a.svg"), "a").unwrap();
        assert_eq!(copy(&from, &to).unwrap(), 2);
        assert_eq!(fs::read_to_string(to.join("icons/a.svg")).unwrap(), "a");
        assert_eq!(copy(&scratch.path().join("none"), &to).unwrap(), 0);
    }
}
