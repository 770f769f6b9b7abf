//! A firewall rule as a form: its texts and what they mean. The names of the fields are the declaration's own.

use domain::{
    FleetSpec, ObservedFleet,
    environment::EnvironmentSpec,
    firewall::{Direction, FirewallRuleSpec, Traffic},
    rules,
    view::firewall::FirewallRuleForm,
};

use crate::{
    api::FieldProblem,
    components::lines::list,
    form::{Reader, within},
    pages::review,
    url_state::Query,
};

pub const ENVIRONMENT: &str = "environment";
pub const KEY: &str = "key";
pub const ALLOW: &str = "allow";
pub const DENY: &str = "deny";

/// Those that show what is wrong with them.
pub const NAMES: &[&str] = &[
    "key",
    "description",
    "direction",
    "priority",
    "action",
    "traffic",
    "source_ranges",
    "source_tags",
    "destination_ranges",
    "target_tags",
];

/// The fields' texts of a rule.
pub fn texts(rule: &FirewallRuleSpec) -> Vec<(&'static str, String)> {
    let denies = !rule.deny.is_empty();
    let traffic: Vec<String> = if denies { &rule.deny } else { &rule.allow }.iter().map(written).collect();
    vec![
        ("description", rule.description.clone()),
        ("direction", rule.direction.as_str().to_owned()),
        ("priority", rule.priority.to_string()),
        ("action", if denies { DENY } else { ALLOW }.to_owned()),
        ("traffic", list(&traffic)),
        ("source_ranges", list(&rule.source_ranges)),
        ("source_tags", list(&rule.source_tags)),
        ("destination_ranges", list(&rule.destination_ranges)),
        ("target_tags", list(&rule.target_tags)),
    ]
}

/// `tcp 22 8000-8999`.
fn written(traffic: &Traffic) -> String {
    let words: Vec<&str> =
        [traffic.protocol.as_str()].into_iter().chain(traffic.ports.iter().map(String::as_str)).collect();
    words.join(" ")
}

/// What the texts mean, or each field that means nothing. Whether it breaks a rule is not asked here.
pub fn read(values: &Query) -> Result<(String, FirewallRuleSpec), Vec<FieldProblem>> {
    let mut reader = Reader::new(values);
    let key = reader.text(KEY).unwrap_or_default();
    if key.is_empty() {
        reader.refuse(KEY, "it is empty: write lower-case letters, digits and hyphens");
    }
    let direction = match reader.text("direction").unwrap_or_default().as_str() {
        "EGRESS" => Direction::Egress,
        "INGRESS" => Direction::Ingress,
        other => {
            reader.refuse("direction", format!("`{other}` is no direction: INGRESS or EGRESS"));
            Direction::Ingress
        }
    };
    let priority = reader.text("priority").unwrap_or_default();
    let priority = priority.parse().unwrap_or_else(|_| {
        reader.refuse("priority", format!("`{priority}` is no priority: 0 (first) to 65535 (last)"));
        0
    });
    let traffic: Vec<Traffic> = reader.list("traffic").iter().map(|line| read_traffic(line)).collect();
    if traffic.is_empty() {
        reader.refuse("traffic", "it is empty: write a protocol and its ports a line, as tcp 22 8000-8999");
    }
    let (allow, deny) = match reader.text("action").unwrap_or_default().as_str() {
        ALLOW => (traffic, Vec::new()),
        DENY => (Vec::new(), traffic),
        other => {
            reader.refuse("action", format!("`{other}` is no action: allow or deny"));
            (Vec::new(), Vec::new())
        }
    };
    let rule = FirewallRuleSpec {
        priority,
        source_ranges: reader.list("source_ranges"),
        destination_ranges: reader.list("destination_ranges"),
        source_tags: reader.list("source_tags"),
        target_tags: reader.list("target_tags"),
        allow,
        deny,
        ..FirewallRuleSpec::new(&reader.text("description").unwrap_or_default(), direction)
    };
    reader.finish((key, rule))
}

/// A protocol and its ports, parted by blanks or commas.
fn read_traffic(line: &str) -> Traffic {
    let mut words = line.split([' ', ',', '\t']).filter(|word| !word.is_empty()).map(str::to_owned);
    Traffic { protocol: words.next().unwrap_or_default(), ports: words.collect() }
}

/// Where the rule stands in the declaration, with the dot.
pub fn place(key: &str) -> String {
    format!("firewall_rules[\"{key}\"].")
}

