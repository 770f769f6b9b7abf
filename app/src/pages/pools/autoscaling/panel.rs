//! The side panel that edits a pool's autoscaling: a form that is reviewed first.

use domain::{
    Permission, autoscaling::AutoscalingMode, edit::Edit, environment::EnvironmentSpec,
    view::autoscaling::AutoscalingForm,
};
use leptos::prelude::*;

use super::{
    PoolAutoscaling,
    form::{NAMES, check, read, texts},
    named,
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
    form::{FormFields, INTENT, Posted, REPLAY, unreadable},
    opening::refusal,
    pages::review::{Check, EditForm, Preview, problems},
    routes,
    url_state::Query,
};

/// The form, what an edit by it would do, and what it would have done with the load that was.
type Reviewed = (AutoscalingForm, Preview, Option<ReplayPage>);

async fn review(environment: String, pool: String, sent: Posted) -> Result<Reviewed, ApiError> {
    let form = api::autoscaling::load_autoscaling_form(environment.clone(), pool.clone()).await?;
    if !sent.posted {
        return Ok((form, None, None));
    }
    let (begun, values) = (sent.begun(), sent.values);
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
    let preview = api::edits::preview_edit(environment.clone(), edit, begun).await;
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
    let named = named();
    let posted = Posted::here();
    let sent = posted.clone();
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
    let at = FormFields::new(posted, problems(posted, &preview, &form.place()), NAMES, texts(&form.pool));
    let known = form.clone();
    let check = Check::new(move |values: Query| check(&known, &values));
    let inner = fields(&form, &at);
    view! {
        <EditForm
            form=at
            preview=preview
            check=check
            generation=Some(form.generation)
            beside=replay.map(replayed)
        >
            {inner}
        </EditForm>
    }
    .into_any()
}

fn fields(form: &AutoscalingForm, at: &FormFields) -> AnyView {
    let environment = &form.environment;
    view! {
        {size(form, at)}
        {load(environment, at)}
        {scale_in(environment, at)}
        <fieldset class="fields-of">
            <legend>"Schedules"</legend>
            <LinesField
                field=at.of("scaling_schedules")
                label="At these times it has at least so many"
                placeholder="office | 0 8 * * Mon-Fri | Europe/Berlin | 36000 | 5"
                hint="One a line: name | cron | time zone | seconds | VMs. A sixth part, off, lets it rest."
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

fn size(form: &AutoscalingForm, at: &FormFields) -> AnyView {
    let (environment, pool) = (&form.environment, &form.pool);
    let enabled = pool.enable_autoscaling.unwrap_or(environment.default_enable_autoscaling);
    let modes = std::iter::once((String::new(), format!("Default: {}", AutoscalingMode::On.words())))
        .chain(AutoscalingMode::ALL.map(|mode| (mode.to_string(), format!("{mode}: {}", mode.words()))))
        .collect();
    view! {
        <fieldset class="fields-of">
            <legend>"Size"</legend>
            <CheckField
                field=at.tick("enable_autoscaling", enabled)
                label="The pool sizes itself"
                hint="Without it the declared size stands until somebody changes it."
            />
            <div class="two">
                <NumberField
                    field=at.of("min_replicas")
                    label="At least"
                    unit="VMs"
                    placeholder=environment.default_min_replicas.to_string()
                />
                <NumberField
                    field=at.of("max_replicas")
                    label="At most"
                    unit="VMs"
                    placeholder=environment.default_max_replicas.to_string()
                    hint="The limit of what it can cost."
                />
            </div>
            <SelectField
                field=at.of("autoscaling_mode")
                label="Mode"
                options=modes
                hint="With OFF it still says what it would do, and the size stays."
            />
        </fieldset>
    }
    .into_any()
}

fn load(environment: &EnvironmentSpec, at: &FormFields) -> AnyView {
    view! {
        <fieldset class="fields-of">
            <legend>"Load"</legend>
            <div class="two">
                <NumberField
                    field=at.of("cpu_target")
                    label="CPU target"
                    decimal=true
                    placeholder=environment.default_cpu_target.to_string()
                    hint="A share above 0, at most 1."
                />
                <NumberField
                    field=at.of("cooldown_period")
                    label="New VMs count after"
                    unit="s"
                    placeholder=environment.default_cooldown_period.to_string()
                    hint="15 to 3600 s."
                />
            </div>
            <LinesField
                field=at.of("custom_metrics")
                label="Other metrics"
                placeholder="custom.googleapis.com/agent/tasks 12 GAUGE"
                hint="One a line: name, target, and GAUGE, DELTA_PER_SECOND or DELTA_PER_MINUTE."
            />
        </fieldset>
    }
    .into_any()
}

fn scale_in(environment: &EnvironmentSpec, at: &FormFields) -> AnyView {
    view! {
        <fieldset class="fields-of">
            <legend>"Scale-in"</legend>
            <div class="two">
                <NumberField
                    field=at.of("scale_down_max_percent")
                    label="At most"
                    unit="%"
                    placeholder=environment.scale_down_max_percent.to_string()
                    hint="Of the VMs may go within the window."
                />
                <NumberField
                    field=at.of("scale_down_time_window")
                    label="Window"
                    unit="s"
                    placeholder=environment.scale_down_time_window.to_string()
                    hint="60 to 3600 s."
                />
            </div>
        </fieldset>
    }
    .into_any()
}
