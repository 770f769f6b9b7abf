//! Autoscaling: what is declared, what the service recommends and why, and what ran.

use domain::{
    Timestamp,
    autoscaling::{self, AutoscalingMode},
    environment,
    resource::Autoscaler,
    view::autoscaling::{self as view, AutoscalingView},
};

use crate::{MonthlyCost, schema::wire};

wire! { answer
    /// A metric that decides beside the CPU.
    CustomMetric {
        name: String,
        target: f64,
        /// `GAUGE`, `DELTA_PER_SECOND` or `DELTA_PER_MINUTE`.
        r#type: String,
    }
}

wire! { answer
    /// Times at which a pool has at least so many VMs, whatever its load.
    ScalingSchedule {
        name: String,
        description: String,
        /// Cron with five fields, or a sixth for the year.
        schedule: String,
        /// A name of the time zone database.
        time_zone: String,
        duration_sec: u32,
        min_required_replicas: u32,
        disabled: bool,
    }
}

wire! { answer
    /// How an autoscaler is told to size a pool.
    AutoscalingPolicy {
        mode: AutoscalingMode,
        min_replicas: u32,
        max_replicas: u32,
        cooldown_sec: u32,
        /// A share above 0, at most 1.
        cpu_target: f64,
        predictive: bool,
        custom_metrics: Vec<CustomMetric>,
        /// At most this share of the pool goes within the window.
        scale_in_max_percent: u32,
        scale_in_time_window_sec: u32,
        schedules: Vec<ScalingSchedule>,
    }
}

wire! { answer
    /// A reason of the service, in its own words.
    AutoscalingDetail {
        /// `CAPPED_AT_MAX_NUM_REPLICAS`; docs/errors.md explains each.
        r#type: String,
        message: String,
    }
}

wire! { answer
    /// The schedule that begins next.
    NextSchedule {
        name: String,
        at: Timestamp,
        min_required_replicas: u32,
    }
}

wire! { answer
    /// The schedule that is on and asks for most.
    ScheduleInForce {
        name: String,
        until: Timestamp,
        min_required_replicas: u32,
    }
}

wire! { answer
    /// One look at the pool.
    AutoscalingSample {
        at: Timestamp,
        /// VMs that ran.
        running: u32,
        /// The size that the group was told.
        target: u32,
        /// Null: the service recommended nothing.
        recommended: Option<u32>,
        minimum: u32,
        maximum: u32,
    }
}

wire! { answer
    /// A pool's autoscaling over a span of time.
    Autoscaling {
        environment: String,
        pool: String,
        /// Null: no autoscaler sizes the pool.
        declared: Option<AutoscalingPolicy>,
        /// As Compute Engine has it; null where it was not seen.
        observed: Option<AutoscalingPolicy>,
        /// `ACTIVE`, `PENDING`, `ERROR` or `DELETING`, as the service says.
        status: Option<String>,
        details: Vec<AutoscalingDetail>,
        recommended_size: Option<u32>,
        /// The size that the group was last told.
        target_size: Option<u32>,
        /// VMs that run.
        running: Option<u32>,
        next_schedule: Option<NextSchedule>,
        /// Null: none is on.
        schedule_in_force: Option<ScheduleInForce>,
        /// Seconds that the samples go back.
        window: i64,
        /// Oldest first.
        samples: Vec<AutoscalingSample>,
        /// Of all VMs at the pool's minimum.
        monthly_at_minimum: Option<MonthlyCost>,
        /// Of what runs.
        monthly_now: Option<MonthlyCost>,
        /// Of all VMs at the pool's maximum.
        monthly_at_maximum: Option<MonthlyCost>,
    }
}

impl From<&environment::CustomMetric> for CustomMetric {
    fn from(metric: &environment::CustomMetric) -> Self {
        Self { name: metric.name.clone(), target: metric.target, r#type: metric.kind.clone() }
    }
}

impl From<&autoscaling::ScalingSchedule> for ScalingSchedule {
    fn from(schedule: &autoscaling::ScalingSchedule) -> Self {
        Self {
            name: schedule.name.clone(),
            description: schedule.description.clone(),
            schedule: schedule.schedule.clone(),
            time_zone: schedule.time_zone.clone(),
            duration_sec: schedule.duration_sec,
            min_required_replicas: schedule.min_required_replicas,
            disabled: schedule.disabled,
        }
    }
}

impl From<&Autoscaler> for AutoscalingPolicy {
    fn from(scaler: &Autoscaler) -> Self {
        Self {
            mode: scaler.mode,
            min_replicas: scaler.min_replicas,
            max_replicas: scaler.max_replicas,
            cooldown_sec: scaler.cooldown_sec,
            cpu_target: scaler.cpu_target,
            predictive: scaler.predictive,
            custom_metrics: scaler.custom_metrics.iter().map(CustomMetric::from).collect(),
            scale_in_max_percent: scaler.scale_in.max_percent,
            scale_in_time_window_sec: scaler.scale_in.time_window_sec,
            schedules: scaler.schedules.iter().map(ScalingSchedule::from).collect(),
        }
    }
}

impl From<&autoscaling::Sample> for AutoscalingSample {
    fn from(sample: &autoscaling::Sample) -> Self {
        Self {
            at: sample.at,
            running: sample.running,
            target: sample.target,
            recommended: sample.recommended,
            minimum: sample.minimum,
            maximum: sample.maximum,
        }
    }
}

impl From<&AutoscalingView> for Autoscaling {
    fn from(view: &AutoscalingView) -> Self {
        let row = &view.row;
        let detail = |detail: &autoscaling::StatusDetail| AutoscalingDetail {
            r#type: detail.kind.clone(),
            message: detail.message.clone(),
        };
        let next = |next: &view::NextSchedule| NextSchedule {
            name: next.name.clone(),
            at: next.at,
            min_required_replicas: next.min_required_replicas,
        };
        let in_force = |on: &autoscaling::ScheduleInForce| ScheduleInForce {
            name: on.name.clone(),
            until: on.until,
            min_required_replicas: on.min_required_replicas,
        };
        let cost = view.cost.as_ref();
        Self {
            environment: row.environment.clone(),
            pool: row.pool.clone(),
            declared: row.desired.as_ref().map(AutoscalingPolicy::from),
            observed: row.observed.as_ref().map(AutoscalingPolicy::from),
            status: row.status.as_ref().map(|status| status.status.clone()),
            details: row.status.iter().flat_map(|status| &status.details).map(detail).collect(),
            recommended_size: row.recommended(),
            target_size: row.target,
            running: row.running,
            next_schedule: row.next.as_ref().map(next),
            schedule_in_force: row.in_force.as_ref().map(in_force),
            window: view.window,
            samples: view.samples.iter().map(AutoscalingSample::from).collect(),
            monthly_at_minimum: cost.map(|cost| (&cost.before).into()),
            monthly_now: cost.map(|cost| (&cost.after).into()),
            monthly_at_maximum: cost.and_then(|cost| cost.at_most.as_ref()).map(MonthlyCost::from),
        }
    }
}
