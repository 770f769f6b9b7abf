//! A template as a form: its texts and what they mean. The names of the fields are the declaration's own.

use std::str::FromStr;

use domain::{AgentType, FleetSpec, edit::Edit, template::TemplateSpec, view::template::TemplateForm};

use crate::{
    api::FieldProblem,
    components::lines::{list, map},
    form::{Reader, chosen},
    pages::review::broken,
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

/// The fields' texts of a template.
pub fn texts(template: &TemplateSpec) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        ("name", template.name.clone()),
        ("agent_type", template.agent_type.to_string()),
        ("machine_type", text(&template.machine_type)),
        ("source_image", text(&template.source_image)),
        ("disk_size_gb", template.disk_size_gb.map(|size| size.to_string()).unwrap_or_default()),
        ("disk_type", template.disk_type.clone()),
        ("workspace_size_gb", template.workspace_size_gb.to_string()),
        ("enable_external_ip", chosen(template.enable_external_ip).to_owned()),
        ("service_account_email", text(&template.service_account_email)),
        ("scopes", template.scopes.as_deref().map(list).unwrap_or_default()),
        ("preemptible", chosen(template.preemptible).to_owned()),
        ("automatic_restart", chosen(template.automatic_restart).to_owned()),
        ("labels", map(&template.labels)),
        ("additional_tags", list(&template.additional_tags)),
        ("metadata", map(&template.metadata)),
        ("custom_config", text(&template.custom_config)),
    ]
}

/// What the texts mean, or each field that means nothing. Whether it breaks a rule is not asked here.
pub fn read(values: &Query) -> Result<TemplateSpec, Vec<FieldProblem>> {
    let mut reader = Reader::new(values);
    let agent_type = reader.text("agent_type").unwrap_or_default();
    let agent_type = AgentType::from_str(&agent_type).unwrap_or_else(|unknown| {
        reader.refuse("agent_type", unknown.to_string());
        AgentType::ALL[0]
    });
    let template = TemplateSpec {
        name: reader.text("name").unwrap_or_default(),
        agent_type,
        machine_type: reader.text("machine_type"),
        source_image: reader.text("source_image"),
        disk_size_gb: reader.number("disk_size_gb", 50),
        disk_type: reader.text("disk_type").unwrap_or_default(),
        enable_workspace_disk: reader.ticked("enable_workspace_disk"),
        workspace_size_gb: reader.required_number("workspace_size_gb", 50),
        enable_external_ip: reader.choice("enable_external_ip"),
        service_account_email: reader.text("service_account_email"),
        scopes: Some(reader.list("scopes")).filter(|scopes| !scopes.is_empty()),
        metadata: reader.entries("metadata"),
        additional_tags: reader.list("additional_tags"),
        labels: reader.entries("labels"),
        preemptible: reader.choice("preemptible"),
        automatic_restart: reader.choice("automatic_restart"),
        enable_confidential_compute: reader.ticked("enable_confidential_compute"),
        custom_config: reader.text("custom_config"),
    };
    reader.finish(template)
}

/// The edit of the template of that name that the texts mean, or each field that means nothing.
pub fn read_edit(name: &str, values: &Query) -> Result<Edit, Vec<FieldProblem>> {
    let template = read(values)?;
    let name = name.to_owned();
    match values.get(POOLS).unwrap_or(ROLL) {
        ROLL => Ok(Edit::RollTemplate { name, template }),
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
    let spec = FleetSpec { agent_vm_templates: vec![template], ..FleetSpec::new(form.environment.clone()) };
    let broken = broken(&spec, "agent_vm_templates[0].", &[]);
    twice.into_iter().chain(broken).collect()
}

#[cfg(test)]
mod tests {
    use domain::environment::EnvironmentSpec;

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
            held: Vec::new(),
            trying: Vec::new(),
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
        let rolls = Edit::RollTemplate { name: "web".into(), template: template.clone() };
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
