//! A template as a form: its texts, what they mean, and the fields with their help. The names of the fields are the
//! declaration's own.

use std::str::FromStr;

use domain::{
    AgentType, FleetSpec, ObservedFleet, edit::Edit, environment::EnvironmentSpec, rules,
    template::TemplateSpec, view::template::TemplateForm,
};

use crate::{
    api::FieldProblem,
    components::lines::{list, map, read_list, read_map},
    form::within,
    pages::review,
    url_state::Query,
};

pub const ENVIRONMENT: &str = "environment";
/// Of an edit: what becomes of the pools that use the template.
pub const POOLS: &str = "pools";
pub const ROLL: &str = "roll";
pub const STAY: &str = "stay";

/// Those that show what is wrong with them.
pub const NAMES: &[&str] = &[
    "name",
    "agent_type",
    "machine_type",
    "enable_confidential_compute",
    "source_image",
    "disk_size_gb",
    "disk_type",
    "enable_workspace_disk",
    "workspace_size_gb",
    "enable_external_ip",
    "service_account_email",
    "scopes",
    "preemptible",
    "automatic_restart",
    "labels",
    "additional_tags",
    "metadata",
    "custom_config",
    POOLS,
];

/// Of a choice between the environment's default, yes and no.
pub const INHERIT: &str = "";
pub const YES: &str = "yes";
pub const NO: &str = "no";

/// The fields' texts of a template.
pub fn texts(template: &TemplateSpec) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let choice = |value: Option<bool>| match value {
        None => INHERIT,
        Some(true) => YES,
        Some(false) => NO,
    };
    vec![
        ("name", template.name.clone()),
        ("agent_type", template.agent_type.to_string()),
        ("machine_type", text(&template.machine_type)),
        ("source_image", text(&template.source_image)),
        ("disk_size_gb", template.disk_size_gb.map(|size| size.to_string()).unwrap_or_default()),
        ("disk_type", template.disk_type.clone()),
        ("workspace_size_gb", template.workspace_size_gb.to_string()),
        ("enable_external_ip", choice(template.enable_external_ip).to_owned()),
        ("service_account_email", text(&template.service_account_email)),
        ("scopes", template.scopes.as_deref().map(list).unwrap_or_default()),
        ("preemptible", choice(template.preemptible).to_owned()),
        ("automatic_restart", choice(template.automatic_restart).to_owned()),
        ("labels", map(&template.labels)),
        ("additional_tags", list(&template.additional_tags)),
        ("metadata", map(&template.metadata)),
        ("custom_config", text(&template.custom_config)),
    ]
}

/// What the texts mean, or each field that means nothing. Whether it breaks a rule is not asked here.
pub fn read(values: &Query) -> Result<TemplateSpec, Vec<FieldProblem>> {
    let mut reader = Reader { values, problems: Vec::new() };
    let template = TemplateSpec {
        name: reader.text("name").unwrap_or_default(),
        agent_type: reader.agent_type(),
        machine_type: reader.text("machine_type"),
        source_image: reader.text("source_image"),
        disk_size_gb: reader.number("disk_size_gb"),
        disk_type: reader.text("disk_type").unwrap_or_default(),
        enable_workspace_disk: values.has("enable_workspace_disk"),
        workspace_size_gb: reader.required_number("workspace_size_gb"),
        enable_external_ip: reader.choice("enable_external_ip"),
        service_account_email: reader.text("service_account_email"),
        scopes: Some(read_list(values.get("scopes").unwrap_or_default())).filter(|scopes| !scopes.is_empty()),
        metadata: reader.entries("metadata"),
        additional_tags: read_list(values.get("additional_tags").unwrap_or_default()),
        labels: reader.entries("labels"),
        preemptible: reader.choice("preemptible"),
        automatic_restart: reader.choice("automatic_restart"),
        enable_confidential_compute: values.has("enable_confidential_compute"),
        custom_config: reader.text("custom_config"),
    };
    if reader.problems.is_empty() { Ok(template) } else { Err(reader.problems) }
}

/// The edit of the template of that name that the texts mean, or each field that means nothing.
pub fn read_edit(name: &str, values: &Query) -> Result<Edit, Vec<FieldProblem>> {
    let template = read(values)?;
    let name = name.to_owned();
    match values.get(POOLS).unwrap_or(ROLL) {
        ROLL => Ok(Edit::UpdateTemplate { name, template }),
        STAY => Ok(Edit::StageTemplate { name, template }),
        other => Err(vec![FieldProblem {
            field: POOLS.to_owned(),
            message: format!("`{other}` is no choice here: {ROLL} or {STAY}"),
        }]),
    }
}

/// What is wrong with the values, as far as the declaration alone tells: asked in the browser while somebody types.
pub fn check(form: &TemplateForm, values: &Query) -> Vec<FieldProblem> {
    let template = match read(values) {
        Ok(template) => template,
        Err(problems) => return problems,
    };
    let own = form.template.as_ref().map(|template| template.name.as_str());
    let taken = own != Some(template.name.as_str()) && form.names.contains(&template.name);
    let twice = taken.then(|| FieldProblem {
        field: "name".to_owned(),
        message: format!("a template named {} is declared already", template.name),
    });
    let broken = broken(&form.environment, template);
    twice.into_iter().chain(broken).collect()
}

