//! The fleet's VMs as rules see them: each pool's, and those of its canary, whose template may carry other tags.

use std::collections::BTreeMap;

use super::matching::Tags;
use crate::{
    name::last_segment,
    plan::pool_of,
    resource::{InstanceGroup, InstanceTemplate, ResourceSet},
};

/// No pool's name has a space.
const CANARY: &str = " (canary)";

/// What the VMs of a pool's canary are called where their tags are not the pool's.
pub fn canary_of(pool: &str) -> String {
    format!("{pool}{CANARY}")
}

/// The pool whose canary is called so; None of a pool.
pub fn pool_of_canary(name: &str) -> Option<&str> {
    name.strip_suffix(CANARY)
}

/// VMs of one pool that run one version.
pub(super) struct PoolVms<'a> {
    pub(super) pool: &'a str,
    pub(super) canary: bool,
    pub(super) template: &'a InstanceTemplate,
    pub(super) health_port: Option<u16>,
}

impl PoolVms<'_> {
    pub(super) fn name(&self) -> String {
        if self.canary { canary_of(self.pool) } else { self.pool.to_owned() }
    }
}

/// Each pool's own, then its canary's. A version that is not among the resources is left out.
pub(super) fn pool_vms(resources: &ResourceSet) -> Vec<PoolVms<'_>> {
    resources.groups.values().flat_map(|group| of_group(resources, group)).collect()
}

fn of_group<'a>(resources: &'a ResourceSet, group: &'a InstanceGroup) -> Vec<PoolVms<'a>> {
    let check = group.auto_healing.as_ref().map(|healing| last_segment(&healing.health_check));
    let health_port = check.and_then(|name| resources.health_checks.get(name)).map(|check| check.port);
    let canary = group.canary.as_ref().map(|canary| (true, canary.template.as_str()));
    [Some((false, group.template.as_str())), canary]
        .into_iter()
        .flatten()
        .filter_map(|(canary, template)| {
            let template = resources.templates.get(last_segment(template))?;
            Some(PoolVms { pool: pool_of(group), canary, template, health_port })
        })
        .collect()
}

/// The tags of each pool's VMs, and of a canary's where they differ from its pool's. What has no template among the
/// resources is left out.
pub fn pool_tags(resources: &ResourceSet) -> BTreeMap<String, Tags> {
    let mut tags: BTreeMap<String, Tags> = BTreeMap::new();
    for vms in pool_vms(resources) {
        if !vms.canary || tags.get(vms.pool) != Some(&vms.template.tags) {
            tags.insert(vms.name(), vms.template.tags.clone());
        }
    }
    tags
}

/// Who is there after, in the order of names, with the tags before (None: it was not there) and after. The VMs of a
/// canary were its pool's before it began, and are its pool's again when it is gone.
pub(super) fn moves<'a>(
    before: &'a BTreeMap<String, Tags>,
    after: &'a BTreeMap<String, Tags>,
) -> impl Iterator<Item = (&'a String, Option<&'a Tags>, &'a Tags)> {
    let find = |tags: &'a BTreeMap<String, Tags>, name: &str| {
        tags.get(name).or_else(|| tags.get(pool_of_canary(name)?))
    };
    let mut names: Vec<&'a String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter_map(move |name| Some((name, find(before, name), find(after, name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_known_by_its_name() {
        assert_eq!(pool_of_canary(&canary_of("web")), Some("web"));
        assert_eq!(pool_of_canary("web-canary"), None);
    }

    #[test]
    fn a_canary_comes_from_its_pool_and_goes_back_to_it() {
        let tags = |each: &[(&str, &str)]| -> BTreeMap<String, Tags> {
            let one = |(name, tag): &(&str, &str)| ((*name).to_owned(), Tags::from([(*tag).to_owned()]));
            each.iter().map(one).collect()
        };
        let (alone, tried) = (tags(&[("web", "a")]), tags(&[("web", "a"), ("web (canary)", "b")]));
        let said = |before: &BTreeMap<String, Tags>, after: &BTreeMap<String, Tags>| {
            let tag = |tags: &Tags| tags.iter().cloned().collect::<String>();
            moves(before, after)
                .map(|(name, was, is)| format!("{name}: {} to {}", was.map(tag).unwrap_or_default(), tag(is)))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(&alone, &tried), ["web: a to a", "web (canary): a to b"]);
        assert_eq!(said(&tried, &alone), ["web: a to a", "web (canary): b to a"]);
        assert_eq!(said(&tags(&[]), &tried), ["web:  to a", "web (canary):  to b"]);
        assert_eq!(said(&tried, &tags(&[])), Vec::<String>::new());
    }
}
