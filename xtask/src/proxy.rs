//! A machine's HTTP proxy is for the world. What we start speaks to its neighbours on loopback, and Google's client, which the
//! server uses for the emulator too, cannot be told so but by the environment: the server refuses to start where the proxy would take its calls.

use std::process::Command;

const LOOPBACK: &str = "127.0.0.1,localhost";

/// Each program reads some of them.
const PROXIES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Adds loopback to what the command's program reaches without a proxy.
#[expect(clippy::disallowed_methods, reason = "what is added to is what the program would inherit")]
pub(crate) fn spare_loopback(command: &mut Command) -> &mut Command {
    let inherited = |name| std::env::var(name).unwrap_or_default();
    spare(command, &inherited("NO_PROXY"), &inherited("no_proxy"))
}

/// Both spellings: some read the one, some the other. A star alone means that nothing is reached through a proxy, but only to some,
/// and to none of them with more beside it: so it stays alone, for cargo's downloads, and the proxies go, for Google's client.
fn spare<'a>(command: &'a mut Command, upper: &str, lower: &str) -> &'a mut Command {
    let mut lists = [upper, lower].into_iter().map(str::trim).filter(|list| !list.is_empty()).peekable();
    if lists.peek().is_some() && lists.all(|list| list == "*") {
        for proxy in PROXIES {
            command.env_remove(proxy);
        }
        command
    } else {
        command.env("NO_PROXY", with_loopback(upper, lower)).env("no_proxy", with_loopback(lower, upper))
    }
}

/// An empty list stands for none: then the other spelling's counts. A star in one spelling is no reason to leave ours out, since
/// Google's client means names by it and not addresses.
fn with_loopback(list: &str, other: &str) -> String {
    let known = if list.trim().is_empty() { other.trim() } else { list.trim() };
    if known.is_empty() { LOOPBACK.to_owned() } else { format!("{known},{LOOPBACK}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn loopback_is_added_to_what_was_there() {
        assert_eq!(with_loopback("", ""), "127.0.0.1,localhost");
        assert_eq!(with_loopback("*", ""), "*,127.0.0.1,localhost");
        assert_eq!(with_loopback("corp.example", "other.example"), "corp.example,127.0.0.1,localhost");
        assert_eq!(with_loopback(" ", "other.example"), "other.example,127.0.0.1,localhost");
    }

    /// Each variable that is set for the command's program; empty: it is taken away.
    fn told(command: &Command) -> BTreeMap<String, String> {
        let text = |text: &OsStr| text.to_string_lossy().into_owned();
        command.get_envs().map(|(name, value)| (text(name), value.map(text).unwrap_or_default())).collect()
    }

    #[test]
    fn both_spellings_are_told() {
        for (upper, lower) in [("", ""), ("corp.example", ""), ("*", "corp.example")] {
            let mut command = Command::new("true");
            let told = told(spare(&mut command, upper, lower));
            assert_eq!(told.keys().collect::<Vec<_>>(), ["NO_PROXY", "no_proxy"]);
            assert!(told.values().all(|list| list.ends_with(LOOPBACK)), "{told:?}");
        }
    }

    #[test]
    fn a_star_alone_keeps_its_meaning_for_all() {
        let gone = PROXIES.map(|proxy| (proxy.to_owned(), String::new()));
        for (upper, lower) in [("*", ""), ("", " * "), ("*", "*")] {
            let mut command = Command::new("true");
            let told = told(spare(&mut command, upper, lower));
            assert_eq!(told, BTreeMap::from(gone.clone()));
        }
    }
}
