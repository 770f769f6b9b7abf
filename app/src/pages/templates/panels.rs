//! The side panels of templates: choose an agent type and create, edit, retire. Each is a form that is reviewed first.

use std::str::FromStr as _;

use domain::{
    AgentType, agent_type::Level, edit::Edit, template::TemplateSpec, view::template::TemplateForm,
};
use leptos::prelude::*;

use super::{
    Templates,
    detail::TemplatePage,
    fields::fields,
    form::{NAMES, POOLS, ROLL, STAY, check, read, read_edit, texts},
};
use crate::{
    api::{self, ApiError},
    components::{
        field::{SelectField, options},
        loaded::loaded,
        side_panel::SidePanel,
    },
    form::{FormFields, Posted},
    frame::Scope,
    pages::{
        named,
        review::{Check, EditForm, Preview, Sent, nothing_asked, previewed, problems},
    },
    routes,
    url_state::{Query, use_query},
    words,
};

const AGENT_TYPE: &str = "agent_type";

/// The form with what came of its review.
type Reviewed = (TemplateForm, Preview);

async fn review(
    environment: Option<String>,
    name: Option<String>,
    begun: Option<i64>,
    sent: Sent,
) -> Result<Reviewed, ApiError> {
    let form = api::templates::load_template_form(environment, name).await?;
    let preview = previewed(form.environment.environment.clone(), sent, begun).await;
    Ok((form, preview))
}

#[component]
pub fn NewTemplate() -> AnyView {
    let (scope, query) = (Scope::here(), use_query());
    let posted = Posted::here();
    let sent: Sent =
        posted.posted.then(|| read(&posted.values).map(|template| Edit::CreateTemplate { template }));
    let chosen = Memo::new(move |_| {
        query.with(|query| query.get(AGENT_TYPE).and_then(|text| AgentType::from_str(text).ok()))
    });
    let begun = posted.begun();
    let form = Resource::new(
        move || scope.named(),
        move |environment| review(environment, None, begun, sent.clone()),
    );
    let close = scope.link_untracked(routes::TEMPLATES);
    view! {
        <SidePanel
            title="New template"
            lead="What a VM of a pool is made of. It becomes a version once its change is applied."
            close=close
            behind=|| view! { <Templates /> }
        >
            {move || match chosen.get() {
                None => choose_type(),
                Some(agent_type) => {
                    let posted = posted.clone();
                    loaded(
                        form,
                        "the form",
                        move |(form, preview)| {
                            let template = TemplateSpec::of_type("", agent_type);
                            template_form(form, preview, &posted, &template)
                        },
                    )
                }
            }}
        </SidePanel>
    }
    .into_any()
}