fn broken(environment: &EnvironmentSpec, template: TemplateSpec) -> impl Iterator<Item = FieldProblem> {
    const AT: &str = "agent_vm_templates[0].";
    let spec = FleetSpec { agent_vm_templates: vec![template], ..FleetSpec::new(environment.clone()) };
    let violations = rules::check(&spec, &ObservedFleet::default());
    violations
        .into_iter()
        .filter(|violation| violation.attribute.starts_with(AT))
        .map(|violation| within(review::problem(&violation), AT))
}

struct Reader<'a> {
    values: &'a Query,
    problems: Vec<FieldProblem>,
}

impl Reader<'_> {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), message: message.into() });
    }

    fn text(&self, field: &str) -> Option<String> {
        self.values.get(field).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn agent_type(&mut self) -> AgentType {
        let text = self.text("agent_type").unwrap_or_default();
        AgentType::from_str(&text).unwrap_or_else(|unknown| {
            self.refuse("agent_type", unknown.to_string());
            AgentType::ALL[0]
        })
    }

    fn number(&mut self, field: &str) -> Option<u32> {
        let text = self.text(field)?;
        match text.parse() {
            Ok(number) => Some(number),
            Err(_) => {
                self.refuse(field, format!("`{text}` is no whole number: write digits, as 50"));
                None
            }
        }
    }

    fn required_number(&mut self, field: &str) -> u32 {
        if self.text(field).is_none() {
            self.refuse(field, "it is empty: write a number, as 50");
        }
        self.number(field).unwrap_or_default()
    }

    fn choice(&mut self, field: &str) -> Option<bool> {
        match self.values.get(field).unwrap_or(INHERIT) {
            INHERIT => None,
            YES => Some(true),
            NO => Some(false),
            other => {
                self.refuse(field, format!("`{other}` is no choice here: yes, no, or empty for the default"));
                None
            }
        }
    }

    fn entries(&mut self, field: &str) -> std::collections::BTreeMap<String, String> {
        read_map(self.values.get(field).unwrap_or_default()).unwrap_or_else(|message| {
            self.refuse(field, message);
            Default::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(template: &TemplateSpec) -> Query {
        let ticks = [
            ("enable_workspace_disk", template.enable_workspace_disk),
            ("enable_confidential_compute", template.enable_confidential_compute),
        ];
        let ticked = ticks.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, "on".to_owned()));
        texts(template)
            .into_iter()
            .chain(ticked)
            .fold(Query::default(), |query, (name, value)| query.with(name, Some(&value)))
    }

    fn form() -> TemplateForm {
        TemplateForm {
            environment: EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "v", "s"),
            generation: 1,
            names: vec!["web".into()],
            template: None,
            pools: Vec::new(),
        }
    }

    #[test]
    fn a_template_is_read_back_from_its_fields() {
        for kind in AgentType::ALL {
            let template = TemplateSpec::of_type("web", kind);
            assert_eq!(read(&sent(&template)), Ok(template));
        }
        let mut full = TemplateSpec::new("full", AgentType::SreAgent);
        full.disk_size_gb = Some(40);
        full.enable_workspace_disk = false;
        full.enable_confidential_compute = true;
        full.enable_external_ip = Some(false);
        full.preemptible = Some(true);
        full.automatic_restart = Some(false);
        full.scopes = Some(vec!["cloud-platform".into(), "compute".into()]);
        full.labels.insert("team".into(), "a".into());
        full.metadata.insert("motd".into(), "one\ntwo".into());
        full.additional_tags = vec!["extra".into()];
        full.custom_config = Some("{\"a\": 1}".into());
        assert_eq!(read(&sent(&full)), Ok(full));
    }

    #[test]
    fn an_edit_says_whether_pools_roll_to_it() {
        let template = TemplateSpec::of_type("web", AgentType::BackendDeveloper);
        let edit = |pools| read_edit("web", &sent(&template).with(POOLS, pools));
        let rolls = Edit::UpdateTemplate { name: "web".into(), template: template.clone() };
        assert_eq!((edit(None), edit(Some(ROLL))), (Ok(rolls.clone()), Ok(rolls)));
        let stays = Edit::StageTemplate { name: "web".into(), template: template.clone() };
        assert_eq!(edit(Some(STAY)), Ok(stays));
        assert_eq!(edit(Some("fly")).unwrap_err()[0].field, POOLS);
    }

    #[test]
    fn every_field_that_means_nothing_is_named() {
        let values = Query::parse(
            "agent_type=wizard&disk_size_gb=many&workspace_size_gb=&preemptible=perhaps&labels=a",
        );
        let fields: Vec<String> = read(&values).unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["agent_type", "disk_size_gb", "workspace_size_gb", "labels", "preemptible"]);
    }

    #[test]
    fn the_rules_speak_of_fields() {
        let mut template = TemplateSpec::of_type("web", AgentType::BackendDeveloper);
        template.machine_type = Some("e2-standard-3".into());
        template.scopes = Some(vec!["wizardry".into()]);
        let fields: Vec<String> =
            check(&form(), &sent(&template)).into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["name", "machine_type", "scopes"]);
        template = TemplateSpec::of_type("other", AgentType::BackendDeveloper);
        assert_eq!(check(&form(), &sent(&template)), []);
    }

    #[test]
    fn all_texts_are_of_known_fields() {
        let template = TemplateSpec::of_type("web", AgentType::BackendDeveloper);
        assert!(texts(&template).iter().all(|(name, _)| NAMES.contains(name)));
        assert_eq!(form().place(), "agent_vm_templates[1].");
    }
}
