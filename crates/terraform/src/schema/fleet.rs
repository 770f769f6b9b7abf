//! The whole declaration: the module block with its templates, pools and firewall rules.

use std::collections::BTreeMap;

use domain::{
    Amount, FleetSpec,
    autoscaling::{AutoscalingMode, ScalingSchedule},
    firewall::{Direction, FirewallRuleSpec, Traffic},
    pool::{CanarySpec, PoolSpec, ReplacementMethod, UpdateType},
    template::TemplateSpec,
};
use hcl_edit::structure::Structure;

use super::{
    Reader,
    environment::{environment, set},
    fields::Fields,
};
use crate::{
    declarations::{Module, at},
    evaluate::Context,
    path::Path,
    source::At,
    value::{Entries, Entry, Kind},
};

/// Terraform's own, within any module block.
const IGNORED: [&str; 4] = ["source", "version", "providers", "depends_on"];
const REPEATING: [&str; 2] = ["count", "for_each"];

/// Worth something only if nothing was reported or asked.
pub(crate) fn fleet<'t>(module: &Module<'t>, reader: &mut Reader<'t>) -> FleetSpec {
    let entries = attributes(module, reader);
    let mut fields = Fields::new(reader, &Path::Module, module.at, entries);
    let mut fleet = FleetSpec::new(environment(&mut fields));
    if let Some(templates) = fields.objects("agent_vm_templates", template) {
        fleet.agent_vm_templates = unique("agent_vm_templates", templates, |spec| &spec.name, &mut fields);
    }
    if let Some(pools) = fields.objects("agent_pools", pool) {
        fleet.agent_pools = unique("agent_pools", pools, |spec| &spec.name, &mut fields);
    }
    if let Some(rules) = firewall_rules(&mut fields) {
        fleet.firewall_rules = rules;
    }
    fields.finish();
    fleet
}

fn attributes<'t>(module: &Module<'t>, reader: &mut Reader<'t>) -> Entries {
    let mut entries = Entries::new();
    for structure in module.body {
        match structure {
            Structure::Attribute(attribute) => {
                let name = attribute.key.as_str();
                let key_at = at(module.file, &attribute.key);
                let path = Path::Module.field(name);
                if REPEATING.contains(&name) {
                    let complaint = "makes several modules of one block, which is not imported: write one block for each, without it";
                    reader.refuse(key_at, &path, complaint);
                } else if !IGNORED.contains(&name) {
                    let value = reader.evaluator.evaluate(&attribute.value, Context::new(module.file, &path));
                    entries.insert(name.into(), Entry { key_at, value });
                }
            }
            Structure::Block(block) => {
                let name = block.ident.as_str();
                let complaint = format!("is written as a block: the module takes `{name} = …`");
                reader.refuse(at(module.file, &block.ident), &Path::Module.field(name), complaint);
            }
        }
    }
    entries
}

fn template(fields: &mut Fields<'_, '_, '_>) -> (At, TemplateSpec) {
    let at = fields.place_of("name");
    let mut spec = TemplateSpec::new(&fields.required_text("name"), fields.agent_type());
    set! { fields, spec;
        text: machine_type, source_image, disk_type, service_account_email;
        texts: scopes, additional_tags;
        text_map: metadata, labels;
        flag: enable_workspace_disk, enable_external_ip, preemptible, automatic_restart,
            enable_confidential_compute;
        whole: disk_size_gb, workspace_size_gb;
        custom_config: custom_config;
    }
    (at, spec)
}

impl Fields<'_, '_, '_> {
    /// None for an empty text too, which the module takes for no configuration.
    fn custom_config(&mut self, name: &'static str) -> Option<String> {
        let value = self.take(name)?;
        let path = self.path.field(name);
        if matches!(value.kind, Kind::List(_) | Kind::Object(_)) {
            let complaint = format!("must be a JSON text, found {value}: wrap it in `jsonencode(…)`");
            self.reader.refuse(value.at, &path, complaint);
            return None;
        }
        let text = self.reader.text(&value, &path).filter(|text| !text.trim().is_empty())?;
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(_) => Some(text),
            Err(error) => {
                let complaint = format!("must be a JSON text: {error}; write it as `jsonencode({{ … }})`");
                self.reader.refuse(value.at, &path, complaint);
                None
            }
        }
    }
}

fn pool(fields: &mut Fields<'_, '_, '_>) -> (At, PoolSpec) {
    let at = fields.place_of("name");
    let name = fields.required_text("name");
    let agent_type = fields.agent_type();
    let mut spec = PoolSpec::new(&name, agent_type, &fields.required_text("template_name"));
    set! { fields, spec;
        whole: target_size, min_replicas, max_replicas, min_ready_sec, health_check_initial_delay,
            cooldown_period, scale_down_max_percent, scale_down_time_window;
        amount: max_surge, max_unavailable;
        flag: enable_autoscaling;
        number: cpu_target;
        named_ports: named_ports;
        custom_metrics: custom_metrics;
        text_map: labels;
        text: scaling_mode, template_version;
        scaling_schedules: scaling_schedules;
        canary: canary;
    }
    if let Some(word) = fields.optional_choice("update_type", &UpdateType::ALL.map(UpdateType::as_str)) {
        spec.update_type = UpdateType::ALL.into_iter().find(|one| one.as_str() == word).unwrap_or_default();
    }
    let methods = ReplacementMethod::ALL.map(ReplacementMethod::as_str);
    if let Some(word) = fields.optional_choice("replacement_method", &methods) {
        let found = ReplacementMethod::ALL.into_iter().find(|one| one.as_str() == word);
        spec.replacement_method = found.unwrap_or_default();
    }
    spec.autoscaling_mode = fields.autoscaling_mode("autoscaling_mode");
    (at, spec)
}

