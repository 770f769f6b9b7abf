//! Texts that are meant to cost time, memory or stack are refused, or read, within their bounds. Tests run on
//! two megabytes of stack, as a server's threads do.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::view::import::{ImportInput, Reading, SourceFile};

/// What follows is a fraction of it on a quiet machine; what it forbids would take minutes, or never end.
const PATIENCE: Duration = Duration::from_secs(60);

fn messages(text: String) -> Vec<String> {
    let files = vec![SourceFile { name: "main.tf".to_owned(), text }];
    read(ImportInput { files, ..ImportInput::default() })
}

fn read(input: ImportInput) -> Vec<String> {
    let started = Instant::now();
    let reading = terraform::read(&input);
    let took = started.elapsed();
    assert!(took < PATIENCE, "{took:?} for {:.80}", input.files[0].text);
    match reading {
        Reading::Malformed { errors } => errors.into_iter().map(|error| error.message).collect(),
        _ => Vec::new(),
    }
}

fn module(attribute: &str) -> String {
    format!("module \"m\" {{\n  environment = \"dev\"\n{attribute}\n}}\n")
}

#[test]
fn nesting_is_refused_whatever_nests() {
    for (open, close, deepest) in [
        ("[", "]", 39),
        ("(", ")", 39),
        ("{ a = ", "}", 39),
        ("\"${", "}\"", 19),
        ("f(", ")", 39),
        ("[for a in b : ", "]", 39),
    ] {
        for depth in [deepest, deepest + 1, 50_000] {
            let text = module(&format!("  labels = {}1{}", open.repeat(depth), close.repeat(depth)));
            let found = messages(text);
            let told = found.iter().any(|message| message.contains("levels"));
            assert_eq!(told, depth > deepest, "{open} {depth}: {found:?}");
        }
    }
    for prefix in ["!", "-", "a ? 1 : ", "a + "] {
        let found = messages(module(&format!("  labels = {}a", prefix.repeat(10_000))));
        assert!(found.iter().any(|message| message.contains("deeply")), "{prefix}: {found:?}");
        // Within the parser's own bounds, and so a matter of evaluation.
        messages(module(&format!("  labels = {}a", prefix.repeat(60))));
    }
    for step in ["[*]", ".*", ".a", "[0]", ".0"] {
        for value in ["1", "local.a", "module.b"] {
            let locals = "locals {\n  a = [[1]]\n}\n";
            messages(format!("{locals}{}", module(&format!("  zones = {value}{}", step.repeat(20_000)))));
        }
    }
    messages("a {\n".repeat(200_000));
}

#[test]
fn circles_and_long_chains_end() {
    let chain = |count: usize, link: fn(usize) -> String| {
        let links: String =
            (1..count).map(|number| format!("}}\nlocals {{\n  l{number} = {}\n", link(number - 1))).collect();
        let all = (0..count).map(|number| format!("local.l{number}")).collect::<Vec<_>>().join(", ");
        format!(
            "locals {{\n  l0 = {{}}\n{links}}}\n{}",
            module(&format!("  labels = {{ a = jsonencode([{all}]), b = local.l{} }}", count - 1))
        )
    };
    for link in [
        |before| format!("[local.l{before}]"),
        |before| format!("[local.l{before}, local.l{before}]"),
        |before| format!("merge(true ? (local.l{before}) : {{}}, {{}})"),
        |before| format!("[for x in [1] : local.l{before}]"),
        |before| format!("flatten([local.l{before}, \"a\", local.l{before}])"),
        |before| format!("local.l{before} == local.l{before}"),
        |before| format!("jsonencode({{ a = [\"${{local.l{before}}}\"] }})"),
        |before| format!("\"%{{ for x in [1] }}a${{jsonencode(local.l{before})}}%{{ endfor }}\""),
        |before| {
            let (open, close) = ("%{ if true }".repeat(50), "%{ endif }".repeat(50));
            format!("\"{open}a${{jsonencode(local.l{before})}}{close}\"")
        },
    ] {
        for count in [50, 200] {
            messages(chain(count, link));
        }
    }
    let found = messages(chain(200, |before| format!("[local.l{before}]")));
    assert!(found.iter().any(|message| message.contains("too deeply")), "{found:?}");
}

