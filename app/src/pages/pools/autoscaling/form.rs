//! A pool's autoscaling as a form: its texts, what they mean, and which are refused. The names of the fields are the
//! declaration's own.

use domain::{
    FleetSpec, autoscaling::ScalingSchedule, environment::CustomMetric, pool::PoolSpec,
    view::autoscaling::AutoscalingForm,
};

use crate::{api::FieldProblem, form::Reader, pages::review::broken, url_state::Query};

/// Those that show what is wrong with them.
pub const NAMES: &[&str] = &[
    "enable_autoscaling",
    "min_replicas",
    "max_replicas",
    "cpu_target",
    "autoscaling_mode",
    "cooldown_period",
    "scale_down_max_percent",
    "scale_down_time_window",
    "custom_metrics",
    "scaling_schedules",
];

/// The fields' texts of a pool.
pub fn texts(pool: &PoolSpec) -> Vec<(&'static str, String)> {
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    let metrics = pool.custom_metrics.as_deref().unwrap_or_default();
    let metrics = metrics.iter().map(|metric| format!("{} {} {}", metric.name, metric.target, metric.kind));
    vec![
        ("min_replicas", number(pool.min_replicas)),
        ("max_replicas", number(pool.max_replicas)),
        ("cpu_target", pool.cpu_target.map(|target| target.to_string()).unwrap_or_default()),
        ("autoscaling_mode", pool.autoscaling_mode.map(|mode| mode.to_string()).unwrap_or_default()),
        ("cooldown_period", number(pool.cooldown_period)),
        ("scale_down_max_percent", number(pool.scale_down_max_percent)),
        ("scale_down_time_window", number(pool.scale_down_time_window)),
        ("custom_metrics", metrics.collect::<Vec<_>>().join("\n")),
        ("scaling_schedules", pool.scaling_schedules.iter().map(line).collect::<Vec<_>>().join("\n")),
    ]
}

/// `office | 0 8 * * Mon-Fri | Europe/Berlin | 36000 | 5 | off | while people work`.
fn line(schedule: &ScalingSchedule) -> String {
    let mut parts = vec![
        schedule.name.clone(),
        schedule.schedule.clone(),
        schedule.time_zone.clone(),
        schedule.duration_sec.to_string(),
        schedule.min_required_replicas.to_string(),
    ];
    if schedule.disabled || !schedule.description.is_empty() {
        parts.push(if schedule.disabled { "off" } else { "on" }.to_owned());
    }
    if !schedule.description.is_empty() {
        parts.push(schedule.description.clone());
    }
    parts.join(" | ")
}

/// The pool with what the texts mean, or each field that means nothing. Whether it breaks a rule is not asked here.
pub fn read(values: &Query, pool: &PoolSpec) -> Result<PoolSpec, Vec<FieldProblem>> {
    let mut reader = Reader::new(values);
    let enabled = reader.ticked("enable_autoscaling");
    let next = PoolSpec {
        enable_autoscaling: Some(enabled),
        min_replicas: reader.number("min_replicas", 5),
        max_replicas: reader.number("max_replicas", 5),
        cpu_target: share(&mut reader, "cpu_target"),
        autoscaling_mode: reader.parsed("autoscaling_mode"),
        cooldown_period: reader.number("cooldown_period", 5),
        scale_down_max_percent: reader.number("scale_down_max_percent", 5),
        scale_down_time_window: reader.number("scale_down_time_window", 5),
        custom_metrics: metrics(&mut reader, pool.custom_metrics.is_some()),
        scaling_schedules: schedules(&mut reader),
        ..pool.clone()
    };
    reader.finish(within_bounds(next, enabled))
}

/// A declared size is where an autoscaled pool begins: new bounds move it along, as the autoscaler would.
fn within_bounds(mut pool: PoolSpec, enabled: bool) -> PoolSpec {
    if let (true, Some(size)) = (enabled, pool.target_size) {
        let size = size.max(pool.min_replicas.unwrap_or(0));
        pool.target_size = Some(pool.max_replicas.map_or(size, |most| size.min(most)));
    }
    pool
}

/// What is wrong with the values, as far as the declaration alone tells: asked in the browser while somebody types.
pub fn check(form: &AutoscalingForm, values: &Query) -> Vec<FieldProblem> {
    let pool = match read(values, &form.pool) {
        Ok(pool) => pool,
        Err(problems) => return problems,
    };
    let spec = FleetSpec { agent_pools: vec![pool], ..FleetSpec::new(form.environment.clone()) };
    let broken = broken(&spec, "agent_pools[0].", &[]);
    broken.into_iter().filter(|problem| NAMES.contains(&problem.field.as_str())).collect()
}

fn share(reader: &mut Reader<'_>, field: &str) -> Option<f64> {
    let text = reader.text(field)?;
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    if number.is_none() {
        reader.refuse(field, format!("`{text}` is no share of the CPU: write it as 0.7"));
    }
    number
}

