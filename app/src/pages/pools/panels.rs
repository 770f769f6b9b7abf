//! The side panels of pools. Each is a form whose effect is computed before anything is proposed.

use domain::{AgentType, edit::Edit, plan::instances::InstanceVerb, pool::PoolSpec, view::pool::PoolForm};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    Pools,
    fields::fields,
    form::{NAMES, check, read},
    overview::Overview,
    rollout::Rollout,
    verbs,
};
use crate::{
    api::{self, ApiError, FieldProblem},
    components::{
        field::{SelectField, TextField},
        loaded::loaded,
        side_panel::SidePanel,
    },
    form::{Posted, Problems, unreadable},
    frame::Scope,
    pages::review::{Check, EditForm, Preview, problems},
    routes,
    url_state::{Query, use_query},
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
    meant: impl FnOnce(&PoolForm) -> Option<Meant>,
) -> Result<Reviewed, ApiError> {
    let form = api::pools::load_pool_form(environment, name).await?;
    let preview = match meant(&form) {
        None => None,
        Some(Ok(edit)) => Some(api::edits::preview_edit(form.environment.environment.clone(), edit).await),
        Some(Err(refused)) => Some(Err(unreadable(refused))),
    };
    Ok((form, preview))
}

/// The pool that the address names.
fn named() -> (String, String) {
    let params = use_params_map().get_untracked();
    (params.get("environment").unwrap_or_default(), params.get("name").unwrap_or_default())
}

