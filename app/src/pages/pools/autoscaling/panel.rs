//! The side panel that edits a pool's autoscaling: a form that is reviewed first.

use domain::{Permission, autoscaling::AutoscalingMode, edit::Edit, view::autoscaling::AutoscalingForm};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    PoolAutoscaling,
    form::{NAMES, check, read, texts},
    replay::replayed,
};
use crate::{
    api::{self, ApiError, autoscaling::ReplayPage},
    components::{
        button::Submit,
        field::{CheckField, LinesField, NumberField, SelectField},
        loaded::loaded,
        side_panel::SidePanel,
    },
    form::{INTENT, Posted, Problems, REPLAY, unreadable},
    opening::refusal,
    pages::review::{Check, EditForm, Preview, problems},
    routes,
    url_state::Query,
};

/// The form, what an edit by it would do, and what it would have done with the load that was.
type Reviewed = (AutoscalingForm, Preview, Option<ReplayPage>);

async fn review(environment: String, pool: String, sent: Option<Query>) -> Result<Reviewed, ApiError> {
    let form = api::autoscaling::load_autoscaling_form(environment.clone(), pool.clone()).await?;
    let Some(values) = sent else { return Ok((form, None, None)) };
    let next = match read(&values, &form.pool) {
        Ok(next) => next,
        Err(refused) => return Ok((form, Some(Err(unreadable(refused))), None)),
    };
    if values.get(INTENT) == Some(REPLAY) {
        return Ok(match api::autoscaling::replay_autoscaling(environment, next).await {
            Ok(replay) => (form, None, Some(replay)),
            Err(error) => (form, Some(Err(error)), None),
        });
    }
    let edit = Edit::UpdatePool { name: pool, pool: next.clone() };
    let preview = api::edits::preview_edit(environment.clone(), edit).await;
    // What is refused is refused once, by the preview.
    let sound = preview.as_ref().is_ok_and(|preview| preview.plan.violations.is_empty());
    let replay = if sound && next.enable_autoscaling == Some(true) {
        api::autoscaling::replay_autoscaling(environment, next).await.ok()
    } else {
        None
    };
    Ok((form, Some(preview), replay))
}

#[component]
pub fn EditAutoscaling() -> AnyView {
    let params = use_params_map();
    let named = Memo::new(move |_| {
        params.with(|params| {
            (params.get("environment").unwrap_or_default(), params.get("name").unwrap_or_default())
        })
    });
    let posted = Posted::here();
    let sent = posted.posted.then(|| posted.values.clone());
    let form = Resource::new(
        move || named.get(),
        move |(environment, pool)| review(environment, pool, sent.clone()),
    );
    let (environment, name) = named.get_untracked();
    view! {
        <SidePanel
            title=format!("Autoscaling of {name}")
            lead="Between which sizes, by which load, and at which times."
            close=routes::pool_autoscaling(&environment, &name)
            behind=|| view! { <PoolAutoscaling /> }
        >
            {loaded(form, "the form", move |(form, preview, replay)| edit_form(form, preview, replay, &posted))}
        </SidePanel>
    }
    .into_any()
}

fn edit_form(
    form: AutoscalingForm,
    preview: Preview,
    replay: Option<ReplayPage>,
    posted: &Posted,
) -> AnyView {
    let problems = problems(posted, &preview, &form.place());
    let known = form.clone();
    let check = Check::new(move |values: Query| check(&known, &values));
    let inner = fields(&form, posted, problems);
    view! {
        <EditForm
            posted=posted.clone()
            preview=preview
            problems=problems
            names=NAMES
            check=check
            generation=Some(form.generation)
            beside=replay.map(replayed)
        >
            {inner}
        </EditForm>
    }
    .into_any()
}

