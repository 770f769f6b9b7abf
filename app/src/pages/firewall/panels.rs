//! The side panels of firewall rules: create, edit, delete. Each is a form that is reviewed first.

use domain::{
    edit::Edit,
    firewall::{Direction, FirewallRuleSpec},
    view::firewall::FirewallRuleForm,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    FirewallPage, FirewallRulePage,
    fields::fields,
    form::{KEY, NAMES, check, field, read},
};
use crate::{
    api::{self, ApiError, FieldProblem},
    components::{loaded::loaded, side_panel::SidePanel},
    form::{Posted, Problems, unreadable},
    frame::Scope,
    pages::review::{Check, EditForm, Preview, problems},
    routes,
    url_state::Query,
};

/// The form with what came of its review.
type Reviewed = (FirewallRuleForm, Preview);

/// The edit that was sent, if any was; or which fields cannot be read.
type Sent = Option<Result<Edit, Vec<FieldProblem>>>;

async fn review(environment: Option<String>, key: Option<String>, sent: Sent) -> Result<Reviewed, ApiError> {
    let form = api::firewall::load_firewall_rule_form(environment, key).await?;
    let preview = match sent {
        None => None,
        Some(Ok(edit)) => Some(api::edits::preview_edit(form.environment.clone(), edit).await),
        Some(Err(refused)) => Some(Err(unreadable(refused))),
    };
    Ok((form, preview))
}

#[component]
pub fn NewFirewallRule() -> AnyView {
    let scope = Scope::here();
    let posted = Posted::here();
    let sent: Sent = posted.posted.then(|| {
        read(&posted.values).map(|(key, firewall_rule)| Edit::CreateFirewallRule { key, firewall_rule })
    });
    let form =
        Resource::new(move || scope.named(), move |environment| review(environment, None, sent.clone()));
    view! {
        <SidePanel
            title="New firewall rule"
            lead="What it lets in is computed before it is proposed."
            close=scope.link_untracked(routes::FIREWALL)
            behind=|| view! { <FirewallPage /> }
        >
            {
                let posted = posted.clone();
                loaded(
                    form,
                    "the form",
                    move |(form, preview)| {
                        let rule = FirewallRuleSpec::new("", Direction::Ingress);
                        rule_form(form, None, preview, &posted, &rule)
                    },
                )
            }
        </SidePanel>
    }
    .into_any()
}

fn rule_form(
    form: FirewallRuleForm,
    key: Option<&str>,
    preview: Preview,
    posted: &Posted,
    rule: &FirewallRuleSpec,
) -> AnyView {
    let own = key.map_or_else(|| posted.value(KEY, ""), str::to_owned);
    let found = problems(posted, &preview, "").list_untracked();
    let problems = Problems::new(found.into_iter().map(|problem| field(problem, own.trim())), "");
    let known = form.clone();
    let check = Check::new(move |values: Query| check(&known, &values));
    let inner = fields(&form, key, rule, posted, problems);
    let generation = key.map(|_| form.generation);
    view! {
        <EditForm
            posted=posted.clone()
            preview=preview
            problems=problems
            names=NAMES
            check=check
            generation=generation
        >
            {inner}
        </EditForm>
    }
    .into_any()
}

/// The rule that the address names.
fn named() -> Memo<(String, String)> {
    let params = use_params_map();
    Memo::new(move |_| {
        params.with(|params| {
            (params.get("environment").unwrap_or_default(), params.get("key").unwrap_or_default())
        })
    })
}

#[component]
pub fn EditFirewallRule() -> AnyView {
    let named = named();
    let posted = Posted::here();
    let sent: Sent = posted.posted.then(|| {
        read(&posted.values).map(|(key, firewall_rule)| Edit::UpdateFirewallRule { key, firewall_rule })
    });
    let form = Resource::new(
        move || named.get(),
        move |(environment, key)| review(Some(environment), Some(key), sent.clone()),
    );
    let (environment, key) = named.get_untracked();
    view! {
        <SidePanel
            title=format!("Edit {key}")
            lead="It takes effect within seconds of its change, and no VM is touched."
            close=routes::firewall_rule(&environment, &key)
            behind=|| view! { <FirewallRulePage /> }
        >
            {
                let (posted, key) = (posted.clone(), key.clone());
                loaded(
                    form,
                    "the form",
                    move |(form, preview)| {
                        let rule =
                            form.rule.clone().unwrap_or_else(|| FirewallRuleSpec::new("", Direction::Ingress));
                        rule_form(form, Some(&key), preview, &posted, &rule)
                    },
                )
            }
        </SidePanel>
    }
    .into_any()
}

#[component]
pub fn DeleteFirewallRule() -> AnyView {
    let named = named();
    let posted = Posted::here();
    let form = Resource::new(
        move || named.get(),
        |(environment, key)| {
            review(Some(environment), Some(key.clone()), Some(Ok(Edit::DeleteFirewallRule { key })))
        },
    );
    let (environment, key) = named.get_untracked();
    view! {
        <SidePanel
            title=format!("Delete {key}")
            lead="What it allowed may be denied after it, and what it denied allowed: both are computed below."
            close=routes::firewall_rule(&environment, &key)
            behind=|| view! { <FirewallRulePage /> }
        >
            {
                let posted = posted.clone();
                loaded(
                    form,
                    "the firewall rule",
                    move |(_, preview)| {
                        let problems = problems(&posted, &preview, "");
                        view! {
                            <EditForm posted=posted.clone() preview=preview problems=problems names=&[]>
                                ""
                            </EditForm>
                        }
                        .into_any()
                    },
                )
            }
        </SidePanel>
    }
    .into_any()
}
