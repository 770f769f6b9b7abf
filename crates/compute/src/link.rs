//! Resources refer to each other by links. The domain holds short names; here one becomes the other.

use crate::Scope;

/// The last segment: `https://…/healthChecks/web` is `web`, and so is `web`.
pub(crate) fn name(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or(link)
}

/// The segment after `zones`.
pub(crate) fn zone(link: &str) -> Option<&str> {
    let mut segments = link.split('/');
    segments.find(|&segment| segment == "zones")?;
    segments.next()
}

/// Without scheme, host and API version: `projects/p/global/networks/n`.
pub(crate) fn path(link: &str) -> &str {
    let link = link.trim();
    if !link.contains("://") {
        return link.trim_start_matches('/');
    }
    match link.find("/projects/") {
        Some(at) => &link[at + 1..],
        None => link,
    }
}

impl Scope {
    pub(crate) fn health_check(&self, name: &str) -> String {
        format!("projects/{}/global/healthChecks/{name}", self.project)
    }

    pub(crate) fn instance_template(&self, name: &str) -> String {
        format!("projects/{}/global/instanceTemplates/{name}", self.project)
    }

    pub(crate) fn instance_group_manager(&self, name: &str) -> String {
        format!("projects/{}/regions/{}/instanceGroupManagers/{name}", self.project, self.region)
    }

    pub(crate) fn zone(&self, name: &str) -> String {
        format!("projects/{}/zones/{name}", self.project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_google_and_of_an_emulator_have_one_path() {
        for link in [
            "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i",
            "https://compute.googleapis.com/compute/v1/projects/p/zones/z/instances/i",
            "http://127.0.0.1:8080/compute/v1/projects/p/zones/z/instances/i",
            "projects/p/zones/z/instances/i",
            "/projects/p/zones/z/instances/i",
        ] {
            assert_eq!(path(link), "projects/p/zones/z/instances/i");
            assert_eq!(zone(link), Some("z"));
            assert_eq!(name(link), "i");
        }
        assert_eq!(zone("projects/p/regions/r"), None);
    }
}
