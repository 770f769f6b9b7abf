//! The fields of a firewall rule with their help.

use domain::{firewall::FirewallRuleSpec, view::firewall::FirewallRuleForm};
use leptos::prelude::*;

use super::form::{ALLOW, DENY, ENVIRONMENT, KEY, texts};
use crate::{
    components::field::{LinesField, NumberField, SelectField, TextField},
    form::{Posted, Problems},
};

/// `key` is the rule's own where it exists; it keeps it.
pub fn fields(
    form: &FirewallRuleForm,
    key: Option<&str>,
    rule: &FirewallRuleSpec,
    posted: &Posted,
    problems: Problems,
) -> AnyView {
    let begin = texts(rule);
    let value = |field: &'static str| {
        let own = begin.iter().find(|(name, _)| *name == field).map(|(_, text)| text.clone());
        posted.value(field, own.unwrap_or_default())
    };
    let key_hint = match key {
        Some(_) => "A rule keeps its key: Compute Engine knows it by that name.".to_owned(),
        None => format!("Compute Engine will call it {}-agent- and this key.", form.name_prefix),
    };
    let tags = format!("One network tag a line. VMs here carry {}.", form.tags.join(", "));
    let pairs =
        |pairs: [(&str, &str); 2]| pairs.map(|(sent, read)| (sent.to_owned(), read.to_owned())).to_vec();
    view! {
        <input type="hidden" name=ENVIRONMENT value=form.environment.clone() />
        <fieldset class="fields-of">
            <legend>"Rule"</legend>
            <TextField
                name=KEY
                label="Key"
                value=posted.value(KEY, key.unwrap_or_default())
                mono=true
                required=true
                readonly=key.is_some()
                hint=key_hint
                problem=problems.of("key")
            />
            <TextField
                name="description"
                label="Description"
                value=value("description")
                hint="What it is for, to whoever reads it in a year."
                problem=problems.of("description")
            />
            <div class="two">
                <SelectField
                    name="direction"
                    label="Direction"
                    value=value("direction")
                    options=pairs([
                        ("INGRESS", "Ingress: what arrives at VMs"),
                        ("EGRESS", "Egress: what leaves them"),
                    ])
                    hint="Of an existing rule it cannot change."
                    problem=problems.of("direction")
                />
                <NumberField
                    name="priority"
                    label="Priority"
                    value=value("priority")
                    hint="0 decides first, 65535 last; at one priority, denying rules decide first."
                    problem=problems.of("priority")
                />
            </div>
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Traffic"</legend>
            <SelectField
                name="action"
                label="Action"
                value=value("action")
                options=pairs([(ALLOW, "Allow"), (DENY, "Deny")])
                problem=problems.of("action")
            />
            <LinesField
                name="traffic"
                label="Protocols and ports"
                value=value("traffic")
                placeholder="tcp 22 8000-8999"
                hint="A protocol and its ports a line; without ports all of them; all is every protocol."
                problem=problems.of("traffic")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Between whom"</legend>
            <LinesField
                name="target_tags"
                label="Target tags: the VMs that it is for"
                value=value("target_tags")
                hint=format!("{tags} Empty: every VM of the network.")
                problem=problems.of("target_tags")
            />
            <LinesField
                name="source_ranges"
                label="Source ranges, for ingress"
                value=value("source_ranges")
                placeholder="10.0.0.0/8"
                hint="One range a line, all IPv4 or all IPv6."
                problem=problems.of("source_ranges")
            />
            <LinesField
                name="source_tags"
                label="Source tags, for ingress"
                value=value("source_tags")
                hint="VMs of the network with one of these tags may call too."
                problem=problems.of("source_tags")
            />
            <LinesField
                name="destination_ranges"
                label="Destination ranges, for egress"
                value=value("destination_ranges")
                placeholder="0.0.0.0/0"
                hint="One range a line, all IPv4 or all IPv6."
                problem=problems.of("destination_ranges")
            />
        </fieldset>
    }
    .into_any()
}