/// Empty is none where the pool had its own list, and the environment's otherwise.
fn metrics(reader: &mut Reader<'_>, own: bool) -> Option<Vec<CustomMetric>> {
    let mut metrics = Vec::new();
    for line in reader.list("custom_metrics") {
        let parts: Vec<&str> = line.split_whitespace().collect();
        match (parts.as_slice(), parts.get(1).and_then(|target| target.parse().ok())) {
            ([name, _, kind], Some(target)) => {
                metrics.push(CustomMetric { name: (*name).to_owned(), target, kind: (*kind).to_owned() });
            }
            _ => reader.refuse(
                "custom_metrics",
                format!(
                    "`{line}` is not name, target and type: write it as custom.googleapis.com/tasks 12 GAUGE"
                ),
            ),
        }
    }
    (own || !metrics.is_empty()).then_some(metrics)
}

fn schedules(reader: &mut Reader<'_>) -> Vec<ScalingSchedule> {
    let mut schedules = Vec::new();
    for line in reader.list("scaling_schedules") {
        let parts: Vec<&str> = line.splitn(7, '|').map(str::trim).collect();
        let number = |index: usize| parts.get(index).and_then(|text| text.parse::<u32>().ok());
        let disabled = match parts.get(5) {
            None | Some(&"on" | &"") => Some(false),
            Some(&"off") => Some(true),
            Some(_) => None,
        };
        match (parts.as_slice(), number(3), number(4), disabled) {
            ([name, schedule, time_zone, ..], Some(duration_sec), Some(min_required_replicas), Some(disabled)) => {
                schedules.push(ScalingSchedule {
                    name: (*name).to_owned(),
                    description: parts.get(6).map(|text| (*text).to_owned()).unwrap_or_default(),
                    schedule: (*schedule).to_owned(),
                    time_zone: (*time_zone).to_owned(),
                    duration_sec,
                    min_required_replicas,
                    disabled,
                });
            }
            _ => reader.refuse(
                "scaling_schedules",
                format!(
                    "`{line}` is not name | cron | time zone | seconds | VMs, and then `off` for one that rests"
                ),
            ),
        }
    }
    schedules
}

#[cfg(test)]
mod tests {
    use domain::{AgentType, autoscaling::AutoscalingMode, environment::EnvironmentSpec};

    use super::*;

    fn pool() -> PoolSpec {
        let mut pool = PoolSpec::new("web", AgentType::Architect, "web");
        pool.enable_autoscaling = Some(true);
        pool.target_size = Some(2);
        pool.min_replicas = Some(1);
        pool.max_replicas = Some(5);
        pool
    }

    fn sent(pool: &PoolSpec) -> Query {
        let enabled = Query::default().with("enable_autoscaling", Some("on"));
        texts(pool).into_iter().fold(enabled, |query, (name, value)| query.with(name, Some(&value)))
    }

    fn form() -> AutoscalingForm {
        let environment = EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "v", "s");
        AutoscalingForm { environment, generation: 1, pool: pool(), index: 2 }
    }

    #[test]
    fn a_pool_is_read_back_from_its_fields() {
        let mut full = pool();
        full.cpu_target = Some(0.65);
        full.autoscaling_mode = Some(AutoscalingMode::OnlyScaleOut);
        full.cooldown_period = Some(90);
        full.custom_metrics =
            Some(vec![CustomMetric { name: "a/b".into(), target: 12.5, kind: "GAUGE".into() }]);
        full.scaling_schedules = vec![
            ScalingSchedule {
                name: "office".into(),
                description: "while people work".into(),
                schedule: "0 8 * * Mon-Fri".into(),
                time_zone: "Europe/Berlin".into(),
                duration_sec: 36_000,
                min_required_replicas: 3,
                disabled: true,
            },
            ScalingSchedule {
                name: "night".into(),
                description: String::new(),
                schedule: "0 22 * * *".into(),
                time_zone: "UTC".into(),
                duration_sec: 3600,
                min_required_replicas: 1,
                disabled: false,
            },
        ];
        for pool in [pool(), full] {
            assert_eq!(read(&sent(&pool), &pool), Ok(pool));
        }
    }

    #[test]
    fn new_bounds_move_the_declared_size_along() {
        let values = sent(&pool()).with("min_replicas", Some("4")).with("max_replicas", Some("9"));
        assert_eq!(read(&values, &pool()).unwrap().target_size, Some(4));
    }

    #[test]
    fn what_means_nothing_and_what_breaks_a_rule_is_named_by_its_field() {
        let values = sent(&pool())
            .with("min_replicas", Some("few"))
            .with("cpu_target", Some("70 %"))
            .with("scaling_schedules", Some("office | 0 8 * * *"))
            .with("custom_metrics", Some("tasks"));
        let fields: Vec<String> = check(&form(), &values).into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["min_replicas", "cpu_target", "custom_metrics", "scaling_schedules"]);
        let values = sent(&pool())
            .with("cpu_target", Some("70"))
            .with("cooldown_period", Some("5"))
            .with("scaling_schedules", Some("office | 0 25 * * * | Berlin | 60 | 3"));
        let fields: Vec<String> = check(&form(), &values).into_iter().map(|one| one.field).collect();
        assert_eq!(
            fields,
            ["cpu_target", "cooldown_period", "scaling_schedules", "scaling_schedules", "scaling_schedules"]
        );
        assert_eq!(form().place(), "agent_pools[2].");
    }
}