/// A form about one pool, with what came of it.
fn of_pool(meant: impl Fn(&str, &Query) -> Meant + Clone + Send + Sync + 'static, at_once: bool) -> Loading {
    let posted = Posted::here();
    let (environment, name) = named();
    let (sent, of) = (posted.clone(), name.clone());
    let form = Resource::new(
        move || (environment.clone(), name.clone()),
        move |(environment, name)| {
            let (meant, sent, of) = (meant.clone(), sent.clone(), of.clone());
            review(Some(environment), Some(name), move |_| {
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
            review(environment, None, move |form| {
                sent.posted
                    .then(|| read(&sent.values, &form.templates, None).map(|pool| Edit::CreatePool { pool }))
            })
        },
    );
    view! {
        <SidePanel
            title="New pool"
            lead="A group of VMs of one template. It begins with its change."
            close=scope.link(routes::POOLS)
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
    let (environment, name) = named();
    let close = routes::pool(&environment, &name);
    let title = format!("Edit {name}");
    let form = Resource::new(
        move || (environment.clone(), name.clone()),
        move |(environment, name)| {
            let sent = sent.clone();
            review(Some(environment), Some(name.clone()), move |form| {
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
    let problems = problems(posted, &preview, &form.place());
    let begin = form.pool.clone().unwrap_or_else(|| {
        let first = form.templates.first();
        let kind = first.map_or(AgentType::ALL[0], |template| template.agent_type);
        PoolSpec::new("", kind, first.map_or("", |template| &template.name))
    });
    let known = form.clone();
    let check = Check::new(move |values: Query| check(&known, &values));
    let inner = fields(&form, &begin, posted, problems);
    view! {
        <EditForm posted=posted.clone() preview=preview problems=problems names=NAMES check=check>
            {inner}
        </EditForm>
    }
    .into_any()
}

#[component]
pub fn ResizePool() -> AnyView {
    let (posted, form) = of_pool(verbs::resize, false);
    let (environment, name) = named();
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
                    let value = posted.value(verbs::SIZE, size.to_string());
                    view! {
                        <EditForm
                            posted=posted.clone()
                            preview=preview
                            problems=problems
                            names=&[verbs::SIZE]
                            verb="Resize pool"
                        >
                            <TextField
                                name=verbs::SIZE
                                label="Size"
                                value=value
                                required=true
                                hint=format!("VMs. It is declared with {size} now.")
                                problem=problems.of(verbs::SIZE)
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
pub fn ChangeVersion() -> AnyView {
    let (posted, form) = of_pool(verbs::change_version, false);
    let (environment, name) = named();
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
                    let inner = version_fields(&form, &posted, problems);
                    view! {
                        <EditForm
                            posted=posted.clone()
                            preview=preview
                            problems=problems
                            names=&[verbs::VERSION, verbs::HOW, verbs::CANARY_SIZE, "canary", "template_name"]
                            verb="Change template"
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

fn version_fields(form: &PoolForm, posted: &Posted, problems: Problems) -> AnyView {
    let pool = form.pool.as_ref();
    let kind = pool.map(|pool| pool.agent_type);
    let options: Vec<(String, String)> = form
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
    let other = options.iter().find(|(value, _)| Some(value) != runs.as_ref()).or(options.first());
    // A template's page leads here with the version that it means.
    let asked = use_query().with_untracked(|query| query.get(verbs::VERSION).map(str::to_owned));
    let asked = asked.filter(|asked| options.iter().any(|(value, _)| value == asked));
    let first = asked.or_else(|| other.map(|(value, _)| value.clone())).unwrap_or_default();
    let hint =
        runs.map_or_else(String::new, |runs| format!("It runs {} now.", runs.replace('@', ", version ")));
    let ways = [(verbs::CANARY_FIRST, "A canary first"), (verbs::ALL_VMS, "All VMs, rolling")]
        .map(|(sent, read)| (sent.to_owned(), read.to_owned()));
    view! {
        <SelectField
            name=verbs::VERSION
            label="Version"
            value=posted.value(verbs::VERSION, first)
            options=options
            hint=hint
            problem=problems.of(verbs::VERSION)
        />
        <SelectField
            name=verbs::HOW
            label="How"
            value=posted.value(verbs::HOW, verbs::CANARY_FIRST)
            options=ways.to_vec()
            problem=problems.of(verbs::HOW)
        />
        <TextField
            name=verbs::CANARY_SIZE
            label="VMs of the canary"
            value=posted.value(verbs::CANARY_SIZE, "1")
            hint="A number, or a share as 10%. Not asked for where all VMs change."
            problem=problems.of(verbs::CANARY_SIZE)
        />
    }
    .into_any()
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
    let (environment, name) = named();
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
                    let problems = problems(&posted, &preview, &form.place());
                    view! {
                        <EditForm
                            posted=posted.clone()
                            preview=preview
                            problems=problems
                            names=&[]
                            verb=verb
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

#[component]
pub fn DeletePool() -> AnyView {
    let (posted, form) = of_pool(|name, _| Ok(Edit::DeletePool { name: name.to_owned() }), true);
    let (environment, name) = named();
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
                    let vms = form.rollout.as_ref().map_or(0, |rollout| rollout.squares.len());
                    let lost = match vms {
                        0 => "It has no VM now.".to_owned(),
                        vms => {
                            format!(
                                "Its {} and their disks are deleted for good, workspaces included.",
                                words::count(vms as u64, "VM"),
                            )
                        }
                    };
                    let confirmed = posted.value(verbs::CONFIRM, "");
                    let posted = posted.clone();
                    view! {
                        <EditForm
                            posted=posted
                            preview=preview
                            problems=problems
                            names=&[verbs::CONFIRM]
                            verb="Delete pool"
                            unfolded=true
                        >
                            <p>
                                {lost}
                                " Its autoscaler and its health check go with it. Its template, its changes and its audit events stay."
                            </p>
                            <TextField
                                name=verbs::CONFIRM
                                label="Name of the pool"
                                value=confirmed
                                mono=true
                                required=true
                                hint=format!("Write {name} to say that you mean it.")
                                problem=problems.of(verbs::CONFIRM)
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
pub fn ActOnInstances() -> AnyView {
    let (posted, form) = of_pool(verbs::act_on_instances, false);
    let (environment, name) = named();
    let asked = use_query().get_untracked();
    view! {
        <SidePanel
            title=format!("Act on instances of {name}")
            lead="Each is a step of a change: proposed, approved and recorded like any other."
            close=routes::pool_tab(&environment, &name, "instances")
            behind=|| view! { <super::PoolInstances /> }
        >
            {loaded(
                form,
                "the instances",
                move |(form, preview)| {
                    let problems = problems(&posted, &preview, "");
                    let inner = instance_fields(&form, &posted, &asked, problems);
                    view! {
                        <EditForm
                            posted=posted.clone()
                            preview=preview
                            problems=problems
                            names=&[verbs::VERB, verbs::INSTANCE]
                            verb="Propose the action"
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

fn instance_fields(form: &PoolForm, posted: &Posted, asked: &Query, problems: Problems) -> AnyView {
    let given = if posted.posted { &posted.values } else { asked };
    let chosen: Vec<String> = given.all(verbs::INSTANCE).map(str::to_owned).collect();
    let options = InstanceVerb::ALL
        .map(|verb| {
            (verb.as_str().to_owned(), format!("{}: {}", words::sentence(verb.as_str()), verb.effect()))
        })
        .to_vec();
    let squares = form.rollout.as_ref().map(|rollout| rollout.squares.clone()).unwrap_or_default();
    let boxes = squares
        .into_iter()
        .map(|square| {
            let id = format!("instance-{}", square.name);
            let ticked = chosen.contains(&square.name);
            view! {
                <li class="tick">
                    <input
                        type="checkbox"
                        id=id.clone()
                        name=verbs::INSTANCE
                        value=square.name.clone()
                        checked=ticked
                        autocomplete="off"
                    />
                    <label for=id>
                        <span class="mono">{square.name}</span>
                        <small class="muted">
                            {format!(" {}, {}, {}", square.zone, square.label.long(), square.state.word())}
                        </small>
                    </label>
                </li>
            }
        })
        .collect_view();
    let problem = problems.of(verbs::INSTANCE);
    view! {
        <SelectField
            name=verbs::VERB
            label="Action"
            value=given.get(verbs::VERB).unwrap_or("restart").to_owned()
            options=options
            problem=problems.of(verbs::VERB)
        />
        <fieldset class="fields-of" id=verbs::INSTANCE>
            <legend>"Instances"</legend>
            {move || problem.get().map(|said| view! { <p class="reason sm" data-s="crit">{said}</p> })}
            <ul class="ticks">{boxes}</ul>
        </fieldset>
    }
    .into_any()
}
