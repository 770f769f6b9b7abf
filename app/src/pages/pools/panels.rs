//! The side panels of pools. Each is a form whose effect is computed before anything is proposed.

mod instances;
mod versions;

use domain::{AgentType, edit::Edit, environment::EnvironmentSpec, pool::PoolSpec, view::pool::PoolForm};
use leptos::prelude::*;

pub use instances::ActOnInstances;
pub use versions::{ChangeVersion, PromoteCanary, RollBackCanary};

use super::{
    Pools,
    fields::fields,
    form::{NAMES, check, read, texts},
    head::named,
    overview::Overview,
    verbs,
};
use crate::{
    api::{self, ApiError, FieldProblem},
    components::{
        field::{NumberField, TextField},
        loaded::loaded,
        side_panel::SidePanel,
    },
    form::{FormFields, Posted, Problems},
    frame::Scope,
    pages::review::{Check, EditForm, Preview, previewed, problems},
    routes,
    url_state::Query,
    words,
};

/// The form with what came of its review.
type Reviewed = (PoolForm, Preview);

/// The edit that was sent, or which fields cannot be read.
type Meant = Result<Edit, Vec<FieldProblem>>;

/// Loads the form; where something was sent, also what it would do.
async fn review(
    environment: Option<String>,
    name: Option<String>,
    begun: Option<i64>,
    meant: impl FnOnce(&PoolForm) -> Option<Meant>,
) -> Result<Reviewed, ApiError> {
    let form = api::pools::load_pool_form(environment, name).await?;
    let preview = previewed(form.environment.environment.clone(), meant(&form), begun).await;
    Ok((form, preview))
}

/// A form about one pool, with what came of it.
fn of_pool(meant: impl Fn(&str, &Query) -> Meant + Clone + Send + Sync + 'static, at_once: bool) -> Loading {
    let posted = Posted::here();
    let (environment, name) = named().get_untracked();
    let (sent, of) = (posted.clone(), name.clone());
    let form = Resource::new(
        move || (environment.clone(), name.clone()),
        move |(environment, name)| {
            let (meant, sent, of) = (meant.clone(), sent.clone(), of.clone());
            review(Some(environment), Some(name), sent.begun(), move |_| {
                (sent.posted || at_once).then(|| meant(&of, &sent.values))
            })
        },
    );
    (posted, form)
}

type Loading = (Posted, Resource<Result<Reviewed, ApiError>>);

#[component]
pub fn NewPool() -> AnyView {
    let scope = Scope::here();
    let posted = Posted::here();
    let sent = posted.clone();
    let form = Resource::new(
        move || scope.named(),
        move |environment| {
            let sent = sent.clone();
            review(environment, None, sent.begun(), move |form| {
                sent.posted
                    .then(|| read(&sent.values, &form.templates, None).map(|pool| Edit::CreatePool { pool }))
            })
        },
    );
    view! {
        <SidePanel
            title="New pool"
            lead="A group of VMs of one template. It begins with its change."
            close=scope.link_untracked(routes::POOLS)
            behind=|| view! { <Pools /> }
        >
            {loaded(form, "the form", move |(form, preview)| pool_form(form, preview, &posted))}
        </SidePanel>
    }
    .into_any()
}

#[component]
pub fn EditPool() -> AnyView {
    let posted = Posted::here();
    let sent = posted.clone();
    let (environment, name) = named().get_untracked();
    let close = routes::pool(&environment, &name);
    let title = format!("Edit {name}");
    let form = Resource::new(
        move || (environment.clone(), name.clone()),
        move |(environment, name)| {
            let sent = sent.clone();
            review(Some(environment), Some(name.clone()), sent.begun(), move |form| {
                sent.posted.then(|| {
                    read(&sent.values, &form.templates, form.pool.as_ref())
                        .map(|pool| Edit::UpdatePool { name, pool })
                })
            })
        },
    );
    view! {
        <SidePanel title=title close=close behind=|| view! { <Overview /> }>
            {loaded(form, "the form", move |(form, preview)| pool_form(form, preview, &posted))}
        </SidePanel>
    }
    .into_any()
}

fn pool_form(form: PoolForm, preview: Preview, posted: &Posted) -> AnyView {
    let begin = form.pool.clone().unwrap_or_else(|| {
        let first = form.templates.first();
        let kind = first.map_or(AgentType::ALL[0], |template| template.agent_type);
        PoolSpec::new("", kind, first.map_or("", |template| &template.name))
    });
    let at = FormFields::new(posted, problems(posted, &preview, &form.place()), NAMES, texts(&begin));
    let known = form.clone();
    let check = Check::new(move |values: Query| check(&known, &values));
    let inner = fields(&form, &begin, &at);
    let generation = form.pool.is_some().then_some(form.generation);
    view! {
        <EditForm
            form=at
            preview=preview
            check=check
            generation=generation
        >
            {inner}
        </EditForm>
    }
    .into_any()
}

