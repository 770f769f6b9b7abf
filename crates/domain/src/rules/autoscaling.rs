//! Rules of how a pool is sized by its autoscaler: targets, cooldown, scale-in, schedules. The bounds are with the sizes.

use super::{Findings, LARGEST_GROUP, Rule, Scope, sizes};
use crate::{
    autoscaling::{ScalingSchedule, check_cron, is_time_zone, spelled},
    name,
    pool::PoolSpec,
};

/// <https://cloud.google.com/compute/docs/autoscaler/scaling-schedules>
const MOST_SCHEDULES: usize = 128;
const SHORTEST_SEC: u32 = 300;

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    for (index, pool) in scope.spec.agent_pools.iter().enumerate() {
        let at = |attribute: &str| format!("agent_pools[{index}].{attribute}");
        if let Some(target) = pool.cpu_target {
            sizes::cpu_target(at("cpu_target"), target, findings);
        }
        if let Some(metrics) = &pool.custom_metrics {
            sizes::custom_metrics(&at("custom_metrics"), metrics, findings);
        }
        if let Some(seconds) = pool.cooldown_period {
            sizes::cooldown(at("cooldown_period"), seconds, findings);
        }
        if let Some(percent) = pool.scale_down_max_percent {
            sizes::scale_in_percent(at("scale_down_max_percent"), percent, findings);
        }
        if let Some(seconds) = pool.scale_down_time_window {
            sizes::scale_in_window(at("scale_down_time_window"), seconds, findings);
        }
        schedules(pool, &at, findings);
    }
}

fn schedules(pool: &PoolSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    if pool.scaling_schedules.len() > MOST_SCHEDULES {
        let message =
            format!("{} schedules are too many: at most {MOST_SCHEDULES}", pool.scaling_schedules.len());
        findings.breaks(Rule::ScalingSchedule, at("scaling_schedules"), message);
    }
    for (index, schedule) in pool.scaling_schedules.iter().enumerate() {
        let field = |name: &str| at(&format!("scaling_schedules[{index}].{name}"));
        let twin = pool.scaling_schedules[..index]
            .iter()
            .any(|before: &ScalingSchedule| before.name == schedule.name);
        if !name::is_rfc1035(&schedule.name) {
            let message =
                format!("`{}` is no schedule's name: lower-case letters, digits, hyphens", schedule.name);
            findings.add(Rule::ScalingSchedule, field("name"), message, name::to_rfc1035(&schedule.name));
        } else if twin {
            let message = format!("two schedules are named `{}`", schedule.name);
            findings.breaks(Rule::ScalingSchedule, field("name"), message);
        }
        if let Err(error) = check_cron(&schedule.schedule) {
            findings.breaks(Rule::ScalingSchedule, field("schedule"), error.to_string());
        }
        if !is_time_zone(&schedule.time_zone) {
            let message = format!(
                "`{}` is no time zone of the time zone database: write one as Europe/Berlin, or UTC",
                schedule.time_zone
            );
            let fix = spelled(&schedule.time_zone).map(str::to_owned);
            findings.add(Rule::ScalingSchedule, field("time_zone"), message, fix);
        }
        if schedule.duration_sec < SHORTEST_SEC {
            let message = format!(
                "{} s is too short: a schedule lasts {SHORTEST_SEC} s or more",
                schedule.duration_sec
            );
            findings.breaks_with_fix(
                Rule::ScalingSchedule,
                field("duration_sec"),
                message,
                SHORTEST_SEC.to_string(),
            );
        }
        if schedule.min_required_replicas > LARGEST_GROUP {
            let message = format!(
                "{} VMs are more than a regional group holds: at most {LARGEST_GROUP}",
                schedule.min_required_replicas
            );
            findings.breaks_with_fix(
                Rule::ScalingSchedule,
                field("min_required_replicas"),
                message,
                LARGEST_GROUP.to_string(),
            );
        }
    }
}