impl Fields<'_, '_, '_> {
    fn autoscaling_mode(&mut self, name: &'static str) -> Option<AutoscalingMode> {
        let value = self.take(name)?;
        let path = self.path.field(name);
        let text = self.reader.text(&value, &path)?;
        let mode = text.parse();
        if mode.is_err() {
            let known = AutoscalingMode::ALL.map(AutoscalingMode::as_str).join(", ");
            self.reader.refuse(value.at, &path, format!("must be one of {known}"));
        }
        mode.ok()
    }

    fn scaling_schedules(&mut self, name: &'static str) -> Option<Vec<ScalingSchedule>> {
        self.objects(name, |schedule| ScalingSchedule {
            name: schedule.required_text("name"),
            description: schedule.text("description").unwrap_or_default(),
            schedule: schedule.required_text("schedule"),
            time_zone: schedule.text("time_zone").unwrap_or_else(|| "UTC".to_owned()),
            duration_sec: schedule.required_whole("duration_sec"),
            min_required_replicas: schedule.required_whole("min_required_replicas"),
            disabled: schedule.flag("disabled").unwrap_or_default(),
        })
    }

    /// 0 where it could not be read; then the declaration is dropped in the end.
    fn required_whole(&mut self, name: &'static str) -> u32 {
        let value = self.required(name);
        let path = self.path.field(name);
        value.and_then(|value| self.reader.whole(&value, &path)).unwrap_or_default()
    }

    /// Our own extension: a second version of a part of the pool.
    fn canary(&mut self, name: &'static str) -> Option<CanarySpec> {
        let value = self.take(name)?;
        let path = self.path.field(name);
        Fields::read(self.reader, &value, &path, |canary| {
            let value = canary.required("target_size");
            let path = canary.path.field("target_size");
            CanarySpec {
                target_size: value
                    .and_then(|value| canary.reader.amount(&value, &path))
                    .unwrap_or(Amount::NONE),
                template_name: canary.text("template_name"),
                template_version: canary.text("template_version"),
            }
        })
    }
}

fn firewall_rules(fields: &mut Fields<'_, '_, '_>) -> Option<BTreeMap<String, FirewallRuleSpec>> {
    let value = fields.take("firewall_rules")?;
    let path = fields.path.field("firewall_rules");
    let object = fields.reader.object(&value, &path)?;
    let mut rules = BTreeMap::new();
    for (key, entry) in &object.entries {
        let path = path.key(key);
        if entry.value.is_null() {
            fields.reader.refuse(entry.key_at, &path, "must be an object, found null");
        }
        if let Some(rule) = Fields::read(fields.reader, &entry.value, &path, firewall_rule) {
            rules.insert(key.to_string(), rule);
        }
    }
    Some(rules)
}

fn firewall_rule(fields: &mut Fields<'_, '_, '_>) -> FirewallRuleSpec {
    let description = fields.required_text("description");
    let known = [Direction::Ingress, Direction::Egress].map(Direction::as_str);
    let direction = match fields.choice("direction", &known).as_str() {
        "EGRESS" => Direction::Egress,
        _ => Direction::Ingress,
    };
    let mut spec = FirewallRuleSpec::new(&description, direction);
    set! { fields, spec;
        whole: priority;
        texts: source_ranges, destination_ranges, source_tags, target_tags;
        traffic: allow, deny;
    }
    spec
}

impl Fields<'_, '_, '_> {
    fn traffic(&mut self, name: &'static str) -> Option<Vec<Traffic>> {
        self.objects(name, |traffic| {
            let protocol = traffic.required_text("protocol");
            Traffic { protocol, ports: traffic.texts("ports").unwrap_or_default() }
        })
    }
}

/// Names are how pools find their templates, and what resources are named by.
fn unique<T>(
    list: &'static str,
    named: Vec<(At, T)>,
    name: impl Fn(&T) -> &String,
    fields: &mut Fields<'_, '_, '_>,
) -> Vec<T> {
    let path = Path::Module.field(list);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (index, (at, spec)) in named.iter().enumerate() {
        let name = name(spec);
        match seen.get(name) {
            Some(first) if !name.is_empty() => {
                let complaint =
                    format!("is {name:?}, as `{}` is: rename one", path.item(*first).field("name"));
                fields.reader.refuse(*at, &path.item(index).field("name"), complaint);
            }
            _ => {
                seen.insert(name.clone(), index);
            }
        }
    }
    named.into_iter().map(|(_, spec)| spec).collect()
}