#[component]
pub fn ResizePool() -> AnyView {
    let (posted, form) = of_pool(verbs::resize, false);
    let (environment, name) = named().get_untracked();
    view! {
        <SidePanel
            title=format!("Resize {name}")
            close=routes::pool(&environment, &name)
            behind=|| view! { <Overview /> }
        >
            {loaded(
                form,
                "the form",
                move |(form, preview)| {
                    let problems = problems(&posted, &preview, &form.place());
                    let pool = form.pool.as_ref();
                    let size = pool.and_then(|pool| pool.target_size).unwrap_or(form.environment.default_pool_size);
                    let begin = vec![(verbs::SIZE, size.to_string())];
                    let at = FormFields::new(&posted, problems, &[verbs::SIZE], begin);
                    let field = at.of(verbs::SIZE);
                    view! {
                        <EditForm
                            form=at
                            preview=preview
                            verb="Resize pool"
                            generation=Some(form.generation)
                        >
                            <NumberField
                                field=field
                                label="Size"
                                unit="VMs"
                                required=true
                                hint=format!("It is declared with {size} now.")
                            />
                        </EditForm>
                    }
                        .into_any()
                },
            )}
        </SidePanel>
    }
    .into_any()
}

#[component]
pub fn DeletePool() -> AnyView {
    let (posted, form) = of_pool(|name, _| Ok(Edit::DeletePool { name: name.to_owned() }), true);
    let (environment, name) = named().get_untracked();
    view! {
        <SidePanel
            title=format!("Delete {name}")
            close=routes::pool(&environment, &name)
            behind=|| view! { <Overview /> }
        >
            {loaded(
                form,
                "the pool",
                move |(form, preview)| {
                    // The name is asked for when it is proposed: what was sent wrong stands beside its field.
                    let refused = posted.problem.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
                    let problems = Problems::new(refused, "");
                    let name = form.pool.as_ref().map(|pool| pool.name.clone()).unwrap_or_default();
                    let lost = lost(form.rollout.as_ref().map(|rollout| rollout.squares.len() as u64));
                    let goes = form.pool.as_ref().and_then(|pool| goes_with(pool, &form.environment));
                    let goes = goes.map(|goes| format!(" {goes}"));
                    let at = FormFields::new(&posted, problems, &[verbs::CONFIRM], Vec::new());
                    let field = at.of(verbs::CONFIRM);
                    view! {
                        <EditForm
                            form=at
                            preview=preview
                            verb="Delete pool"
                            unfolded=true
                        >
                            <p>
                                {lost} {goes} " Its template, its changes and its audit events stay."
                            </p>
                            <TextField
                                field=field
                                label="Name of the pool"
                                mono=true
                                required=true
                                hint=format!("Write {name} to say that you mean it.")
                            />
                        </EditForm>
                    }
                        .into_any()
                },
            )}
        </SidePanel>
    }
    .into_any()
}

/// What goes with a pool; None where its group was never observed.
fn lost(vms: Option<u64>) -> String {
    match vms {
        None => "Its VMs were not observed yet: those that are there by then go for good, with disks and workspaces."
            .to_owned(),
        Some(0) => "It has no VM now.".to_owned(),
        Some(1) => "Its one VM and its disks are deleted for good, workspaces included.".to_owned(),
        Some(vms) => {
            format!("Its {} and their disks are deleted for good, workspaces included.", words::count(vms, "VM"))
        }
    }
}

/// What else is made for a pool alone; None where it has neither.
fn goes_with(pool: &PoolSpec, environment: &EnvironmentSpec) -> Option<&'static str> {
    let autoscaled = pool.enable_autoscaling.unwrap_or(environment.default_enable_autoscaling);
    match (autoscaled, environment.enable_health_checks) {
        (true, true) => Some("Its autoscaler and its health check go with it."),
        (true, false) => Some("Its autoscaler goes with it."),
        (false, true) => Some("Its health check goes with it."),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_pool_has_goes_with_it() {
        let said = |own: Option<bool>, default_enable_autoscaling, enable_health_checks| {
            let environment = EnvironmentSpec {
                default_enable_autoscaling,
                enable_health_checks,
                ..EnvironmentSpec::new("p", "us-central1", "dev", "n", "s")
            };
            let pool = PoolSpec { enable_autoscaling: own, ..PoolSpec::new("web", AgentType::ALL[0], "t") };
            goes_with(&pool, &environment)
        };
        let both = Some("Its autoscaler and its health check go with it.");
        assert_eq!(said(Some(true), false, true), both);
        assert_eq!(said(None, true, true), both, "the environment's word, where the pool has none");
        assert_eq!(said(Some(false), true, true), Some("Its health check goes with it."));
        assert_eq!(said(None, true, false), Some("Its autoscaler goes with it."));
        assert_eq!(said(None, false, false), None);
    }

    #[test]
    fn what_was_never_observed_is_not_said_to_be_nothing() {
        assert_eq!(lost(Some(0)), "It has no VM now.");
        assert_eq!(lost(Some(1)), "Its one VM and its disks are deleted for good, workspaces included.");
        assert_eq!(lost(Some(3)), "Its 3 VMs and their disks are deleted for good, workspaces included.");
        assert!(lost(None).starts_with("Its VMs were not observed yet"));
    }
}