#[test]
fn what_multiplies_is_stopped() {
    let doubled = |start: &str, double: &dyn Fn(&str) -> String, used: &str| {
        let lines: String = (1..60)
            .map(|number| format!("  x{number} = {}\n", double(&format!("local.x{}", number - 1))))
            .collect();
        format!("locals {{\n  x0 = {start}\n{lines}}}\n{}", module(used))
    };
    for text in [
        doubled("\"genesis\"", &|x| format!("\"${{{x}}}${{{x}}}\""), "  name_prefix = local.x59"),
        doubled("\"genesis\"", &|x| format!("join({x}, [{x}, {x}])"), "  name_prefix = local.x59"),
        doubled("\"aa\"", &|x| format!("replace({x}, \"a\", {x})"), "  name_prefix = local.x59"),
        doubled("[\"a\"]", &|x| format!("concat({x}, {x})"), "  zones = local.x59"),
        doubled("[\"a\"]", &|x| format!("[{x}, {x}]"), "  name_prefix = jsonencode(local.x50)"),
        doubled("[\"a\"]", &|x| format!("[{x}, {x}]"), "  zones = flatten(local.x50)"),
        doubled("[1]", &|x| format!("[{x}, {x}]"), "  enable_monitoring = local.x50 == local.x50"),
        doubled("\"a\"", &|x| format!("jsonencode([{x}, {x}])"), "  name_prefix = local.x30"),
        module(
            "  zones = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : \"${a}${b}${c}\"]]]",
        ),
        module(
            "  name_prefix = \"%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }\"",
        ),
        module(&format!("  zones = distinct([for a in range(1000) : [{}a]])", "0, ".repeat(5000))),
    ] {
        let found = messages(text.clone());
        assert!(found.iter().any(|message| message.contains("too much")), "{text:.200}: {found:?}");
    }
}

#[test]
fn large_texts_are_read_or_refused() {
    let repeated = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let most = 1024 * 1024;
    assert!(messages(repeated(" ", most + 1))[0].contains("too much"));
    messages(repeated("\n", most));
    messages(repeated("\\\"", most));
    // A part of the limit each: the same shapes, without a minute of unoptimized parsing.
    let much = most / 20;
    messages(module(&format!("  zones = [{}]", repeated("1,", much))));
    messages(module(&format!("  labels = {{{}}}", repeated("a = 1\n", much))));
    messages(module(&format!("  name_prefix = \"{}\"", repeated("\u{e9}", much))));
    messages(module(&format!("  name_prefix = {}true{}", "true ? 1 : ".repeat(50), repeated("#\n", much))));
    messages((0..much / 10).map(|number| format!("a{number} = 1\n")).collect());
    messages((0..much / 10).map(|number| format!("a{number}{{}}\n")).collect());
    let keys: String = (0..512).map(|number| format!("k{number} = 1\n")).collect();
    messages(module(
        &(0..much / keys.len()).map(|number| format!("a{number} = {{\n{keys}}}\n")).collect::<String>(),
    ));
}

#[test]
fn questions_have_an_end() {
    let references: String = (0..5_000).map(|number| format!("${{var.v{number}}}")).collect();
    let found = messages(module(&format!("  name_prefix = \"{references}\"")));
    assert!(found[0].contains("too many answers"), "{found:?}");
}

#[test]
fn answers_count_too() {
    let input = |answer: String| ImportInput {
        files: vec![SourceFile {
            name: "main.tf".to_owned(),
            text: module(&format!("  zones = [{}]", "var.zones[0], ".repeat(10_000))),
        }],
        references: BTreeMap::from([("var.zones".to_owned(), answer)]),
        module: None,
    };
    assert!(read(input("x".repeat(1024 * 1024)))[0].contains("too much"));
    let found = read(input(format!("[\"a\"{}]", " ".repeat(100_000))));
    assert!(found.iter().any(|message| message.contains("too much")), "{found:?}");
}

#[test]
fn a_thousand_lines_are_read_at_once() {
    let pool = "    {\n      name          = \"poolN\"\n      agent_type    = \"backend-developer\"\n      template_name = \"backend\"\n      target_size   = 2\n      enable_autoscaling = true\n      min_replicas  = 1\n      max_replicas  = 5\n      labels        = { team = local.team }\n    },\n";
    let pools: String = (0..100).map(|number| pool.replace('N', &number.to_string())).collect();
    let text =
        format!("locals {{\n  team = \"agents\"\n}}\n{}", module(&format!("  agent_pools = [\n{pools}  ]")));
    assert!(text.lines().count() > 1000);
    let fastest = (0..10)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(messages(text.clone()), Vec::<String>::new());
            started.elapsed()
        })
        .min()
        .unwrap();
    println!("{fastest:?} for {} lines", text.lines().count());
    // About 20 ms unoptimized on a quiet machine, of which the parser takes three quarters. The rest is for a busy machine.
    assert!(fastest < Duration::from_millis(500), "{fastest:?}");
}
