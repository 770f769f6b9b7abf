//! The side panel that acts on single instances.

use domain::{plan::instances::InstanceVerb, view::pool::PoolForm};
use leptos::prelude::*;

use super::{named, of_pool};
use crate::{
    components::{
        field::{Bound, SelectField},
        loaded::loaded,
        side_panel::SidePanel,
    },
    form::FormFields,
    pages::{
        pools::{PoolInstances, verbs},
        review::{EditForm, problems},
    },
    routes,
    url_state::{Query, use_query},
    words,
};

#[component]
pub fn ActOnInstances() -> AnyView {
    let (posted, form) = of_pool(verbs::act_on_instances, false);
    let (environment, name) = named().get_untracked();
    let asked = use_query().get_untracked();
    view! {
        <SidePanel
            title=format!("Act on instances of {name}")
            lead="Each is a step of a change: proposed, approved and recorded like any other."
            close=routes::pool_tab(&environment, &name, "instances")
            behind=|| view! { <PoolInstances /> }
        >
            {loaded(
                form,
                "the instances",
                move |(form, preview)| {
                    let problems = problems(&posted, &preview, "");
                    let names = &[verbs::VERB, verbs::INSTANCE];
                    let at = FormFields::new(&posted, problems, names, Vec::new());
                    let inner = instance_fields(&form, &asked, &at);
                    view! {
                        <EditForm
                            form=at
                            preview=preview
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

fn instance_fields(form: &PoolForm, asked: &Query, at: &FormFields) -> AnyView {
    let given = if at.posted.posted { &at.posted.values } else { asked };
    let verb = given.get(verbs::VERB).unwrap_or("restart").to_owned();
    let chosen: Vec<String> = given.all(verbs::INSTANCE).map(str::to_owned).collect();
    let options = InstanceVerb::ALL
        .map(|verb| {
            (verb.as_str().to_owned(), format!("{}: {}", words::sentence(verb.as_str()), verb.effect()))
        })
        .to_vec();
    let squares = form.rollout.iter().flat_map(|rollout| {
        rollout.squares.iter().map(move |square| (square.clone(), rollout.label(square).long()))
    });
    let boxes = squares
        .map(|(square, version)| {
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
                            {format!(" {}, {}, {}", square.zone, version, square.state.word())}
                        </small>
                    </label>
                </li>
            }
        })
        .collect_view();
    let problem = at.of(verbs::INSTANCE).problem;
    view! {
        <SelectField
            field=Bound { value: verb, ..at.of(verbs::VERB) }
            label="Action"
            options=options
        />
        <fieldset class="fields-of" id=verbs::INSTANCE>
            <legend>"Instances"</legend>
            {move || problem.get().map(|said| view! { <p class="reason sm" data-s="crit">{said}</p> })}
            <ul class="ticks">{boxes}</ul>
        </fieldset>
    }
    .into_any()
}
