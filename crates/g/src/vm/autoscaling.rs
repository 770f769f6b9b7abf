//! A pool's autoscaling.

use rest_api::{Autoscaling, AutoscalingPolicy, ScalingSchedule};

use crate::{
    cli::{Common, Window},
    client::Client,
    cost::monthly,
    failure::Failure,
    output::{self, fact, moment, table, vms},
};

pub(super) async fn show(
    client: &Client,
    common: &Common,
    pool: &str,
    window: Option<Window>,
) -> Result<(), Failure> {
    let environment = client.environment().await?;
    let seconds = window.map(|window| window.seconds().to_string());
    let query: Vec<(&str, &str)> = seconds.iter().map(|seconds| ("window", seconds.as_str())).collect();
    let answer = client.get("load_autoscaling", &[&environment, pool], &query).await?;
    output::show(common.output, &answer, || {
        let autoscaling: Autoscaling = answer.read()?;
        let mut text = drawn(&autoscaling)?;
        if window.is_some() {
            text.push('\n');
            text.push_str(&sizes(&autoscaling));
        }
        Ok(text)
    })
}

fn drawn(answer: &Autoscaling) -> Result<String, Failure> {
    let bounds =
        answer.declared.as_ref().map_or_else(|| "no autoscaler: people size this pool".to_owned(), size);
    let mut text = format!("{}/{}  {bounds}\n", answer.environment, answer.pool);
    let mut line = |name: &str, value: &str| text.push_str(&fact(name, value));
    let seen = |size: Option<u32>| size.map_or("not seen".to_owned(), vms);
    line("running", &seen(answer.running));
    line("target", &seen(answer.target_size));
    line("recommended", &answer.recommended_size.map(vms).unwrap_or_default());
    line("status", answer.status.as_deref().unwrap_or_default());
    for detail in &answer.details {
        line("reason", &format!("{}: {}", detail.r#type, detail.message));
    }
    if let Some(on) = &answer.schedule_in_force {
        let least = vms(on.min_required_replicas);
        line("in force", &format!("schedule {} until {}: at least {least}", on.name, moment(on.until)));
    }
    if let Some(next) = &answer.next_schedule {
        let least = vms(next.min_required_replicas);
        line("next", &format!("schedule {} at {}: at least {least}", next.name, moment(next.at)));
    }
    let costs = [
        (&answer.monthly_at_minimum, "at the minimum"),
        (&answer.monthly_now, "as it is"),
        (&answer.monthly_at_maximum, "at the maximum"),
    ];
    let mut said = Vec::new();
    for (cost, when) in costs {
        if let Some(cost) = cost {
            said.push(format!("{} {when}", monthly(cost)?));
        }
    }
    line("a month", &said.join(", "));
    let rows = beside(answer.declared.as_ref(), answer.observed.as_ref());
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table(&["POLICY", "DECLARED", "OBSERVED"], &rows));
    }
    Ok(text)
}

fn size(policy: &AutoscalingPolicy) -> String {
    format!("{} to {}", policy.min_replicas, vms(policy.max_replicas))
}

