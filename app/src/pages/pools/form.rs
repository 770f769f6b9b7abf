//! A pool as a form: its texts and what they mean. The names of the fields are the declaration's own.

use domain::{
    Amount, FleetSpec,
    pool::{PoolSpec, ReplacementMethod, UpdateType},
    view::pool::{PoolForm, TemplateChoice},
};

use super::named_ports;
use crate::{
    api::FieldProblem,
    components::lines::map,
    form::{Reader, chosen},
    pages::review::broken,
    url_state::Query,
};

pub const ENVIRONMENT: &str = "environment";

/// Those that show what is wrong with them.
pub const NAMES: &[&str] = &[
    "name",
    "template_name",
    "target_size",
    "enable_autoscaling",
    "min_replicas",
    "max_replicas",
    "update_type",
    "replacement_method",
    "max_surge",
    "max_unavailable",
    "min_ready_sec",
    "health_check_initial_delay",
    "heartbeat_late_after",
    "heartbeat_silent_after",
    "heartbeat_start_within",
    named_ports::FIELD,
    "labels",
];

/// The fields' texts of a pool.
pub fn texts(pool: &PoolSpec) -> Vec<(&'static str, String)> {
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    vec![
        ("name", pool.name.clone()),
        ("template_name", pool.template_name.clone()),
        ("target_size", number(pool.target_size)),
        ("enable_autoscaling", chosen(pool.enable_autoscaling).to_owned()),
        ("min_replicas", number(pool.min_replicas)),
        ("max_replicas", number(pool.max_replicas)),
        ("update_type", pool.update_type.as_str().to_owned()),
        ("replacement_method", pool.replacement_method.as_str().to_owned()),
        ("max_surge", pool.max_surge.map(|surge| surge.to_string()).unwrap_or_default()),
        ("max_unavailable", pool.max_unavailable.to_string()),
        ("min_ready_sec", pool.min_ready_sec.to_string()),
        ("health_check_initial_delay", pool.health_check_initial_delay.to_string()),
        ("heartbeat_late_after", number(pool.heartbeat_late_after)),
        ("heartbeat_silent_after", number(pool.heartbeat_silent_after)),
        ("heartbeat_start_within", number(pool.heartbeat_start_within)),
        (named_ports::FIELD, named_ports::lines(pool.named_ports.as_deref().unwrap_or_default())),
        ("labels", map(&pool.labels)),
    ]
}

/// What the texts mean, or each field that means nothing. What the form does not ask stays as `begin` has it; a pool is of
/// its template's agent type.
pub fn read(
    values: &Query,
    templates: &[TemplateChoice],
    begin: Option<&PoolSpec>,
) -> Result<PoolSpec, Vec<FieldProblem>> {
    let mut reader = Reader::new(values);
    let template_name = reader.text("template_name").unwrap_or_default();
    let template = templates.iter().find(|template| template.name == template_name);
    let name = reader.text("name").unwrap_or_default();
    let known = match (begin, template) {
        (Some(begin), _) => begin.clone(),
        (None, Some(template)) => PoolSpec::new(&name, template.agent_type, &template_name),
        (None, None) => {
            reader.refuse("template_name", format!("no template is named `{template_name}`: choose one"));
            return Err(reader.refused());
        }
    };
    let pool = PoolSpec {
        name,
        target_size: reader.number("target_size", 5),
        enable_autoscaling: reader.choice("enable_autoscaling"),
        min_replicas: reader.number("min_replicas", 5),
        max_replicas: reader.number("max_replicas", 5),
        update_type: reader.one_of("update_type", &UpdateType::ALL, UpdateType::as_str),
        replacement_method: reader.one_of(
            "replacement_method",
            &ReplacementMethod::ALL,
            ReplacementMethod::as_str,
        ),
        max_surge: reader.parsed("max_surge"),
        max_unavailable: reader.parsed("max_unavailable").unwrap_or(Amount::NONE),
        min_ready_sec: reader.number("min_ready_sec", 5).unwrap_or_default(),
        health_check_initial_delay: reader.number("health_check_initial_delay", 5).unwrap_or_default(),
        heartbeat_late_after: reader.number("heartbeat_late_after", 5),
        heartbeat_silent_after: reader.number("heartbeat_silent_after", 5),
        heartbeat_start_within: reader.number("heartbeat_start_within", 5),
        named_ports: named_ports::read(&mut reader, known.named_ports.as_deref()),
        labels: reader.entries("labels"),
        ..known
    };
    reader.finish(pool)
}

