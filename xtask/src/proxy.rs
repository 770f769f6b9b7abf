//! A machine's HTTP proxy is for the world. What we start speaks to its neighbours on loopback, and Google's client, which the
//! server uses for the emulator too, cannot be told so but by the environment: the server refuses to start where the proxy would take its calls.

use std::process::Command;

const LOOPBACK: &str = "127.0.0.1,localhost";

/// Adds loopback to what the command's program reaches without a proxy. Both spellings: some read the one, some the other.
#[expect(clippy::disallowed_methods, reason = "what is added to is what the program would inherit")]
pub(crate) fn spare_loopback(command: &mut Command) -> &mut Command {
    let inherited = |name| std::env::var(name).unwrap_or_default();
    let (upper, lower) = (inherited("NO_PROXY"), inherited("no_proxy"));
    command.env("NO_PROXY", with_loopback(&upper, &lower)).env("no_proxy", with_loopback(&lower, &upper))
}

/// An empty list stands for none: then the other spelling's counts. A star is no reason to leave ours out, since Google's client
/// means names by it and not addresses.
fn with_loopback(list: &str, other: &str) -> String {
    let known = if list.trim().is_empty() { other.trim() } else { list.trim() };
    if known.is_empty() { LOOPBACK.to_owned() } else { format!("{known},{LOOPBACK}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_added_to_what_was_there() {
        assert_eq!(with_loopback("", ""), "127.0.0.1,localhost");
        assert_eq!(with_loopback("*", ""), "*,127.0.0.1,localhost");
        assert_eq!(with_loopback("corp.example", "other.example"), "corp.example,127.0.0.1,localhost");
        assert_eq!(with_loopback(" ", "other.example"), "other.example,127.0.0.1,localhost");
    }

    #[test]
    fn both_spellings_are_told() {
        let mut command = Command::new("true");
        spare_loopback(&mut command);
        for name in ["NO_PROXY", "no_proxy"] {
            let told = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
            assert!(told.is_some_and(|list| list.to_string_lossy().ends_with(LOOPBACK)), "{name}: {told:?}");
        }
    }
}
