//! The side panels of firewall rules: create, edit, delete. Each is a form that is reviewed first.

use domain::{
    edit::Edit,
    firewall::{Direction, FirewallRuleSpec},
    view::firewall::FirewallRuleForm,
};
use leptos::prelude::*;

use super::{
    FirewallPage, FirewallRulePage,
    fields::fields,
    form::{KEY, NAMES, check, field, read, texts},
};
use crate::{
    api::{self, ApiError},
    components::{loaded::loaded, side_panel::SidePanel},
    form::{FormFields, Posted, Problems},
    frame::Scope,
    pages::{
        named,
        review::{Check, EditForm, Preview, Sent, nothing_asked, previewed, problems},
    },
    routes,
    url_state::Query,
};

/// The form with what came of its review.
type Reviewed = (FirewallRuleForm, Preview);

async fn review(
    environment: Option<String>,
    key: Option<String>,
    begun: Option<i64>,
    sent: Sent,
) -> Result<Reviewed, ApiError> {
    let form = api::firewall::load_firewall_rule_form(environment, key).await?;
    let preview = previewed(form.environment.clone(), sent, begun).await;
    Ok((form, preview))
}

#[component]
pub fn NewFirewallRule() -> AnyView {
    let scope = Scope::here();
    let posted = Posted::here();
    let sent: Sent = posted.posted.then(|| {
        read(&posted.values).map(|(key, firewall_rule)| Edit::CreateFirewallRule { key, firewall_rule })
    });
    let begun = posted.begun();
    let form = Resource::new(
        move || scope.named(),
        move |environment| review(environment, None, begun, sent.clone()),
    );
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
    let mut begin = texts(rule);
    begin.push((KEY, key.unwrap_or_default().to_owned()));
    let at = FormFields::new(posted, problems, NAMES, begin);
    let inner = fields(&form, key, &at);
    let generation = key.map(|_| form.generation);
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
pub fn EditFirewallRule() -> AnyView {
    let named = named("environment", "key");
    let posted = Posted::here();
    let sent: Sent = posted.posted.then(|| {
        read(&posted.values).map(|(key, firewall_rule)| Edit::UpdateFirewallRule { key, firewall_rule })
    });
    let begun = posted.begun();
    let form = Resource::new(
        move || named.get(),
        move |(environment, key)| review(Some(environment), Some(key), begun, sent.clone()),
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
    let named = named("environment", "key");
    let posted = Posted::here();
    let begun = posted.begun();
    let form = Resource::new(
        move || named.get(),
        move |(environment, key)| {
            let delete = Edit::DeleteFirewallRule { key: key.clone() };
            review(Some(environment), Some(key), begun, Some(Ok(delete)))
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
                    move |(_, preview)| nothing_asked(&posted, preview),
                )
            }
        </SidePanel>
    }
    .into_any()
}