/// The twelve types, each leading to the form with what suits it.
fn choose_type() -> AnyView {
    let query = use_query();
    let levels = Level::ALL
        .into_iter()
        .map(|level| {
            let types = AgentType::ALL
                .into_iter()
                .filter(|kind| kind.level() == level)
                .map(|kind| {
                    let usual = kind.defaults();
                    let href = move || {
                        let query: Query = query.get();
                        query.with(AGENT_TYPE, Some(kind.as_str())).on(routes::NEW_TEMPLATE)
                    };
                    view! {
                        <li>
                            <a class="list-item" href=href>
                                <span class="split">
                                    <b>{kind.as_str()}</b>
                                    <small>
                                        {format!(
                                            "{} vCPU, {} GB, {} GB workspace",
                                            usual.vcpus,
                                            usual.memory_gib,
                                            usual.workspace_size_gb,
                                        )}
                                    </small>
                                </span>
                                <small>{usual.purpose}</small>
                            </a>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <section class="panel" aria-label=level.as_str()>
                    <header class="panel-head">
                        <h2>{level.as_str()}</h2>
                    </header>
                    <ul class="list types">{types}</ul>
                </section>
            }
        })
        .collect_view();
    view! {
        <div class="side-panel-body">
            <p class="soft">"For which agents? The form begins with what suits them."</p>
            {levels}
        </div>
    }
    .into_any()
}

fn template_form(form: TemplateForm, preview: Preview, posted: &Posted, template: &TemplateSpec) -> AnyView {
    let mut begin = texts(template);
    begin.push((POOLS, ROLL.to_owned()));
    let at = FormFields::new(posted, problems(posted, &preview, &form.place()), NAMES, begin);
    let known = form.clone();
    let check = Check::new(move |values: Query| check(&known, &values));
    let inner = fields(&form.environment, template, form.template.is_some(), &at);
    let users = (!form.pools.is_empty()).then(|| users(&form, &at));
    let generation = form.template.is_some().then_some(form.generation);
    view! {
        <EditForm
            form=at
            preview=preview
            check=check
            generation=generation
        >
            {users}
            {inner}
        </EditForm>
    }
    .into_any()
}

/// Whether the pools that use the template take its next version by themselves.
fn users(form: &TemplateForm, at: &FormFields) -> AnyView {
    let ways = options([(ROLL, "Roll to the next version"), (STAY, "Stay on the version that they run")]);
    view! {
        <SelectField
            field=at.of(POOLS)
            label="Pools that use it"
            options=ways
            hint=users_hint(form)
        />
    }
    .into_any()
}

/// Who uses it, and what rolling means for those that hold to a version.
fn users_hint(form: &TemplateForm) -> String {
    let verb = |pools: &[String], one: &'static str, several: &'static str| {
        if pools.len() == 1 { one } else { several }
    };
    let mut said = format!("{} {} it.", words::list(&form.pools), verb(&form.pools, "uses", "use"));
    if !form.held.is_empty() {
        let (hold, let_go) = (verb(&form.held, "holds", "hold"), verb(&form.held, "lets", "let"));
        said += &format!(" {} {hold} to a version, and {let_go} go of it to roll.", words::list(&form.held));
    }
    if !form.trying.is_empty() {
        let (try_one, keep) = (verb(&form.trying, "tries", "try"), verb(&form.trying, "keeps", "keep"));
        said += &format!(
            " {} {try_one} a canary, and {keep} the held version until that is promoted or rolled back.",
            words::list(&form.trying)
        );
    }
    said + " A pool that stays can try the next version with a canary."
}

#[component]
pub fn EditTemplate() -> AnyView {
    let named = named("environment", "name");
    let posted = Posted::here();
    let sent: Sent = posted.posted.then(|| read_edit(&named.get_untracked().1, &posted.values));
    let begun = posted.begun();
    let form = Resource::new(
        move || named.get(),
        move |(environment, name)| review(Some(environment), Some(name), begun, sent.clone()),
    );
    let (environment, name) = named.get_untracked();
    view! {
        <SidePanel
            title=format!("Edit {name}")
            lead="A version never changes: this makes the next one. Pools that use it roll to it, or stay until they are given it."
            close=routes::template(&environment, &name)
            behind=|| view! { <TemplatePage /> }
        >
            {loaded(
                form,
                "the form",
                move |(form, preview)| {
                    let template = form.template.clone().unwrap_or_else(|| TemplateSpec::new("", AgentType::ALL[0]));
                    template_form(form, preview, &posted, &template)
                },
            )}
        </SidePanel>
    }
    .into_any()
}

#[component]
pub fn RetireTemplate() -> AnyView {
    let named = named("environment", "name");
    let posted = Posted::here();
    let begun = posted.begun();
    let form = Resource::new(
        move || named.get(),
        move |(environment, name)| {
            let retire = Edit::RetireTemplate { name: name.clone() };
            review(Some(environment), Some(name), begun, Some(Ok(retire)))
        },
    );
    let (environment, name) = named.get_untracked();
    view! {
        <SidePanel
            title=format!("Retire {name}")
            lead="It leaves the declaration. Its versions stay on record, and Compute Engine's copies go when nothing uses them."
            close=routes::template(&environment, &name)
            behind=|| view! { <TemplatePage /> }
        >
            {loaded(
                form,
                "the template",
                move |(_, preview)| nothing_asked(&posted, preview),
            )}
        </SidePanel>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::environment::EnvironmentSpec;

    use super::*;

    #[test]
    fn the_choice_names_who_holds_a_version() {
        let all = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut form = TemplateForm {
            environment: EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "v", "s"),
            generation: 1,
            names: all(&["web"]),
            template: None,
            pools: all(&["front"]),
            held: Vec::new(),
            trying: Vec::new(),
        };
        let canary = "A pool that stays can try the next version with a canary.";
        assert_eq!(users_hint(&form), format!("front uses it. {canary}"));
        form.pools = all(&["front", "back"]);
        form.held = all(&["front"]);
        form.trying = all(&["back"]);
        let told = "front and back use it. front holds to a version, and lets go of it to roll. \
                    back tries a canary, and keeps the held version until that is promoted or rolled back.";
        assert_eq!(users_hint(&form), format!("{told} {canary}"));
    }
}
