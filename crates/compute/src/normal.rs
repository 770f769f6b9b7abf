//! One spelling for what has several. Reading yields these spellings, so a declaration must pass through here before it is
//! compared with what was read; sending accepts any of them.

use domain::resource::ResourceSet;

use crate::{Scope, link};

/// `projects/{project}/global/networks/{name}`, from a bare name, a partial path or a full link. Empty stays empty.
pub fn normalize_network(project: &str, text: &str) -> String {
    let path = link::path(text);
    if path.is_empty() || path.starts_with("projects/") {
        path.to_owned()
    } else if path.starts_with("global/") {
        format!("projects/{project}/{path}")
    } else {
        format!("projects/{project}/global/networks/{path}")
    }
}

/// `projects/{project}/regions/{region}/subnetworks/{name}`, from a bare name, a partial path or a full link. Empty stays empty.
pub fn normalize_subnetwork(project: &str, region: &str, text: &str) -> String {
    let path = link::path(text);
    if path.is_empty() || path.starts_with("projects/") {
        path.to_owned()
    } else if path.starts_with("regions/") {
        format!("projects/{project}/{path}")
    } else {
        format!("projects/{project}/regions/{region}/subnetworks/{path}")
    }
}

/// `{project}/{family}` for the newest image of a family, `projects/{project}/global/images/{image}` for one image.
/// A bare name is a family of the own project.
pub fn normalize_image(project: &str, text: &str) -> String {
    let path = link::path(text);
    let path = match path.strip_prefix("projects/") {
        None if path.starts_with("global/images/") => format!("{project}/{path}"),
        None => path.to_owned(),
        Some(path) => path.to_owned(),
    };
    match path.split('/').collect::<Vec<_>>()[..] {
        [owner, "global", "images", "family", family] => format!("{owner}/{family}"),
        [owner, "global", "images", image] => format!("projects/{owner}/global/images/{image}"),
        ["family", family] => format!("{project}/{family}"),
        [family] if !family.is_empty() => format!("{project}/{family}"),
        _ => path,
    }
}

/// What the API takes for [`normalize_image`]'s result.
pub(crate) fn image_path(image: &str) -> String {
    match image.split_once('/') {
        Some((owner, family)) if owner != "projects" && !family.contains('/') => {
            format!("projects/{owner}/global/images/family/{family}")
        }
        _ => image.to_owned(),
    }
}

/// Disks name the key's version that they use; declarations name the key.
pub(crate) fn kms_key(text: &str) -> String {
    match text.split_once("/cryptoKeyVersions/") {
        Some((key, _)) => key.to_owned(),
        None => text.to_owned(),
    }
}

/// Every text of the set that has several spellings, in the one that reading yields.
pub fn normalize(scope: &Scope, resources: &mut ResourceSet) {
    for rule in resources.firewall_rules.values_mut() {
        rule.network = normalize_network(&scope.project, &rule.network);
    }
    for template in resources.templates.values_mut() {
        normalize_template(scope, template);
    }
}

pub(crate) fn normalize_template(scope: &Scope, template: &mut domain::resource::InstanceTemplate) {
    template.network = normalize_network(&scope.project, &template.network);
    template.subnetwork = normalize_subnetwork(&scope.project, &scope.region, &template.subnetwork);
    template.source_image = normalize_image(&scope.project, &template.source_image);
    for policy in &mut template.resource_policies {
        *policy = link::name(policy).to_owned();
    }
    for disk in std::iter::once(&mut template.boot_disk).chain(&mut template.workspace_disk) {
        disk.disk_type = link::name(&disk.disk_type).to_owned();
        disk.kms_key = disk.kms_key.as_deref().map(kms_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_network_is_one() {
        for text in [
            "n",
            "global/networks/n",
            "projects/p/global/networks/n",
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
            " n ",
        ] {
            assert_eq!(normalize_network("p", text), "projects/p/global/networks/n", "{text}");
        }
        assert_eq!(
            normalize_network("p", "projects/host/global/networks/n"),
            "projects/host/global/networks/n"
        );
        assert_eq!(normalize_network("p", ""), "");
    }

    #[test]
    fn every_spelling_of_a_subnetwork_is_one() {
        for text in [
            "s",
            "regions/r/subnetworks/s",
            "projects/p/regions/r/subnetworks/s",
            "https://www.googleapis.com/compute/v1/projects/p/regions/r/subnetworks/s",
        ] {
            assert_eq!(normalize_subnetwork("p", "r", text), "projects/p/regions/r/subnetworks/s", "{text}");
        }
        assert_eq!(normalize_subnetwork("p", "r", ""), "");
    }

    #[test]
    fn every_spelling_of_an_image_is_one() {
        for text in [
            "o/f",
            "projects/o/global/images/family/f",
            "https://www.googleapis.com/compute/v1/projects/o/global/images/family/f",
        ] {
            assert_eq!(normalize_image("p", text), "o/f", "{text}");
        }
        for text in ["f", "family/f", "global/images/family/f"] {
            assert_eq!(normalize_image("p", text), "p/f", "{text}");
        }
        for text in ["global/images/i", "projects/p/global/images/i"] {
            assert_eq!(normalize_image("p", text), "projects/p/global/images/i", "{text}");
        }
    }

    #[test]
    fn what_is_sent_for_an_image_reads_back() {
        for text in ["o/f", "projects/p/global/images/i", "f", "family/f"] {
            let normal = normalize_image("p", text);
            assert_eq!(normalize_image("other", &image_path(&normal)), normal, "{text}");
        }
        assert_eq!(image_path("o/f"), "projects/o/global/images/family/f");
    }
}
