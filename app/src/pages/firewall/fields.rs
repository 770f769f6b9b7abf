//! The fields of a firewall rule with their help.

use domain::view::firewall::FirewallRuleForm;
use leptos::prelude::*;

use super::form::{ALLOW, DENY, ENVIRONMENT, KEY};
use crate::{
    components::field::{LinesField, NumberField, SelectField, TextField, options},
    form::FormFields,
};

/// `key` is the rule's own where it exists; it keeps it.
pub fn fields(form: &FirewallRuleForm, key: Option<&str>, at: &FormFields) -> AnyView {
    let key_hint = match key {
        Some(_) => "A rule keeps its key: Compute Engine knows it by that name.".to_owned(),
        None => format!("Compute Engine will call it {}-agent- and this key.", form.name_prefix),
    };
    let direction_hint = key.map(|_| "Of an existing rule it cannot change.".to_owned());
    let tags = format!("One network tag a line. VMs here carry {}.", form.tags.join(", "));
    view! {
        <input type="hidden" name=ENVIRONMENT value=form.environment.clone() />
        <fieldset class="fields-of">
            <legend>"Rule"</legend>
            <TextField
                field=at.of(KEY)
                label="Key"
                mono=true
                required=true
                readonly=key.is_some()
                hint=key_hint
            />
            <TextField
                field=at.of("description")
                label="Description"
                hint="What it is for, to whoever reads it in a year."
            />
            <div class="two">
                <SelectField
                    field=at.of("direction")
                    label="Direction"
                    options=options([
                        ("INGRESS", "Ingress: what arrives at VMs"),
                        ("EGRESS", "Egress: what leaves them"),
                    ])
                    hint=direction_hint
                />
                <NumberField
                    field=at.of("priority")
                    label="Priority"
                    hint="0 decides first, 65535 last; at one priority, denying rules decide first."
                />
            </div>
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Traffic"</legend>
            <SelectField
                field=at.of("action")
                label="Action"
                options=options([(ALLOW, "Allow"), (DENY, "Deny")])
            />
            <LinesField
                field=at.of("traffic")
                label="Protocols and ports"
                placeholder="tcp 22 8000-8999"
                hint="A protocol and its ports a line; without ports all of them; all is every protocol."
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Between whom"</legend>
            <LinesField
                field=at.of("target_tags")
                label="Target tags: the VMs that it is for"
                hint=format!("{tags} Empty: every VM of the network.")
            />
            <LinesField
                field=at.of("source_ranges")
                label="Source ranges: who calls"
                placeholder="10.0.0.0/8"
                hint="One range a line, all IPv4 or all IPv6. For egress they are the VMs' own addresses, and empty is each."
            />
            <LinesField
                field=at.of("source_tags")
                label="Source tags, for ingress"
                hint="VMs of the network with one of these tags may call too."
            />
            <LinesField
                field=at.of("destination_ranges")
                label="Destination ranges: who is called"
                placeholder="0.0.0.0/0"
                hint="One range a line, all IPv4 or all IPv6. For ingress they are the VMs' own addresses, and empty is each."
            />
        </fieldset>
    }
    .into_any()
}
