//! Documents name what exists: pages, commands and tests of docs/seed-map.md, and in docs/errors.md every code that can be met;
//! docs/webhook.md has what is sent.

use std::{collections::BTreeSet, fs, path::Path};

use control::webhook::{DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use domain::{alert::AlertKind, autoscaling::STATUS_TYPES, cause::Cause, rules::RULES};

/// A file of the repository, by its path from the root.
fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn what_the_seed_map_points_to_exists() {
    let map = read("docs/seed-map.md");
    let routes =
        ["app/src/routes.rs", "server/src/own.rs", "crates/agent-cage/src/health.rs"].map(read).concat();
    let (manual, tools, server) =
        (read("docs/cli.md"), read("xtask/src/main.rs"), read("server/src/commands.rs"));
    let mut tests = 0;
    for row in map.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, pages, commands, proofs] = cells[..] else { panic!("four cells: {row}") };
        for page in quoted(pages) {
            assert!(routes.contains(&format!("\"{page}\"")), "no page: {page}");
        }
        for command in quoted(commands) {
            let there = match command.split(' ').collect::<Vec<_>>()[..] {
                ["g", ..] => manual.contains(&format!("`{command}`\n")),
                ["cargo", "xtask", verb] => tools.contains(&format!("\"{verb}\" => ")),
                ["agent-manager", verb, ..] => server.contains(&format!("Command::{}", capital(verb))),
                _ => false,
            };
            assert!(there, "no command: {command}");
        }
        for (path, name) in quoted(proofs).filter_map(|proof| proof.split_once("::")) {
            let test = if path.ends_with(".mjs") { format!("test('{name}'") } else { format!("fn {name}(") };
            assert!(read(path).contains(&test), "no test: {path}::{name}");
            tests += 1;
        }
    }
    assert!(tests > 80, "only {tests} tests were read from the map");
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// The literals among the arguments `from` to `from + 1` of each call that begins so.
fn arguments<'a>(text: &'a str, call: &'a str, from: usize) -> impl Iterator<Item = &'a str> {
    text.split(call)
        .skip(1)
        .flat_map(move |after| after.split(',').skip(from).take(2))
        .filter_map(|argument| argument.trim().strip_prefix('"')?.split('"').next())
}

/// Literals of one CamelCase word, outside of tests.
fn reasons(text: &str) -> impl Iterator<Item = &str> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.split('"').skip(1).step_by(2).filter(|word| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.contains(|letter: char| letter.is_ascii_lowercase())
            && word.chars().all(|letter| letter.is_ascii_alphabetic())
    })
}

