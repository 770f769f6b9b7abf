//! A plan as text, for terminals and snapshots. Says all that the plan holds except the lines of long values.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::{Action, Capacity, Plan, Verb, compare_template::shortened};
use crate::firewall::TrafficChange;

/// Lines of at most the terminal's business: nothing here is coloured, and the text ends in a line break.
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", headline(plan));
    for action in &plan.actions {
        text.push('\n');
        render_action(&mut text, action);
    }
    render_impact(&mut text, plan);
    render_traffic(&mut text, "Newly allowed", &plan.impact.traffic.gained);
    render_traffic(&mut text, "No longer allowed", &plan.impact.traffic.lost);
    if !plan.violations.is_empty() {
        text.push_str("\nViolations: this plan cannot be proposed\n");
        for violation in &plan.violations {
            let _ = writeln!(text, "  ✗ {} [{}]", violation.attribute, violation.rule);
            let _ = writeln!(text, "      {}", violation.message);
            if let Some(fix) = &violation.fix {
                let _ = writeln!(text, "      write: {fix}");
            }
        }
    }
    if !plan.notes.is_empty() {
        text.push_str("\nNotes\n");
        for note in &plan.notes {
            let mark = if note.severity.is_info() { '•' } else { '!' };
            let _ = writeln!(text, "  {mark} {}: {}", note.attribute, note.message);
        }
    }
    text
}

fn headline(plan: &Plan) -> String {
    if plan.is_empty() {
        return format!("Environment {}: nothing to do.", plan.environment);
    }
    let counts: Vec<String> = Verb::ALL
        .into_iter()
        .filter_map(|verb| {
            let count = plan.actions.iter().filter(|action| action.step.verb() == verb).count();
            (count > 0).then(|| format!("{count} to {}", verb.as_str()))
        })
        .collect();
    format!("Environment {}: {}.", plan.environment, counts.join(", "))
}

fn render_action(text: &mut String, action: &Action) {
    let sign = match action.step.verb() {
        Verb::Create => '+',
        Verb::Update | Verb::Resize | Verb::Recreate | Verb::Restart => '~',
        Verb::Delete => '-',
    };
    let _ = writeln!(text, "  {sign} {}", action.title());
    let _ = writeln!(text, "      # {}", action.reason);
    for change in &action.changes {
        let shown = |value: &Option<String>| value.as_deref().map_or("(none)".to_owned(), shortened);
        let _ = writeln!(
            text,
            "      {}: {} → {}",
            change.attribute,
            shown(&change.before),
            shown(&change.after)
        );
    }
    if action.step.verb() == Verb::Create {
        let step = serde_json::to_value(&action.step).unwrap_or_default();
        let resource = step.get(action.step.kind().as_str()).cloned().unwrap_or_default();
        let mut lines = Vec::new();
        flatten(&mut lines, "", &resource);
        for (path, value) in lines.iter().filter(|(path, _)| path != "name") {
            let _ = writeln!(text, "      {path} = {value}");
        }
    }
}

/// One line for each leaf, by its path; what is not set is left out.
fn flatten(lines: &mut Vec<(String, String)>, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            // The order must not depend on how serde_json is built.
            fields.sort_by_key(|(key, _)| *key);
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(lines, &path, value);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            let items: Vec<String> = items.iter().map(leaf).collect();
            lines.push((path.to_owned(), items.join(", ")));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(lines, &format!("{path}[{index}]"), item);
            }
        }
        scalar => lines.push((path.to_owned(), leaf(scalar))),
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text),
        other => other.to_string(),
    }
}

fn render_impact(text: &mut String, plan: &Plan) {
    render_vms(text, plan);
    if let Some(cost) = plan.impact.cost.as_ref().filter(|cost| !cost.is_nothing()) {
        let _ = write!(text, "\nA month at list prices: {} → {}", cost.before.words(), cost.after.words());
        let _ = match &cost.at_most {
            Some(most) if most != &cost.after => writeln!(text, ", at most {}", most.words()),
            _ => writeln!(text),
        };
        let unknown: BTreeSet<&String> = cost.before.unknown.union(&cost.after.unknown).collect();
        for part in unknown {
            let _ = writeln!(text, "  no price is known for {part}");
        }
    }
}

fn render_vms(text: &mut String, plan: &Plan) {
    if !plan.impact.zones.is_empty() {
        text.push_str("\nVMs            created  replaced  restarted  deleted\n");
        for (zone, effect) in &plan.impact.zones {
            let _ = writeln!(
                text,
                "  {zone:<14}{:>6}{:>10}{:>11}{:>9}",
                effect.created, effect.replaced, effect.restarted, effect.deleted
            );
        }
    }
    for Capacity { pool, lowest, of } in &plan.impact.capacity {
        let _ = match (lowest, of) {
            (_, 0) => writeln!(text, "\nPool {pool}: no VM serves now"),
            (0, _) => {
                writeln!(text, "\nPool {pool}: there is a time when none of its {of} serving VMs serves")
            }
            _ => writeln!(
                text,
                "\nPool {pool}: of {of} VMs that serve now, at least {lowest} serve at any time"
            ),
        };
    }
}

fn render_traffic(text: &mut String, title: &str, changes: &[TrafficChange]) {
    if changes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for change in changes {
        let _ = writeln!(text, "  {}", change.sentence());
    }
}