/// Both policies line by line; what one of them lacks is `none`.
fn beside(declared: Option<&AutoscalingPolicy>, observed: Option<&AutoscalingPolicy>) -> Vec<Vec<String>> {
    let [declared, observed] = [declared, observed].map(|policy| policy.map(lines).unwrap_or_default());
    let mut names: Vec<&String> = declared.iter().map(|(name, _)| name).collect();
    for (name, _) in &observed {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let of = |side: &[(String, String)], name: &str| {
        let found = side.iter().find(|(other, _)| other == name);
        found.map_or_else(|| "none".to_owned(), |(_, value)| value.clone())
    };
    names.into_iter().map(|name| vec![name.clone(), of(&declared, name), of(&observed, name)]).collect()
}

fn lines(policy: &AutoscalingPolicy) -> Vec<(String, String)> {
    let scale_in =
        format!("at most {} % in {} s", policy.scale_in_max_percent, policy.scale_in_time_window_sec);
    let mut lines = vec![
        ("mode".to_owned(), policy.mode.to_string()),
        ("size".to_owned(), size(policy)),
        ("CPU target".to_owned(), policy.cpu_target.to_string()),
        ("cooldown".to_owned(), format!("{} s", policy.cooldown_sec)),
        ("predictive".to_owned(), if policy.predictive { "yes" } else { "no" }.to_owned()),
        ("scale-in".to_owned(), scale_in),
    ];
    for metric in &policy.custom_metrics {
        lines.push((format!("metric {}", metric.name), format!("{} {}", metric.target, metric.r#type)));
    }
    for one in &policy.schedules {
        lines.push((format!("schedule {}", one.name), schedule(one)));
    }
    lines
}

fn schedule(schedule: &ScalingSchedule) -> String {
    let ScalingSchedule { schedule: cron, time_zone, duration_sec, min_required_replicas, disabled, .. } =
        schedule;
    let off = if *disabled { ", off" } else { "" };
    format!("{cron} {time_zone} for {duration_sec} s: at least {}{off}", vms(*min_required_replicas))
}

/// What ran, the oldest look first.
fn sizes(answer: &Autoscaling) -> String {
    let rows: Vec<Vec<String>> = answer
        .samples
        .iter()
        .map(|sample| {
            vec![
                sample.at.format("%Y-%m-%d %H:%M:%S").to_string(),
                sample.running.to_string(),
                sample.target.to_string(),
                sample.recommended.map_or("none".to_owned(), |size| size.to_string()),
                format!("{} to {}", sample.minimum, sample.maximum),
            ]
        })
        .collect();
    table(&["AT (UTC)", "RUNNING", "TARGET", "RECOMMENDED", "BOUNDS"], &rows)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn policy(max: u32, schedules: Value) -> Value {
        json!({
            "mode": "ON", "min_replicas": 1, "max_replicas": max, "cooldown_sec": 60, "cpu_target": 0.7,
            "predictive": false, "custom_metrics": [], "scale_in_max_percent": 10,
            "scale_in_time_window_sec": 600, "schedules": schedules,
        })
    }

    #[test]
    fn what_is_declared_stands_beside_what_was_observed() {
        let office = json!([{
            "name": "office", "description": "", "schedule": "0 8 * * Mon-Fri", "time_zone": "Europe/Berlin",
            "duration_sec": 36000, "min_required_replicas": 2, "disabled": false,
        }]);
        let answer: Autoscaling = serde_json::from_value(json!({
            "environment": "dev", "pool": "front", "declared": policy(5, office), "observed": policy(3, json!([])),
            "status": "ACTIVE",
            "details": [{ "type": "CAPPED_AT_MAX_NUM_REPLICAS", "message": "it would\nbe larger" }],
            "recommended_size": 3, "target_size": 3, "running": 1, "next_schedule": null,
            "schedule_in_force": { "name": "office", "until": "2026-11-22T17:00:00Z", "min_required_replicas": 2 },
            "window": 3600,
            "samples": [{
                "at": "2026-11-22T10:00:00Z", "running": 1, "target": 3, "recommended": null, "minimum": 1, "maximum": 3,
            }],
            "monthly_at_minimum": { "known_usd": "48.5", "unknown": [] },
            "monthly_now": null,
            "monthly_at_maximum": { "known_usd": "242.5", "unknown": ["disks"] },
        }))
        .unwrap();
        let expected = "\
dev/front  1 to 5 VMs
running     1 VM
target      3 VMs
recommended 3 VMs
status      ACTIVE
reason      CAPPED_AT_MAX_NUM_REPLICAS: it would be larger
in force    schedule office until 2026-11-22 17:00:00 UTC: at least 2 VMs
a month     $48.50 at the minimum, at least $243 at the maximum

POLICY           DECLARED                                                   OBSERVED
mode             ON                                                         ON
size             1 to 5 VMs                                                 1 to 3 VMs
CPU target       0.7                                                        0.7
cooldown         60 s                                                       60 s
predictive       no                                                         no
scale-in         at most 10 % in 600 s                                      at most 10 % in 600 s
schedule office  0 8 * * Mon-Fri Europe/Berlin for 36000 s: at least 2 VMs  none
";
        assert_eq!(drawn(&answer).unwrap(), expected);
        let sizes_told = "\
AT (UTC)             RUNNING  TARGET  RECOMMENDED  BOUNDS
2026-11-22 10:00:00  1        3       none         1 to 3
";
        assert_eq!(sizes(&answer), sizes_told);
    }

    #[test]
    fn a_pool_of_a_fixed_size_says_so() {
        let answer: Autoscaling = serde_json::from_value(json!({
            "environment": "dev", "pool": "front", "details": [], "target_size": 2, "window": 3600, "samples": [],
        }))
        .unwrap();
        let expected =
            "dev/front  no autoscaler: people size this pool\nrunning     not seen\ntarget      2 VMs\n";
        assert_eq!(drawn(&answer).unwrap(), expected);
    }
}