fn fields(form: &AutoscalingForm, posted: &Posted, problems: Problems) -> AnyView {
    let (environment, pool) = (&form.environment, &form.pool);
    let begin = texts(pool);
    let value = |field: &'static str| {
        let own = begin.iter().find(|(name, _)| *name == field).map(|(_, text)| text.clone());
        posted.value(field, own.unwrap_or_default())
    };
    let enabled = pool.enable_autoscaling.unwrap_or(environment.default_enable_autoscaling);
    let modes = std::iter::once((String::new(), format!("Default: {}", AutoscalingMode::On.words())))
        .chain(AutoscalingMode::ALL.map(|mode| (mode.to_string(), format!("{mode}: {}", mode.words()))))
        .collect();
    view! {
        <fieldset class="fields-of">
            <legend>"Size"</legend>
            <CheckField
                name="enable_autoscaling"
                label="The pool sizes itself"
                ticked=posted.ticked("enable_autoscaling", enabled)
                hint="Without it the declared size stands until somebody changes it."
                problem=problems.of("enable_autoscaling")
            />
            <div class="two">
                <NumberField
                    name="min_replicas"
                    label="At least"
                    value=value("min_replicas")
                    unit="VMs"
                    placeholder=environment.default_min_replicas.to_string()
                    problem=problems.of("min_replicas")
                />
                <NumberField
                    name="max_replicas"
                    label="At most"
                    value=value("max_replicas")
                    unit="VMs"
                    placeholder=environment.default_max_replicas.to_string()
                    hint="The limit of what it can cost."
                    problem=problems.of("max_replicas")
                />
            </div>
            <SelectField
                name="autoscaling_mode"
                label="Mode"
                value=value("autoscaling_mode")
                options=modes
                hint="With OFF it still says what it would do, and the size stays."
                problem=problems.of("autoscaling_mode")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Load"</legend>
            <div class="two">
                <NumberField
                    name="cpu_target"
                    label="CPU target"
                    value=value("cpu_target")
                    decimal=true
                    placeholder=environment.default_cpu_target.to_string()
                    hint="A share above 0, at most 1."
                    problem=problems.of("cpu_target")
                />
                <NumberField
                    name="cooldown_period"
                    label="New VMs count after"
                    value=value("cooldown_period")
                    unit="s"
                    placeholder=environment.default_cooldown_period.to_string()
                    hint="15 s or more."
                    problem=problems.of("cooldown_period")
                />
            </div>
            <LinesField
                name="custom_metrics"
                label="Other metrics"
                value=value("custom_metrics")
                placeholder="custom.googleapis.com/agent/tasks 12 GAUGE"
                hint="One a line: name, target, and GAUGE, DELTA_PER_SECOND or DELTA_PER_MINUTE."
                problem=problems.of("custom_metrics")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Scale-in"</legend>
            <div class="two">
                <NumberField
                    name="scale_down_max_percent"
                    label="At most"
                    value=value("scale_down_max_percent")
                    unit="%"
                    placeholder=environment.scale_down_max_percent.to_string()
                    hint="Of the VMs may go within the window."
                    problem=problems.of("scale_down_max_percent")
                />
                <NumberField
                    name="scale_down_time_window"
                    label="Window"
                    value=value("scale_down_time_window")
                    unit="s"
                    placeholder=environment.scale_down_time_window.to_string()
                    problem=problems.of("scale_down_time_window")
                />
            </div>
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Schedules"</legend>
            <LinesField
                name="scaling_schedules"
                label="At these times it has at least so many"
                value=value("scaling_schedules")
                placeholder="office | 0 8 * * Mon-Fri | Europe/Berlin | 36000 | 5"
                hint="One a line: name | cron | time zone | seconds | VMs. A sixth part `off` lets it rest."
                problem=problems.of("scaling_schedules")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Past load"</legend>
            <p class="sm soft">"What this policy would have run in the last day, and what that would have cost."</p>
            <Submit
                label="Replay the last day"
                id="replay-draft"
                blocked=refusal(Permission::PlanChange)
                name=INTENT
                value=REPLAY
            />
        </fieldset>
    }
    .into_any()
}