/// What is wrong with the values, as far as the declaration alone tells: asked in the browser while somebody types.
pub fn check(form: &PoolForm, values: &Query) -> Vec<FieldProblem> {
    let pool = match read(values, &form.templates, form.pool.as_ref()) {
        Ok(pool) => pool,
        Err(problems) => return problems,
    };
    let taken = form.pool.is_none() && form.names.contains(&pool.name);
    let twice = taken.then(|| FieldProblem {
        field: "name".to_owned(),
        message: format!("a pool named {} is declared already", pool.name),
    });
    let spec = FleetSpec { agent_pools: vec![pool], ..FleetSpec::new(form.environment.clone()) };
    // The template is declared elsewhere, and so is the version that the pool holds to.
    let broken = broken(&spec, "agent_pools[0].", &["unknown_template", "unknown_version"]);
    twice.into_iter().chain(broken).collect()
}

#[cfg(test)]
mod tests {
    use domain::{
        AgentType,
        environment::{EnvironmentSpec, NamedPort},
    };

    use super::*;

    fn form(pool: Option<PoolSpec>) -> PoolForm {
        let mut environment = EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "v", "s");
        environment.zones = vec!["europe-west1-b".into(), "europe-west1-c".into()];
        PoolForm {
            environment,
            generation: 1,
            names: vec!["front".into()],
            templates: vec![TemplateChoice {
                name: "web".into(),
                agent_type: AgentType::BackendDeveloper,
                versions: Vec::new(),
            }],
            pool,
            rollout: None,
        }
    }

    fn sent(pool: &PoolSpec) -> Query {
        texts(pool).into_iter().fold(Query::default(), |query, (name, value)| query.with(name, Some(&value)))
    }

    #[test]
    fn a_pool_is_read_back_from_its_fields_and_keeps_what_they_do_not_ask() {
        let mut pool = PoolSpec::new("jobs", AgentType::BackendDeveloper, "web");
        let templates = form(None).templates;
        assert_eq!(read(&sent(&pool), &templates, None), Ok(pool.clone()));
        pool.target_size = Some(12);
        pool.enable_autoscaling = Some(false);
        pool.max_surge = Some(Amount::Percent(20));
        pool.max_unavailable = Amount::Fixed(3);
        pool.update_type = UpdateType::Opportunistic;
        pool.replacement_method = ReplacementMethod::Recreate;
        pool.labels.insert("team".into(), "a".into());
        pool.template_version = Some("0a1b2c3d".into());
        pool.health_check_initial_delay = 420;
        pool.heartbeat_late_after = Some(20);
        pool.heartbeat_silent_after = Some(60);
        pool.heartbeat_start_within = Some(900);
        pool.named_ports = Some(vec![NamedPort { name: "http".into(), port: 8080 }]);
        assert_eq!(read(&sent(&pool), &templates, Some(&pool)), Ok(pool.clone()));
        pool.named_ports = Some(Vec::new());
        assert_eq!(read(&sent(&pool), &templates, Some(&pool)), Ok(pool));
    }

    #[test]
    fn every_field_that_means_nothing_is_named() {
        let values = Query::parse("template_name=ghost&name=x");
        let fields = |values: &Query, form: &PoolForm| {
            let problems = read(values, &form.templates, None).unwrap_err();
            problems.into_iter().map(|one| one.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&values, &form(None)), ["template_name"]);
        let values = Query::parse("template_name=web&name=x&target_size=many&max_surge=1.5&update_type=SOON");
        assert_eq!(fields(&values, &form(None)), ["target_size", "update_type", "max_surge"]);
    }

    #[test]
    fn the_rules_speak_of_fields() {
        let mut pool = PoolSpec::new("front", AgentType::BackendDeveloper, "web");
        pool.max_surge = Some(Amount::Fixed(1));
        let fields: Vec<String> =
            check(&form(None), &sent(&pool)).into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["name", "max_surge"]);
        pool.max_surge = Some(Amount::Fixed(2));
        pool.heartbeat_silent_after = Some(10);
        pool.health_check_initial_delay = 3601;
        let fields: Vec<String> =
            check(&form(Some(pool.clone())), &sent(&pool)).into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["heartbeat_silent_after", "health_check_initial_delay"]);
        pool.heartbeat_silent_after = Some(60);
        pool.health_check_initial_delay = 3600;
        pool.named_ports = Some(vec![NamedPort { name: "HTTP".into(), port: 0 }]);
        let problems = check(&form(Some(pool.clone())), &sent(&pool));
        assert!(problems.len() == 2 && problems.iter().all(|problem| problem.field == "named_ports"));
        pool.named_ports = Some(vec![NamedPort { name: "http".into(), port: 8080 }]);
        assert_eq!(check(&form(Some(pool.clone())), &sent(&pool)), []);
    }

    #[test]
    fn all_texts_are_of_known_fields() {
        let pool = PoolSpec::new("front", AgentType::BackendDeveloper, "web");
        assert!(texts(&pool).iter().all(|(name, _)| NAMES.contains(name)));
        assert_eq!(form(None).place(), "agent_pools[1].");
        assert_eq!(form(Some(pool)).place(), "agent_pools[0].");
    }
}
