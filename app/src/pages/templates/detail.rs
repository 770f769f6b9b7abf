//! One template: its versions and who runs them, two versions compared, and what it is made of.

use domain::{
    Permission,
    derive::installs_ops_agent,
    view::template::{TemplateRow, TemplateSetting, TemplateView},
};
use leptos::prelude::*;

use super::{Standing, compare::compare, list_address, standing, versions::versions};
use crate::{
    api,
    components::{
        button::LockedLink,
        icon::turning_arrow,
        loaded::loaded,
        page_head::{Crumb, PageHead},
        panel::Panel,
        status::badge,
        title::Title,
    },
    live::Live,
    opening::refusal,
    pages::named,
    routes,
    url_state::use_query,
    words,
};

#[component]
pub fn TemplatePage() -> AnyView {
    let (named, query, live) = (named("environment", "name"), use_query(), Live::here());
    let number = move |name: &str| query.with(|query| query.get(name)?.parse::<u32>().ok());
    let template = Resource::new(
        move || (named.get(), (number("from"), number("to")), live.instances(), live.changes()),
        |((environment, name), (from, to), ..)| api::templates::load_template(environment, name, from, to),
    );
    loaded(template, "the template", draw)
}

/// Which version runs where, in one sentence.
fn lead(row: &TemplateRow) -> String {
    let vms = u64::from(row.vms());
    match (row.declared(), vms, row.outdated()) {
        (None, 0, _) => "It has left the declaration. Its versions stay on record.".to_owned(),
        (None, vms, _) => {
            format!("It has left the declaration; {} of it are on their way out.", words::count(vms, "VM"))
        }
        (Some(_), 0, _) if row.pools.is_empty() => "No pool uses it yet.".to_owned(),
        (Some(_), 0, _) => "No VM runs it yet.".to_owned(),
        (Some(declared), 1, 0) => format!("Its one VM runs v{}, the declared version.", declared.version),
        (Some(declared), vms, 0) => {
            format!(
                "{} v{}, the declared version.",
                words::every(vms, "VM", ("runs", "run")),
                declared.version
            )
        }
        (Some(declared), vms, old) => format!(
            "{} of {} run v{}, the declared version; {old} run another.",
            vms - u64::from(old),
            words::count(vms, "VM"),
            declared.version
        ),
    }
}

/// Why it cannot be retired; None while it can.
fn in_use(row: &TemplateRow) -> Option<String> {
    if row.declared().is_none() {
        return Some("It is retired already.".to_owned());
    }
    (!row.pools.is_empty()).then(|| {
        let (verb, them) = if row.pools.len() == 1 { ("uses", "that pool") } else { ("use", "them") };
        format!("{} {verb} it: give {them} another template first.", words::list(&row.pools))
    })
}

fn draw(view: TemplateView) -> AnyView {
    let TemplateView { row, settings, startup_script, comparison, .. } = view;
    let Standing { state, word } = standing(&row);
    let said = lead(&row);
    let crumbs =
        vec![Crumb::link("Templates", list_address(&row.environment)), Crumb::here(row.name.clone())];
    let facts = [
        row.environment.clone(),
        row.agent_type.as_str().to_owned(),
        words::count(row.versions.len() as u64, "version"),
    ];
    let actions = {
        let row = row.clone();
        move || verbs(&row)
    };
    let chain = versions(&row);
    let difference = comparison.map(|comparison| compare(&row, comparison));
    view! {
        <Title text=format!("{} · {}", row.name, row.environment) />
        <PageHead
            title=row.name.clone()
            crumbs=crumbs
            lead=move || said.clone()
            badges=move || badge(state, word.clone())
            facts=move || facts.clone().map(|fact| view! { <span>{fact}</span> }).collect_view()
            actions=actions
        />
        <div class="cols wide">
            <div class="stack">
                {chain} {difference} {startup_script.map(script)}
            </div>
            <div class="stack">{users(&row)} {made_of(settings)}</div>
        </div>
    }
    .into_any()
}

fn verbs(row: &TemplateRow) -> AnyView {
    let refused = refusal(Permission::ProposeChange);
    let retire = in_use(row).or_else(|| refused.clone());
    let edit = row.declared().is_none().then(|| "It is retired.".to_owned()).or(refused);
    let link = |verb: &str| routes::template_verb(&row.environment, &row.name, verb);
    view! {
        <LockedLink id="retire" label="Retire" href=link("retire") blocked=retire />
        <LockedLink id="edit" label="Edit" href=link("edit") blocked=edit primary=true />
    }
    .into_any()
}

