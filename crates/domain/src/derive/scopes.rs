//! OAuth scopes: declared as URLs or by the short names that gcloud and Terraform know; the API takes URLs alone.

const ROOT: &str = "https://www.googleapis.com/auth/";

/// Short name to the scope's path under Google's root. <https://cloud.google.com/sdk/gcloud/reference/compute/instances/create#--scopes>
const ALIASES: &[(&str, &str)] = &[
    ("bigquery", "bigquery"),
    ("cloud-platform", "cloud-platform"),
    ("cloud-source-repos", "source.full_control"),
    ("cloud-source-repos-ro", "source.read_only"),
    ("compute-ro", "compute.readonly"),
    ("compute-rw", "compute"),
    ("datastore", "datastore"),
    ("logging-write", "logging.write"),
    ("monitoring", "monitoring"),
    ("monitoring-read", "monitoring.read"),
    ("monitoring-write", "monitoring.write"),
    ("pubsub", "pubsub"),
    ("service-control", "servicecontrol"),
    ("service-management", "service.management.readonly"),
    ("sql-admin", "sqlservice.admin"),
    ("storage-full", "devstorage.full_control"),
    ("storage-ro", "devstorage.read_only"),
    ("storage-rw", "devstorage.read_write"),
    ("taskqueue", "taskqueue"),
    ("trace", "trace.append"),
    ("userinfo-email", "userinfo.email"),
];

/// The scope's URL; None for what is neither a Google scope's URL nor a known short name.
pub(crate) fn expand_scope(declared: &str) -> Option<String> {
    if declared.strip_prefix(ROOT).is_some_and(|path| !path.is_empty()) {
        return Some(declared.to_owned());
    }
    ALIASES.iter().find(|(alias, _)| *alias == declared).map(|(_, path)| format!("{ROOT}{path}"))
}

/// What tells a scope from the others, for who reads a list of them.
pub(crate) fn short_scope(declared: &str) -> &str {
    declared.strip_prefix(ROOT).filter(|path| !path.is_empty()).unwrap_or(declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_become_urls_and_urls_stay() {
        assert_eq!(expand_scope("compute-rw").unwrap(), "https://www.googleapis.com/auth/compute");
        let url = "https://www.googleapis.com/auth/logging.write";
        assert_eq!(expand_scope(url).unwrap(), url);
        assert_eq!(expand_scope("compute-write"), None);
        assert_eq!(expand_scope(ROOT), None);
    }

    #[test]
    fn a_list_names_scopes_without_their_root() {
        assert_eq!(short_scope("https://www.googleapis.com/auth/logging.write"), "logging.write");
        assert_eq!(short_scope("compute-rw"), "compute-rw");
        assert_eq!(short_scope(ROOT), ROOT);
    }
}
