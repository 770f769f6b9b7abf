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

/// Cargo's target directory, which `CARGO_TARGET_DIR` may put outside the clone.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(path) if !path.is_empty() => root().join(path),
        _ => root().join("target"),
    }
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