fn is_code(word: &&str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

/// As serde spells a variant: `NotFound` is `not_found`.
fn snake(variant: &str) -> String {
    let words: Vec<String> = variant
        .split_inclusive(char::is_alphanumeric)
        .map(|letter| {
            if letter.starts_with(char::is_uppercase) {
                format!("_{}", letter.to_lowercase())
            } else {
                letter.to_owned()
            }
        })
        .collect();
    words.concat().trim_start_matches('_').to_owned()
}

#[test]
fn every_code_is_explained() {
    let mut codes = BTreeSet::new();
    let mut take = |found: Vec<&str>, path: &str| {
        assert!(
            !found.is_empty(),
            "nothing was found in {path}: does this test still know how codes are written there?"
        );
        codes.extend(found.into_iter().map(str::to_owned));
    };
    for (path, call, from) in [
        ("server/src/query.rs", "Problem::new(", 0),
        ("server/src/failures.rs", "Problem::new(", 0),
        ("server/src/failures/wordless.rs", "Problem::new(", 0),
        ("server/src/rest/v1.rs", "Problem::new(", 0),
        ("server/src/rest/v1.rs", ".problem(", 0),
        ("server/src/rest/changes.rs", ".problem(", 0),
        ("server/src/rest/live.rs", "Problem::new(", 0),
        ("server/src/rest/idempotency.rs", "refuse(", 0),
        ("server/src/auth/bearer.rs", "refuse(", 0),
        ("server/src/auth/gate.rs", "Problem::new(", 0),
        ("server/src/auth/routes.rs", "failed(", 1),
        ("crates/control/src/agents.rs", "AgentRefused::new(", 0),
        ("crates/control/src/agents.rs", "Self::new(", 0),
    ] {
        take(arguments(&read(path), call, from).filter(is_code).collect(), path);
    }
    let path = "crates/control/src/error.rs";
    let error = read(path);
    let code = error.split("fn code").nth(1).and_then(|rest| rest.split("fn status").next());
    take(code.unwrap_or_default().split('"').skip(1).step_by(2).collect(), path);
    let path = "app/src/api.rs";
    let api = read(path);
    let variants =
        api.split("pub enum Code {").nth(1).and_then(|rest| rest.split('}').next()).unwrap_or_default();
    let names: Vec<String> =
        variants.lines().filter_map(|line| line.trim().strip_suffix(',')).map(snake).collect();
    take(names.iter().map(String::as_str).filter(is_code).collect(), path);
    for path in ["crates/control/src/evidence.rs", "crates/control/src/reconcile/proof.rs"] {
        let text = read(path);
        let named = text.split("(").filter_map(|rest| rest.split_once(")\"").map(|(code, _)| code));
        take(named.filter(is_code).collect(), path);
    }
    for path in [
        "crates/domain/src/hindrance.rs",
        "crates/domain/src/hindrance/autoscaler.rs",
        "crates/control/src/reconcile/pools.rs",
        "crates/control/src/reconcile/environments.rs",
        "crates/control/src/reconcile/applied.rs",
    ] {
        take(reasons(&read(path)).collect(), path);
    }
    for path in ["crates/control/src/diagnosis.rs", "server/src/commands/doctor.rs"] {
        let text = read(path);
        let causes = ["::ok(", "::warn(", "::fail("].into_iter().flat_map(|call| arguments(&text, call, 1));
        take(causes.filter(|cause| !cause.contains(' ')).collect(), path);
    }
    let path = "crates/control/src/neighbours.rs";
    take(read(path).split("rule: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect(), path);
    take(Cause::ALL.iter().map(|cause| cause.as_str()).collect(), "Cause");
    take(AlertKind::ALL.iter().map(|kind| kind.as_str()).collect(), "AlertKind");
    take(STATUS_TYPES.to_vec(), "STATUS_TYPES");
    take(RULES.iter().map(|(rule, _)| *rule).collect(), "RULES");

    let explained = read("docs/errors.md");
    let headings: BTreeSet<&str> = explained
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .flat_map(|heading| heading.split(", "))
        .collect();
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| !headings.contains(code.as_str()) && !explained.contains(&format!("`{code}`")))
        .collect();
    assert!(missing.is_empty(), "docs/errors.md does not explain {missing:?}");
    for (rule, asks) in RULES {
        assert!(
            explained.contains(&format!("| `{rule}` | {asks} |")),
            "docs/errors.md says otherwise of {rule}"
        );
    }
}

#[test]
fn a_receiver_of_incidents_is_told_all_that_is_sent() {
    let told = read("docs/webhook.md");
    let path = "crates/control/src/incidents.rs";
    let sent = read(path);
    let body = sent.split("let body = json!(").nth(1).and_then(|rest| rest.split("});").next());
    let fields: Vec<&str> = body
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": "))
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields.len(), 10, "{path} writes its body otherwise than this test reads it: {fields:?}");
    let events = ["incident.opened", "incident.closed"];
    for event in events {
        assert!(sent.contains(&format!("\"{event}\"")), "{path} tells no {event}");
    }
    let headers = [TIMESTAMP_HEADER, SIGNATURE_HEADER, DELIVERY_HEADER];
    for name in fields.into_iter().chain(events).chain(headers) {
        assert!(told.contains(&format!("`{name}`")), "docs/webhook.md does not explain {name}");
    }
}
