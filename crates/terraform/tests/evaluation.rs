//! What expressions come to, and what is asked where only Terraform could know.

#![expect(clippy::unwrap_used, reason = "a helper fails as the test that calls it")]

use domain::{
    FleetSpec,
    view::import::{ImportInput, Reading, SourceFile},
};
use serde_json::{Value, json};

const REQUIRED: &str = "
  project_id  = \"p\"
  region      = \"us-central1\"
  environment = \"dev\"
  network_id  = \"n\"
  subnet_id   = \"s\"
";

fn input(texts: &[(&str, &str)], references: &[(&str, &str)]) -> ImportInput {
    let own = |&(left, right): &(&str, &str)| (left.to_owned(), right.to_owned());
    let files = texts.iter().map(own).map(|(name, text)| SourceFile { name, text }).collect();
    ImportInput { files, references: references.iter().map(own).collect(), module: None }
}

fn module(attributes: &str) -> String {
    format!("module \"vm_management\" {{\n  source = \"./vm-management\"{REQUIRED}{attributes}\n}}\n")
}

fn complete(input: &ImportInput) -> FleetSpec {
    match terraform::read(input) {
        Reading::Complete { desired } => *desired,
        other => panic!("{other:#?}"),
    }
}

fn asked(input: &ImportInput) -> Vec<(String, String)> {
    match terraform::read(input) {
        Reading::Unresolved { references } => {
            references.into_iter().map(|found| (found.reference, found.attribute)).collect()
        }
        other => panic!("{other:#?}"),
    }
}

fn messages(input: &ImportInput) -> Vec<String> {
    match terraform::read(input) {
        Reading::Malformed { errors } => errors.into_iter().map(|error| error.message).collect(),
        other => panic!("{other:#?}"),
    }
}

fn value(locals: &str, expression: &str) -> Value {
    let template = format!(
        "  agent_vm_templates = [{{ name = \"a\", agent_type = \"architect\", custom_config = jsonencode({expression}) }}]"
    );
    let text = format!("locals {{\n{locals}\n}}\n{}", module(&template));
    let fleet = complete(&input(&[("main.tf", &text)], &[]));
    serde_json::from_str(fleet.agent_vm_templates[0].custom_config.as_deref().unwrap()).unwrap()
}

