//! The fields of a pool with their help.

use domain::{
    FleetSpec,
    agent::Thresholds,
    derive,
    environment::EnvironmentSpec,
    pool::{PoolSpec, ReplacementMethod, UpdateType},
    view::pool::PoolForm,
};
use leptos::prelude::*;

use super::{form::ENVIRONMENT, named_ports};
use crate::{
    components::field::{LinesField, NumberField, SelectField, TextField, options},
    form::{FormFields, INHERIT, NO, YES},
};

/// `pool` is what the fields begin with. An existing pool keeps its name; its template has a form of its own.
pub fn fields(form: &PoolForm, pool: &PoolSpec, at: &FormFields) -> AnyView {
    let environment = &form.environment;
    view! {
        <input type="hidden" name=ENVIRONMENT value=environment.environment.clone() />
        {identity(form, pool, at)}
        {size(environment, at)}
        {rollouts(environment, at)}
        {heartbeats(pool, at)}
        {ports(environment, pool, at)}
        <fieldset class="fields-of">
            <legend>"Labels"</legend>
            <LinesField
                field=at.of("labels")
                label="Labels"
                placeholder="team = payments"
                hint="key = value, one a line. They stay in the declaration: groups have none in Compute Engine."
            />
        </fieldset>
    }
    .into_any()
}

fn identity(form: &PoolForm, pool: &PoolSpec, at: &FormFields) -> AnyView {
    let exists = form.pool.is_some();
    let template = if exists {
        view! { <input type="hidden" name="template_name" value=pool.template_name.clone() /> }.into_any()
    } else {
        let templates = form
            .templates
            .iter()
            .map(|template| (template.name.clone(), format!("{} ({})", template.name, template.agent_type)))
            .collect();
        view! {
            <SelectField
                field=at.of("template_name")
                label="Template"
                options=templates
                hint="Its agent type is the pool's."
            />
        }
        .into_any()
    };
    view! {
        <fieldset class="fields-of">
            <legend>"Pool"</legend>
            <TextField
                field=at.of("name")
                label="Name"
                mono=true
                required=true
                readonly=exists
                hint=if exists {
                    "A pool keeps its name: its group and its VMs are called by it.".to_owned()
                } else {
                    "Its VMs are called agent-, this name and four characters.".to_owned()
                }
            />
            {template}
        </fieldset>
    }
    .into_any()
}

fn size(environment: &EnvironmentSpec, at: &FormFields) -> AnyView {
    let by_default = if environment.default_enable_autoscaling { "on" } else { "off" };
    let as_declared = format!("As the environment: {by_default}");
    view! {
        <fieldset class="fields-of">
            <legend>"Size"</legend>
            <NumberField
                field=at.of("target_size")
                label="Size"
                unit="VMs"
                placeholder=environment.default_pool_size.to_string()
                hint="Where the pool scales itself, only the size to start with."
            />
            <SelectField
                field=at.of("enable_autoscaling")
                label="Scales itself"
                options=options([
                    (INHERIT, as_declared.as_str()),
                    (YES, "Yes"),
                    (NO, "No"),
                ])
            />
            <div class="two">
                <NumberField
                    field=at.of("min_replicas")
                    label="At least"
                    unit="VMs"
                    placeholder=environment.default_min_replicas.to_string()
                    hint="Where it scales itself."
                />
                <NumberField
                    field=at.of("max_replicas")
                    label="At most"
                    unit="VMs"
                    placeholder=environment.default_max_replicas.to_string()
                />
            </div>
        </fieldset>
    }
    .into_any()
}

fn rollouts(environment: &EnvironmentSpec, at: &FormFields) -> AnyView {
    let zones = derive::zones(&FleetSpec::new(environment.clone()), None).zones.len();
    view! {
        <fieldset class="fields-of">
            <legend>"Rollouts"</legend>
            <SelectField
                field=at.of("update_type")
                label="Another version"
                options=options([
                    (UpdateType::Proactive.as_str(), "Replaces VMs by itself"),
                    (UpdateType::Opportunistic.as_str(), "Waits until VMs are updated by name"),
                ])
            />
            <SelectField
                field=at.of("replacement_method")
                label="VMs are replaced"
                options=options([
                    (ReplacementMethod::Substitute.as_str(), "By others, which come first"),
                    (ReplacementMethod::Recreate.as_str(), "Under their own names, after they are gone"),
                ])
            />
            <div class="two">
                <TextField
                    field=at.of("max_surge")
                    label="More VMs meanwhile"
                    placeholder=zones.to_string()
                    hint=format!("0, at least {zones}, or a share as 20% of a pool of ten or more.")
                />
                <TextField
                    field=at.of("max_unavailable")
                    label="VMs away meanwhile"
                    hint=format!("0, at least {zones}, or a share.")
                />
            </div>
            <div class="two">
                <NumberField
                    field=at.of("min_ready_sec")
                    label="A canary is as old as"
                    unit="s"
                    hint="From its VM's creation, before it may be promoted."
                />
                <NumberField
                    field=at.of("health_check_initial_delay")
                    label="A new VM has time to start"
                    unit="s"
                    hint="Before it is healed."
                />
            </div>
        </fieldset>
    }
    .into_any()
}

fn heartbeats(pool: &PoolSpec, at: &FormFields) -> AnyView {
    let patience = Thresholds::default();
    view! {
        <fieldset class="fields-of">
            <legend>"Heartbeats"</legend>
            <div class="two">
                <NumberField
                    field=at.of("heartbeat_late_after")
                    label="Late after"
                    unit="s"
                    placeholder=patience.late_after_seconds.to_string()
                    hint="Without a heartbeat. Less than until it is silent."
                />
                <NumberField
                    field=at.of("heartbeat_silent_after")
                    label="Silent after"
                    unit="s"
                    placeholder=patience.silent_after_seconds.to_string()
                    hint="Silent agents count for alerts and the brake."
                />
            </div>
            <NumberField
                field=at.of("heartbeat_start_within")
                label="First word within"
                unit="s"
                placeholder=patience.start_within_seconds.max(pool.health_check_initial_delay).to_string()
                hint="Of the VM's creation; then an agent that was never heard is silent."
            />
        </fieldset>
    }
    .into_any()
}

fn ports(environment: &EnvironmentSpec, pool: &PoolSpec, at: &FormFields) -> AnyView {
    let without = pool.named_ports.as_ref().is_some_and(Vec::is_empty);
    let usual = environment.default_named_ports.as_slice();
    let (placeholder, empty) =
        if without { (String::new(), "none") } else { (named_ports::lines(usual), "the environment's") };
    view! {
        <fieldset class="fields-of">
            <legend>"Load balancers"</legend>
            <LinesField
                field=at.of(named_ports::FIELD)
                label="Named ports"
                placeholder=placeholder
                hint=format!("Name and port, one a line: what a backend service calls them. Empty: {empty}.")
            />
        </fieldset>
    }
    .into_any()
}
