//! Where things are, and how cargo is called.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages built together. xtask stays out: with it in the set, cargo would unify its features with the
/// product's and compile wasm-bindgen's tools a second time.
pub(crate) const PRODUCT: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// The browser's target.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Cargo's target directory, which `CARGO_TARGET_DIR` or cargo's own configuration may put outside the clone.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(path) if !path.is_empty() => root().join(path),
        // Of the configuration we see only where it put us.
        _ => std::env::current_exe()
            .ok()
            .and_then(|program| target_of(&program))
            .unwrap_or_else(|| root().join("target")),
    }
}

/// The target directory that cargo built this program in: `debug/xtask`, or `debug/deps/xtask-0123` when it is a test.
fn target_of(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    let profile = if folder.ends_with("deps") { folder.parent()? } else { folder };
    profile.parent().map(Path::to_path_buf)
}

/// What the server serves as files.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// A program that `build` made.
pub(crate) fn program(name: &str, release: bool) -> PathBuf {
    target().join(if release { "release" } else { "debug" }).join(name)
}

/// Google's discovery document of Compute Engine, which `setup` fetched.
pub(crate) fn discovery_document() -> PathBuf {
    target().join("discovery").join("compute.v1.json")
}

/// For long cargo commands: a person at a terminal sees what is being compiled, a log is spared.
pub(crate) fn quiet() -> Option<&'static str> {
    use std::io::IsTerminal;
    (!std::io::stderr().is_terminal()).then_some("--quiet")
}

/// Cargo, in the root, without what `cargo run` told this very process about its own package:
/// build scripts watch some of these variables, and would run again.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_directory_is_known_by_where_cargo_put_us() {
        for program in ["/elsewhere/out/debug/xtask", "/elsewhere/out/debug/deps/xtask-0123456789abcdef"] {
            assert_eq!(target_of(Path::new(program)), Some(PathBuf::from("/elsewhere/out")), "{program}");
        }
        assert_eq!(target_of(Path::new("/")), None);
    }
}
