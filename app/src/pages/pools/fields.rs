//! The fields of a pool with their help.

use domain::{
    agent::Thresholds,
    derive,
    pool::{PoolSpec, ReplacementMethod, UpdateType},
    view::pool::PoolForm,
};
use leptos::prelude::*;

use super::form::{ENVIRONMENT, INHERIT, NO, YES, texts};
use crate::{
    components::field::{LinesField, NumberField, SelectField, TextField},
    form::{Posted, Problems},
};

/// `pool` is what the fields begin with. An existing pool keeps its name; its template has a form of its own.
pub fn fields(form: &PoolForm, pool: &PoolSpec, posted: &Posted, problems: Problems) -> AnyView {
    let environment = &form.environment;
    let exists = form.pool.is_some();
    let begin = texts(pool);
    let value = |field: &'static str| {
        let own = begin.iter().find(|(name, _)| *name == field).map(|(_, text)| text.clone());
        posted.value(field, own.unwrap_or_default())
    };
    let pairs = |all: &[(&str, &str)]| {
        all.iter().map(|(sent, read)| ((*sent).to_owned(), (*read).to_owned())).collect::<Vec<_>>()
    };
    let by_default = if environment.default_enable_autoscaling { "on" } else { "off" };
    let patience = Thresholds::default();
    let zones = derive::zones(&domain::FleetSpec::new(environment.clone()), None).zones.len();
    let template = if exists {
        view! { <input type="hidden" name="template_name" value=pool.template_name.clone() /> }.into_any()
    } else {
        let options = form
            .templates
            .iter()
            .map(|template| (template.name.clone(), format!("{} ({})", template.name, template.agent_type)))
            .collect();
        view! {
            <SelectField
                name="template_name"
                label="Template"
                value=value("template_name")
                options=options
                hint="Its agent type is the pool's."
                problem=problems.of("template_name")
            />
        }
        .into_any()
    };
    view! {
        <input type="hidden" name=ENVIRONMENT value=environment.environment.clone() />
        <fieldset class="fields-of">
            <legend>"Pool"</legend>
            <TextField
                name="name"
                label="Name"
                value=value("name")
                mono=true
                required=true
                readonly=exists
                hint=if exists {
                    "A pool keeps its name: its group and its VMs are called by it.".to_owned()
                } else {
                    "Its VMs are called agent-, this name and four characters.".to_owned()
                }
                problem=problems.of("name")
            />
            {template}
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Size"</legend>
            <NumberField
                name="target_size"
                label="Size"
                value=value("target_size")
                unit="VMs"
                placeholder=environment.default_pool_size.to_string()
                hint="Where the pool scales itself, only the size to start with."
                problem=problems.of("target_size")
            />
            <SelectField
                name="enable_autoscaling"
                label="Scales itself"
                value=value("enable_autoscaling")
                options=pairs(&[
                    (INHERIT, &format!("As the environment: {by_default}")),
                    (YES, "Yes"),
                    (NO, "No"),
                ])
                problem=problems.of("enable_autoscaling")
            />
            <div class="two">
                <NumberField
                    name="min_replicas"
                    label="At least"
                    value=value("min_replicas")
                    unit="VMs"
                    placeholder=environment.default_min_replicas.to_string()
                    hint="Where it scales itself."
                    problem=problems.of("min_replicas")
                />
                <NumberField
                    name="max_replicas"
                    label="At most"
                    value=value("max_replicas")
                    unit="VMs"
                    placeholder=environment.default_max_replicas.to_string()
                    problem=problems.of("max_replicas")
                />
            </div>
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Rollouts"</legend>
            <SelectField
                name="update_type"
                label="Another version"
                value=value("update_type")
                options=pairs(&[
                    (UpdateType::Proactive.as_str(), "Replaces VMs by itself"),
                    (UpdateType::Opportunistic.as_str(), "Waits until VMs are updated by name"),
                ])
                problem=problems.of("update_type")
            />
            <SelectField
                name="replacement_method"
                label="VMs are replaced"
                value=value("replacement_method")
                options=pairs(&[
                    (ReplacementMethod::Substitute.as_str(), "By others, which come first"),
                    (ReplacementMethod::Recreate.as_str(), "Under their own names, after they are gone"),
                ])
                problem=problems.of("replacement_method")
            />
            <div class="two">
                <TextField
                    name="max_surge"
                    label="More VMs meanwhile"
                    value=value("max_surge")
                    placeholder=zones.to_string()
                    hint=format!("0, at least {zones}, or a share as 20% of a pool of ten or more.")
                    problem=problems.of("max_surge")
                />
                <TextField
                    name="max_unavailable"
                    label="VMs away meanwhile"
                    value=value("max_unavailable")
                    hint=format!("0, at least {zones}, or a share.")
                    problem=problems.of("max_unavailable")
                />
            </div>
            <div class="two">
                <NumberField
                    name="min_ready_sec"
                    label="A canary serves for"
                    value=value("min_ready_sec")
                    unit="s"
                    hint="Before it may be promoted."
                    problem=problems.of("min_ready_sec")
                />
                <NumberField
                    name="health_check_initial_delay"
                    label="A new VM has time to start"
                    value=value("health_check_initial_delay")
                    unit="s"
                    hint="Before it is healed."
                    problem=problems.of("health_check_initial_delay")
                />
            </div>
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Heartbeats"</legend>
            <div class="two">
                <NumberField
                    name="heartbeat_late_after"
                    label="Late after"
                    value=value("heartbeat_late_after")
                    unit="s"
                    placeholder=patience.late_after_seconds.to_string()
                    hint="Without a heartbeat. Less than until it is silent."
                    problem=problems.of("heartbeat_late_after")
                />
                <NumberField
                    name="heartbeat_silent_after"
                    label="Silent after"
                    value=value("heartbeat_silent_after")
                    unit="s"
                    placeholder=patience.silent_after_seconds.to_string()
                    hint="Silent agents count for alerts and the brake."
                    problem=problems.of("heartbeat_silent_after")
                />
            </div>
            <NumberField
                name="heartbeat_start_within"
                label="First word within"
                value=value("heartbeat_start_within")
                unit="s"
                placeholder=patience.start_within_seconds.max(pool.health_check_initial_delay).to_string()
                hint="Of the VM's creation; then an agent that was never heard is silent."
                problem=problems.of("heartbeat_start_within")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Labels"</legend>
            <LinesField
                name="labels"
                label="Labels"
                value=value("labels")
                placeholder="team = payments"
                hint="key = value, one a line. They stay in the declaration: groups have none in Compute Engine."
                problem=problems.of("labels")
            />
        </fieldset>
    }
    .into_any()
}