/// The problem of an attribute as the form's field: what is allowed or denied is one field here.
pub fn field(problem: FieldProblem, key: &str) -> FieldProblem {
    let whole = format!("firewall_rules[\"{key}\"]");
    let problem =
        if problem.field == whole { FieldProblem { field: KEY.to_owned(), ..problem } } else { problem };
    let problem = within(problem, &place(key));
    let traffic = matches!(problem.field.as_str(), "allow" | "deny");
    if traffic { FieldProblem { field: "traffic".to_owned(), ..problem } } else { problem }
}

/// What is wrong with the values, as far as the declaration alone tells: asked in the browser while somebody types.
pub fn check(form: &FirewallRuleForm, values: &Query) -> Vec<FieldProblem> {
    let (key, rule) = match read(values) {
        Ok(read) => read,
        Err(problems) => return problems,
    };
    let taken = form.rule.is_none() && form.keys.contains(&key);
    let twice = taken.then(|| FieldProblem {
        field: KEY.to_owned(),
        message: format!("firewall rule {key} is declared already: choose another key"),
    });
    let mut environment =
        EnvironmentSpec::new("project-id", "us-central1", &form.environment, "network", "subnet");
    environment.name_prefix.clone_from(&form.name_prefix);
    let mut spec = FleetSpec::new(environment);
    spec.firewall_rules = [(key.clone(), rule)].into();
    let broken = rules::check(&spec, &ObservedFleet::default())
        .into_iter()
        .filter(|violation| violation.attribute.starts_with("firewall_rules["))
        .map(|violation| field(review::problem(&violation), &key))
        .collect::<Vec<_>>();
    twice.into_iter().chain(broken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(key: &str, rule: &FirewallRuleSpec) -> Query {
        let key = [(KEY, key.to_owned())];
        key.into_iter()
            .chain(texts(rule))
            .fold(Query::default(), |query, (name, value)| query.with(name, Some(&value)))
    }

    fn ssh() -> FirewallRuleSpec {
        FirewallRuleSpec {
            priority: 10,
            source_ranges: vec!["10.0.0.0/8".into(), "192.168.0.0/16".into()],
            source_tags: vec!["bastion".into()],
            target_tags: vec!["agent-vm".into()],
            deny: vec![
                Traffic { protocol: "tcp".into(), ports: vec!["22".into(), "8000-8999".into()] },
                Traffic { protocol: "icmp".into(), ports: Vec::new() },
            ],
            ..FirewallRuleSpec::new("No way in", Direction::Ingress)
        }
    }

    fn form() -> FirewallRuleForm {
        FirewallRuleForm {
            environment: "dev".into(),
            generation: 1,
            name_prefix: "genesis".into(),
            keys: vec!["taken".into()],
            tags: Vec::new(),
            rule: None,
        }
    }

    #[test]
    fn a_rule_is_read_back_from_its_fields() {
        assert_eq!(read(&sent("ssh", &ssh())), Ok(("ssh".to_owned(), ssh())));
        let egress = FirewallRuleSpec {
            destination_ranges: vec!["0.0.0.0/0".into()],
            allow: vec![Traffic { protocol: "all".into(), ports: Vec::new() }],
            ..FirewallRuleSpec::new("", Direction::Egress)
        };
        assert_eq!(read(&sent("out", &egress)), Ok(("out".to_owned(), egress)));
    }

    #[test]
    fn every_field_that_means_nothing_is_named() {
        let values = Query::parse("direction=SIDEWAYS&priority=first&action=maybe");
        let fields: Vec<String> = read(&values).unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["key", "direction", "priority", "traffic", "action"]);
    }

    #[test]
    fn the_rules_speak_of_fields() {
        let mut rule = ssh();
        rule.source_ranges = vec!["10.0.0.1/8".into()];
        rule.deny[0].ports = vec!["http".into()];
        rule.priority = 70_000;
        rule.target_tags = vec!["Agent VM".into()];
        let fields: Vec<String> =
            check(&form(), &sent("taken", &rule)).into_iter().map(|one| one.field).collect();
        for name in ["key", "source_ranges", "traffic", "priority", "target_tags"] {
            assert!(fields.iter().any(|field| field == name), "{name} in {fields:?}");
        }
        assert!(fields.iter().all(|field| NAMES.contains(&field.as_str())), "{fields:?}");
        assert_eq!(check(&form(), &sent("ssh", &ssh())), []);
        let long = "x".repeat(63);
        let fields: Vec<String> =
            check(&form(), &sent(&long, &ssh())).into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["key"]);
    }

    #[test]
    fn all_texts_are_of_known_fields() {
        assert!(texts(&ssh()).iter().all(|(name, _)| NAMES.contains(name)));
    }
}
