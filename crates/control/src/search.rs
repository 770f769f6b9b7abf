//! Finding things by a part of their name, over all environments.

use domain::{
    Actor, ChangeId, Permission,
    view::search::{Found, FoundKind, SearchResult},
};

use crate::{Control, Error, error::authorize};

/// What is longer is no name of ours.
const LONGEST: usize = 100;
const MOST: usize = 12;

/// Changes by their number; pools, templates and instances that have `text` in their name. Nothing finds nothing.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn find_by_name(control: &Control, actor: &Actor, text: &str) -> Result<SearchResult, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let asked: String = text.chars().take(LONGEST).collect();
    let part = asked.trim().to_lowercase();
    if part.is_empty() {
        return Ok(SearchResult { asked, found: Vec::new(), more: false });
    }
    let mut found = Vec::new();
    if let Some(id) = change_id(&part) {
        let change = control.store.get_change(id).await?;
        found.extend(change.map(|change| Found {
            kind: FoundKind::Change,
            environment: change.environment,
            name: id.to_string(),
            zone: None,
            detail: change.title,
        }));
    }
    let environments = control.store.list_environments().await?;
    for environment in &environments {
        let named = |kind, name: &str, detail: &str| {
            name.to_lowercase().contains(&part).then(|| Found {
                kind,
                environment: environment.name.clone(),
                name: name.to_owned(),
                zone: None,
                detail: detail.to_owned(),
            })
        };
        let spec = &environment.spec;
        let pools = spec.agent_pools.iter();
        found.extend(pools.filter_map(|pool| named(FoundKind::Pool, &pool.name, &pool.template_name)));
        let templates = spec.agent_vm_templates.iter();
        found.extend(
            templates.filter_map(|template| {
                named(FoundKind::Template, &template.name, template.agent_type.as_str())
            }),
        );
    }
    let instances = control.live.find_named(MOST + 1, |name| name.to_lowercase().contains(&part));
    found.extend(instances.into_iter().map(|row| Found {
        kind: FoundKind::Instance,
        environment: row.environment,
        name: row.instance.name,
        zone: Some(row.instance.zone),
        detail: row.pool,
    }));
    let more = found.len() > MOST;
    found.truncate(MOST);
    Ok(SearchResult { asked, found, more })
}

/// `chg-7`, or its number alone.
fn change_id(part: &str) -> Option<ChangeId> {
    part.parse().ok().or_else(|| format!("chg-{part}").parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_found_by_its_number() {
        assert_eq!(change_id("chg-7"), Some(ChangeId(7)));
        assert_eq!(change_id("7"), Some(ChangeId(7)));
        assert_eq!(change_id("backend"), None);
        assert_eq!(change_id("0"), None);
    }
}