#[test]
fn expressions_come_to_what_terraform_makes_of_them() {
    let locals = "
      name = \"agents\"
      list = [\"b\", \"a\", \"b\"]
      map  = { b = 2, a = 1 }
      rows = [{ n = \"x\", tags = [1] }, { n = \"y\", tags = [2, 3] }]
    ";
    for (expression, wanted) in [
        ("1 + 2 * 3 - 4 / 2", json!(5.0)),
        ("-(7 % 4)", json!(-3.0)),
        ("!(1 < 2 && 2 >= 2 || false)", json!(false)),
        ("1 == \"1\"", json!(false)),
        ("local.map == { a = 1, b = 2 }", json!(true)),
        ("local.name == \"agents\" ? \"yes\" : local.missing", json!("yes")),
        ("\"${local.name}-${1 + 1}-$${x}\"", json!("agents-2-${x}")),
        ("\"${local.list}\"", json!(["b", "a", "b"])),
        ("\"a %{ if true ~}  b  %{~ else } c %{ endif } d\"", json!("a b d")),
        ("\"%{ for x in local.list }${x},%{ endfor }\"", json!("b,a,b,")),
        ("\"%{ for k, v in local.map ~} ${k}=${v}; %{~ endfor }\"", json!("a=1;b=2;")),
        ("[for i, x in local.list : \"${i}${x}\" if x != \"a\"]", json!(["0b", "2b"])),
        ("{ for k, v in local.map : upper(k) => v + 1 }", json!({"A": 2.0, "B": 3.0})),
        ("{ for x in local.rows : x.n => x.tags... }", json!({"x": [[1.0]], "y": [[2.0, 3.0]]})),
        ("[for a in [1, 2] : [for b in [10] : a * b]]", json!([[10.0], [20.0]])),
        ("local.rows[*].n", json!(["x", "y"])),
        ("local.rows.*.tags[1]", json!([2.0, 3.0])),
        ("local.rows[1].tags[0] + local.map[\"b\"]", json!(4.0)),
        ("local.list.0", json!("b")),
        ("length(local.list) + length(local.map) + length(\"é\")", json!(6.0)),
        ("merge(local.map, { a = 5 }, null, { c = 6 })", json!({"a": 5.0, "b": 2.0, "c": 6.0})),
        ("merge([{ a = 1 }, { b = 2 }]...)", json!({"a": 1.0, "b": 2.0})),
        ("concat(local.list, [1], [])", json!(["b", "a", "b", 1.0])),
        ("toset(local.list)", json!(["a", "b"])),
        ("distinct(concat(local.list, [1, 1]))", json!(["b", "a", 1.0])),
        ("sort(local.list)", json!(["a", "b", "b"])),
        ("flatten([[1, [2]], [], 3])", json!([1.0, 2.0, 3.0])),
        ("keys(local.map)", json!(["a", "b"])),
        ("values(local.map)", json!([1.0, 2.0])),
        ("lookup(local.map, \"z\", 9)", json!(9.0)),
        ("coalesce(null, \"\", \"x\")", json!("x")),
        ("contains(local.list, \"a\") && !contains(local.list, \"z\")", json!(true)),
        ("element(local.list, 4)", json!("a")),
        ("slice(local.list, 1, 3)", json!(["a", "b"])),
        ("index(local.list, \"a\")", json!(1.0)),
        ("one([])", json!(null)),
        ("setsubtract(local.list, [\"a\"])", json!(["b"])),
        ("compact([\"a\", \"\", null])", json!(["a"])),
        ("reverse([1, 2])", json!([2.0, 1.0])),
        ("zipmap([\"a\", \"b\"], [1, 2])", json!({"a": 1.0, "b": 2.0})),
        ("range(3)", json!([0.0, 1.0, 2.0])),
        ("range(4, 0, -2)", json!([4.0, 2.0])),
        ("max(1, 5, 3) - min(4, 2)", json!(3.0)),
        ("[ceil(1.2), floor(1.8), abs(-1)]", json!([2.0, 1.0, 1.0])),
        ("[lower(\"AB\"), upper(\"ab\"), title(\"ab cd\")]", json!(["ab", "AB", "Ab Cd"])),
        ("join(\"-\", [\"a\", 1, true])", json!("a-1-true")),
        ("split(\",\", \"a,b\")", json!(["a", "b"])),
        ("replace(\"a.b\", \".\", \"-\")", json!("a-b")),
        ("substr(\"hello\", 1, 3)", json!("ell")),
        ("substr(\"hello\", -3, -1)", json!("llo")),
        ("format(\"%s-%02d-%.1f-%5s|%-3s|%%\", \"a\", 7, 1.25, \"b\", \"c\")", json!("a-07-1.2-    b|c  |%")),
        ("format(\"%q %v\", \"a\", [1])", json!("\"a\" [1]")),
        ("formatlist(\"%s-%s\", \"z\", [\"a\", \"b\"])", json!(["z-a", "z-b"])),
        ("trimspace(\" a \")", json!("a")),
        (
            "[trimprefix(\"ab\", \"a\"), trimsuffix(\"ab\", \"b\"), trim(\"?a!\", \"!?\")]",
            json!(["b", "a", "a"]),
        ),
        ("[startswith(\"ab\", \"a\"), endswith(\"ab\", \"a\")]", json!([true, false])),
        ("[tostring(5), tonumber(\"5\"), tobool(\"true\"), tostring(null)]", json!(["5", 5.0, true, null])),
        ("jsondecode(\"{\\\"a\\\": [1, null]}\").a", json!([1.0, null])),
        ("jsonencode({ b = 0.7, a = \"<&>\" })", json!("{\"a\":\"\\u003c\\u0026\\u003e\",\"b\":0.7}")),
        ("try(local.map.z, local.nothing, \"else\")", json!("else")),
        ("can(local.map.z) || !can(local.map.a)", json!(false)),
        ("<<-EOT\n      one ${local.name}\n        two\n    EOT\n", json!("one agents\n  two\n")),
        ("null", json!(null)),
    ] {
        let found = value(locals, expression);
        assert!(same(&found, &wanted), "{expression}: {found} instead of {wanted}");
    }
}

/// Whole numbers are written without a point, whatever was computed.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.keys().eq(right.keys())
                && left.values().zip(right.values()).all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

#[test]
fn json_is_written_as_terraform_writes_it() {
    let template = "  agent_vm_templates = [{ name = \"a\", agent_type = \"architect\", custom_config = jsonencode({ n = 3, f = 0.5, l = [], o = {}, b = null }) }]";
    let fleet = complete(&input(&[("main.tf", &module(template))], &[]));
    let config = fleet.agent_vm_templates[0].custom_config.as_deref();
    assert_eq!(config, Some(r#"{"b":null,"f":0.5,"l":[],"n":3,"o":{}}"#));
}

#[test]
fn values_convert_as_terraform_converts_them() {
    let fleet = complete(&input(
        &[(
            "main.tf",
            &module(
                "  default_pool_size = \"3\"\n  enable_monitoring = \"false\"\n  labels = { n = 5, b = true }\n  zones = null\n  firewall_rules = {}",
            ),
        )],
        &[],
    ));
    assert_eq!(fleet.environment.default_pool_size, 3);
    assert!(!fleet.environment.enable_monitoring);
    assert_eq!(fleet.environment.labels["n"], "5");
    assert_eq!(fleet.environment.labels["b"], "true");
    assert!(fleet.environment.zones.is_empty(), "null is the default");
    assert!(fleet.firewall_rules.is_empty(), "none was declared, which is not the same as undeclared");
}

#[test]
fn what_only_terraform_knows_is_asked_once_for_all_its_uses() {
    let text = format!(
        "variable \"size\" {{\n  type = number\n}}\nlocals {{\n  key = google_kms_crypto_key.k.id\n  unused = module.other.x\n}}\n{}",
        module(
            "  disk_encryption_key = local.key
  zones = [data.google_compute_zones.up.names[0], \"${var.region}-b\"]
  default_pool_size = var.size
  default_max_replicas = var.size * 2
  labels = merge({ a = var.team }, { a = \"x\" })
  name_prefix = \"${module.names[\"dev\"].prefix}-${terraform.workspace}\"
  agent_pools = [{ name = \"p\", agent_type = \"architect\", template_name = \"t\", target_size = var.sizes.p }]"
        )
    );
    let mut input = input(&[("main.tf", &text)], &[]);
    let wanted = [
        ("google_kms_crypto_key.k.id", "disk_encryption_key"),
        ("data.google_compute_zones.up.names[0]", "zones[0]"),
        ("var.region", "zones[1]"),
        ("var.size", "default_pool_size"),
        ("module.names[\"dev\"].prefix", "name_prefix"),
        ("terraform.workspace", "name_prefix"),
        ("var.sizes", "agent_pools[0].target_size"),
    ];
    assert_eq!(
        asked(&input),
        wanted.map(|(reference, attribute)| (reference.to_owned(), attribute.to_owned()))
    );

    let answers = ["projects/k", "us-central1-a", "us-central1", "4", "genesis", "default", "{\"p\": 3}"];
    input.references = wanted
        .iter()
        .zip(answers)
        .map(|((reference, _), answer)| ((*reference).to_owned(), answer.to_owned()))
        .collect();
    let fleet = complete(&input);
    assert_eq!(fleet.environment.disk_encryption_key.as_deref(), Some("projects/k"));
    assert_eq!(fleet.environment.zones, ["us-central1-a", "us-central1-b"]);
    assert_eq!((fleet.environment.default_pool_size, fleet.environment.default_max_replicas), (4, 8));
    assert_eq!(fleet.environment.name_prefix, "genesis-default");
    assert_eq!(fleet.agent_pools[0].target_size, Some(3));
}

#[test]
fn answers_of_the_wrong_type_are_told_with_their_reference() {
    let text = module(
        "  zones = var.zones\n  default_pool_size = var.size\n  enable_monitoring = var.on ? true : false",
    );
    let answers = [("var.zones", "a,b"), ("var.size", "many"), ("var.on", "true")];
    let found = messages(&input(&[("main.tf", &text)], &answers));
    assert_eq!(
        found,
        [
            "`zones` must be a list, found \"a,b\", which was given for `var.zones`; answer in JSON, as in [\"a\", \"b\"]",
            "`default_pool_size` must be a number, found \"many\", which was given for `var.size`",
        ]
    );
    let answers = [("var.zones", "[\"a\", \"b\"]"), ("var.size", "2"), ("var.on", "true")];
    let fleet = complete(&input(&[("main.tf", &text)], &answers));
    assert_eq!(fleet.environment.zones, ["a", "b"]);
}

#[test]
fn variables_take_their_values_from_the_file_that_wins() {
    let variables = "variable \"a\" { default = \"default\" }\nvariable \"b\" { default = \"default\" }\nvariable \"c\" { default = \"default\" }\nvariable \"d\" {}\n";
    let text = module("  labels = { a = var.a, b = var.b, c = var.c, d = var.d }");
    let files = [
        ("main.tf", text.as_str()),
        ("mine.tfvars", "d = \"mine\""),
        ("z.auto.tfvars", "c = \"z\"\nd = \"z\""),
        ("a.auto.tfvars", "b = \"a\"\nc = \"a\""),
        ("terraform.tfvars", "b = \"terraform\"\nc = \"terraform\"\nunheard_of = 1"),
        ("variables.tf", variables),
    ];
    let labels = complete(&input(&files, &[])).environment.labels;
    let found: Vec<_> = labels.values().map(String::as_str).collect();
    assert_eq!(found, ["default", "a", "z", "mine"]);
}

#[test]
fn a_variables_value_refers_to_nothing() {
    let text = format!("variable \"a\" {{\n  default = local.b\n}}\n{}", module("  name_prefix = var.a"));
    let found = messages(&input(&[("main.tf", &text)], &[]));
    assert_eq!(
        found,
        ["`var.a`: a variable's value cannot refer to anything: write the value itself, or use a local"]
    );
}

#[test]
fn among_several_modules_the_vm_management_one_is_meant_or_the_user_is_asked() {
    let network = "module \"networking\" {\n  source = \"./networking\"\n  cidr = foo()\n}\n";
    let one = format!("{network}{}", module(""));
    complete(&input(&[("main.tf", &one)], &[]));

    let from_git = "source = \"git::https://example.com/m.git//modules/vm-management?ref=v1\"";
    let second =
        module("").replace("vm_management", "second").replace("source = \"./vm-management\"", from_git);
    let mut several = input(&[("main.tf", &one), ("second.tf", &second)], &[]);
    let names = vec!["vm_management".to_owned(), "second".to_owned()];
    assert_eq!(terraform::read(&several), Reading::ChooseModule { modules: names });
    several.module = Some("second".to_owned());
    complete(&several);
    several.module = Some("secnd".to_owned());
    assert_eq!(messages(&several), ["no module is named `secnd`; did you mean `second`?"]);

    let elsewhere = module("").replace("./vm-management", "./fleet");
    complete(&input(&[("main.tf", &elsewhere)], &[]));
}

#[test]
fn a_failed_try_leaves_no_trace_behind() {
    let locals = "locals {\n  bad = { x = foo() }\n}\n";
    let text = format!("{locals}{}", module("  name_prefix = try(local.bad.x, \"else\")"));
    assert_eq!(complete(&input(&[("main.tf", &text)], &[])).environment.name_prefix, "else");

    let text =
        format!("{locals}{}", module("  name_prefix = try(local.bad.x, \"else\")\n  labels = local.bad"));
    let found = messages(&input(&[("main.tf", &text)], &[]));
    assert!(found.len() == 1 && found[0].contains("`foo`"), "{found:?}");
}

#[test]
fn line_endings_and_byte_order_marks_of_windows_are_read() {
    let text =
        format!("\u{feff}{}", module("  labels = {\n    a = \"b\" # c\n  }\n  zones = [\n    \"a\",\n  ]"));
    let fleet = complete(&input(&[("main.tf", &text.replace('\n', "\r\n"))], &[]));
    assert_eq!(fleet.environment.labels["a"], "b");
    let heredoc = module("  name_prefix = trimspace(<<EOT\na\nEOT\n  )").replace('\n', "\r\n");
    assert_eq!(complete(&input(&[("main.tf", &heredoc)], &[])).environment.name_prefix, "a");
}

#[test]
fn only_terraforms_own_files_are_read() {
    let found =
        messages(&input(&[("README.md", "# x"), ("a.tf.json", "{}"), ("b.tf", ""), ("b.tf", "")], &[]));
    let parts = ["neither", "JSON form", "given twice"];
    assert_eq!(found.len(), parts.len(), "{found:?}");
    for (message, part) in found.iter().zip(parts) {
        assert!(message.contains(part), "{message}");
    }
    assert!(messages(&ImportInput::default())[0].contains("no module block"));
    let many: Vec<_> = (0..51).map(|number| (format!("{number}.tf"), String::new())).collect();
    let many: Vec<_> = many.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert!(messages(&input(&many, &[]))[0].contains("at most 50"));
}
