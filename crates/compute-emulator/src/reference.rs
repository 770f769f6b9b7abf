//! Names of things. A resource is known by its path, `projects/p/global/instanceTemplates/t`: the key of our state, the tail
//! of its selfLink and of its URL.

use crate::error::Error;

/// What precedes a path in a selfLink, whatever the address that served it: clients compare links, and the real service's
/// are independent of the endpoint as well.
const PREFIX: &str = "https://www.googleapis.com/compute/v1/";

pub(crate) fn link(path: &str) -> String {
    format!("{PREFIX}{path}")
}

/// The path that a client means by a full URL, a `projects/…` path or a path within its project.
/// None if it names no resource of `collection`.
pub(crate) fn resolve(reference: &str, project: &str, collection: &str) -> Option<String> {
    let path = match reference.find("projects/") {
        Some(at) => reference[at..].to_owned(),
        None => format!("projects/{project}/{}", reference.trim_start_matches('/')),
    };
    let segments: Vec<&str> = path.split('/').collect();
    let place = match segments.get(2) {
        Some(&"global") => 3,
        Some(&"regions" | &"zones") => 4,
        _ => return None,
    };
    (segments.len() == place + 2 && segments[place] == collection && segments.iter().all(|s| !s.is_empty()))
        .then_some(path)
}

/// `projects/p/zones/z` or `projects/p/regions/r` or `projects/p/global` of a path.
pub(crate) fn scope(path: &str) -> &str {
    let segments = if path.split('/').nth(2) == Some("global") { 3 } else { 4 };
    let end = path.match_indices('/').nth(segments - 1).map_or(path.len(), |(at, _)| at);
    &path[..end]
}

pub(crate) fn project(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// The zone or region in a path; "global" where it has none.
pub(crate) fn location(path: &str) -> &str {
    scope(path).rsplit('/').next().unwrap_or_default()
}

/// The last segment.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

pub(crate) fn instance(project: &str, zone: &str, name: &str) -> String {
    format!("projects/{project}/zones/{zone}/instances/{name}")
}

/// Refuses what RFC 1035 does not allow, with the service's regular expression.
pub(crate) fn check_name(field: &str, name: &str) -> Result<(), Error> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(inner);
    if fits {
        return Ok(());
    }
    Err(Error::invalid(field, name, "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_each_way_to_name_a_template() {
        let path = Some("projects/p/global/instanceTemplates/t".to_owned());
        for reference in [
            "https://www.googleapis.com/compute/v1/projects/p/global/instanceTemplates/t",
            "https://compute.googleapis.com/compute/v1/projects/p/global/instanceTemplates/t",
            "projects/p/global/instanceTemplates/t",
            "global/instanceTemplates/t",
        ] {
            assert_eq!(resolve(reference, "p", "instanceTemplates"), path, "{reference}");
        }
        for reference in ["t", "global/healthChecks/t", "global/instanceTemplates/", "projects/p", ""] {
            assert_eq!(resolve(reference, "p", "instanceTemplates"), None, "{reference}");
        }
    }

    #[test]
    fn takes_paths_apart() {
        let path = "projects/p/zones/us-central1-a/instances/i";
        assert_eq!((scope(path), location(path)), ("projects/p/zones/us-central1-a", "us-central1-a"));
        assert_eq!(scope("projects/p/global/firewalls/f"), "projects/p/global");
        assert_eq!((project(path), name(path)), ("p", "i"));
    }

    #[test]
    fn names_are_rfc_1035() {
        for name in ["a", "a-1", &"a".repeat(63)] {
            assert!(check_name("resource.name", name).is_ok(), "{name}");
        }
        for name in ["", "A", "1a", "a-", "a_b", &"a".repeat(64)] {
            assert!(check_name("resource.name", name).is_err(), "{name}");
        }
    }
}