/// `, holds to v1`; nothing where the pool follows the template.
fn held(row: &TemplateRow, pool: &str) -> String {
    let held = row.versions.iter().filter(|version| version.held_by.iter().any(|one| one == pool));
    let held: Vec<String> = held.map(|version| format!("v{}", version.version)).collect();
    if held.is_empty() { String::new() } else { format!(", holds to {}", words::list(&held)) }
}

fn users(row: &TemplateRow) -> AnyView {
    let declared = row.declared().map(|version| version.version);
    let items = row
        .pools
        .iter()
        .map(|pool| {
            let counts: Vec<String> = row
                .versions
                .iter()
                .filter_map(|version| {
                    let vms = version.running.iter().find(|count| &count.pool == pool)?.vms;
                    Some(format!("{vms} on v{}", version.version))
                })
                .collect();
            let counts = if counts.is_empty() { "no VM".to_owned() } else { counts.join(", ") };
            let counts = counts + &held(row, pool);
            view! {
                <li>
                    <a class="list-item" href=routes::pool(&row.environment, pool)>
                        <span class="split">
                            <b>{pool.clone()}</b>
                            <small>{counts}</small>
                        </span>
                    </a>
                </li>
            }
        })
        .collect_view();
    let rolls = declared.map_or_else(
        || "Retired templates are in no pool.".to_owned(),
        |version| {
            format!("A pool rolls to a new version as soon as the change that declares it is applied, unless it was told to stay. Now that is v{version}.")
        },
    );
    let stays = row.versions.iter().any(|version| !version.held_by.is_empty()).then_some(
        " One that holds to a version stays on it until an edit of the template rolls it, or it is given another.",
    );
    view! {
        <Panel id="users" title=words::count(row.pools.len() as u64, "pool")>
            <ul class="list">{items}</ul>
            <p class="panel-foot sm soft">{rolls} {stays}</p>
        </Panel>
    }
    .into_any()
}

fn made_of(settings: Vec<TemplateSetting>) -> AnyView {
    let lines = settings
        .into_iter()
        .map(|setting| {
            view! {
                <dt>{setting.name}</dt>
                <dd>
                    {setting.value}
                    {setting.inherited.then(|| view! { " " <small>"environment"</small> })}
                </dd>
            }
        })
        .collect_view();
    view! {
        <Panel id="made-of" title="What it is made of">
            <dl class="props panel-body">{lines}</dl>
        </Panel>
    }
    .into_any()
}

fn script(text: String) -> AnyView {
    let lines = words::count(text.lines().count() as u64, "line");
    let unchecked = installs_ops_agent(&text).then(|| {
        view! {
            <p class="sm soft">
                "Because enable_monitoring is on, it fetches Google's installer of the Ops Agent over HTTPS and runs it as root. Google publishes no checksum of it, so nothing else checks it. Where that is too much, leave enable_monitoring off and have the Ops Agent in the image."
            </p>
        }
    });
    view! {
        <details class="panel">
            <summary class="panel-head">
                <span class="cluster">{turning_arrow()} <b>"Startup script"</b></span>
                <small>{format!("{lines}, run at each boot")}</small>
            </summary>
            <div class="panel-body">
                <pre class="source" tabindex="0" aria-label="Startup script">
                    <code>{text}</code>
                </pre>
                {unchecked}
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::row, *};

    #[test]
    fn the_lead_says_which_version_runs() {
        assert_eq!(lead(&row(&[(2, true, 3)])), "All 3 VMs run v2, the declared version.");
        assert_eq!(
            lead(&row(&[(2, true, 1), (1, false, 2)])),
            "1 of 3 VMs run v2, the declared version; 2 run another."
        );
        assert_eq!(lead(&row(&[(1, true, 0)])), "No VM runs it yet.");
    }

    #[test]
    fn what_a_pool_holds_to_is_said_beside_what_it_runs() {
        let mut template = row(&[(2, true, 0), (1, false, 2)]);
        assert_eq!(held(&template, "front"), "");
        template.versions[1].held_by.push("front".to_owned());
        assert_eq!(held(&template, "front"), ", holds to v1");
        assert_eq!(held(&template, "back"), "");
    }

    #[test]
    fn only_what_no_pool_uses_can_be_retired() {
        let mut template = row(&[(1, true, 0)]);
        assert_eq!(
            in_use(&template).as_deref(),
            Some("front uses it: give that pool another template first.")
        );
        template.pools.clear();
        assert_eq!(in_use(&template), None);
        assert!(in_use(&row(&[(1, false, 0)])).is_some());
    }
}
