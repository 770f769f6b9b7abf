//! The side panels of a rollout: another version, and what becomes of a canary.

use domain::{edit::Edit, view::pool::PoolForm};
use leptos::prelude::*;

use super::{Loading, named, of_pool};
use crate::{
    components::{
        field::{SelectField, TextField, options},
        loaded::loaded,
        side_panel::SidePanel,
    },
    form::{FormFields, Posted, Problems},
    pages::{
        pools::{Rollout, verbs},
        review::{EditForm, problems},
    },
    routes,
    url_state::use_query,
};

#[component]
pub fn ChangeVersion() -> AnyView {
    let (posted, form) = of_pool(verbs::change_version, false);
    let (environment, name) = named().get_untracked();
    view! {
        <SidePanel
            title=format!("Change the template of {name}")
            lead="A canary runs another version on a part of the pool. Then it is promoted or rolled back."
            close=routes::pool_tab(&environment, &name, "rollout")
            behind=|| view! { <Rollout /> }
        >
            {loaded(
                form,
                "the form",
                move |(form, preview)| {
                    let problems = problems(&posted, &preview, &form.place());
                    let (at, inner) = version_fields(&form, &posted, problems);
                    view! {
                        <EditForm
                            form=at
                            preview=preview
                            verb="Change template"
                            generation=Some(form.generation)
                        >
                            {inner}
                        </EditForm>
                    }
                        .into_any()
                },
            )}
        </SidePanel>
    }
    .into_any()
}

/// Those that show what is wrong with them, and what the same stands for in the declaration.
const VERSION_NAMES: &[&str] = &[verbs::VERSION, verbs::HOW, verbs::CANARY_SIZE, "canary", "template_name"];

fn version_fields(form: &PoolForm, posted: &Posted, problems: Problems) -> (FormFields, AnyView) {
    let pool = form.pool.as_ref();
    let kind = pool.map(|pool| pool.agent_type);
    let versions: Vec<(String, String)> = form
        .templates
        .iter()
        .filter(|template| Some(template.agent_type) == kind)
        .flat_map(|template| {
            let present = template.versions.iter().find(|choice| choice.present);
            let now = present.map_or_else(|| "new".to_owned(), |choice| choice.label.short());
            let first = (template.name.clone(), format!("{}, as it is declared ({now})", template.name));
            let earlier = template.versions.iter().filter(|choice| !choice.present).map(|choice| {
                let value = verbs::version_value(&template.name, Some(choice.label.digits()));
                (value, choice.label.long())
            });
            std::iter::once(first).chain(earlier).collect::<Vec<_>>()
        })
        .collect();
    let runs = pool.map(|pool| verbs::version_value(&pool.template_name, pool.template_version.as_deref()));
    let other = versions.iter().find(|(value, _)| Some(value) != runs.as_ref()).or(versions.first());
    // A template's page leads here with the version that it means.
    let asked = use_query().with_untracked(|query| query.get(verbs::VERSION).map(str::to_owned));
    let asked = asked.filter(|asked| versions.iter().any(|(value, _)| value == asked));
    let first = asked.or_else(|| other.map(|(value, _)| value.clone())).unwrap_or_default();
    let hint =
        runs.map_or_else(String::new, |runs| format!("It runs {} now.", runs.replace('@', ", version ")));
    let ways = options([(verbs::CANARY_FIRST, "A canary first"), (verbs::ALL_VMS, "All VMs, rolling")]);
    let begin = vec![
        (verbs::VERSION, first),
        (verbs::HOW, verbs::CANARY_FIRST.to_owned()),
        (verbs::CANARY_SIZE, "1".to_owned()),
    ];
    let at = FormFields::new(posted, problems, VERSION_NAMES, begin);
    let inner = view! {
        <SelectField field=at.of(verbs::VERSION) label="Version" options=versions hint=hint />
        <SelectField field=at.of(verbs::HOW) label="How" options=ways />
        <TextField
            field=at.of(verbs::CANARY_SIZE)
            label="VMs of the canary"
            hint="A number, or a share as 10%. Not asked for where all VMs change."
        />
    };
    (at, inner.into_any())
}

#[component]
pub fn PromoteCanary() -> AnyView {
    let (posted, form) = of_pool(|name, _| Ok(Edit::PromoteCanary { name: name.to_owned() }), true);
    confirm(
        (posted, form),
        "Promote the canary of",
        "What it tried becomes the version of the whole pool.",
        "Promote canary",
    )
}

#[component]
pub fn RollBackCanary() -> AnyView {
    let (posted, form) = of_pool(|name, _| Ok(Edit::RollBackCanary { name: name.to_owned() }), true);
    confirm(
        (posted, form),
        "Roll back the canary of",
        "Its VMs go back to the pool's own version.",
        "Roll back canary",
    )
}

/// Nothing is asked but the reason: what it does is computed when the panel opens.
fn confirm((posted, form): Loading, title: &'static str, lead: &'static str, verb: &'static str) -> AnyView {
    let (environment, name) = named().get_untracked();
    view! {
        <SidePanel
            title=format!("{title} {name}")
            lead=lead
            close=routes::pool_tab(&environment, &name, "rollout")
            behind=|| view! { <Rollout /> }
        >
            {loaded(
                form,
                "the pool",
                move |(form, preview)| {
                    let tries = form.pool.as_ref().is_some_and(|pool| pool.canary.is_some());
                    // The reason at the button says it: what the plan makes of it would be an error on a page that is well.
                    let preview = preview.filter(|_| tries || posted.posted);
                    let problems = problems(&posted, &preview, &form.place());
                    let pointless = (!tries).then(|| "The pool has no canary.".to_owned());
                    let at = FormFields::new(&posted, problems, &[], Vec::new());
                    view! {
                        <EditForm
                            form=at
                            preview=preview
                            verb=verb
                            pointless=pointless
                        >
                            ""
                        </EditForm>
                    }
                        .into_any()
                },
            )}
        </SidePanel>
    }
    .into_any()
}
