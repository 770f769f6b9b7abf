//! The names of resources as a declaration derives them, and the syntax that Compute Engine asks of names,
//! labels and tags. Which attribute breaks it is for [`crate::rules`] to say.

/// RFC 1035: what Compute Engine takes as the name of anything.
pub const MAX_NAME: usize = 63;

/// A group adds `-` and four characters to the base name of each instance.
pub const MAX_BASE_INSTANCE_NAME: usize = MAX_NAME - 5;

/// Hex digits of the content's digest at the end of an instance template's name.
pub const TEMPLATE_DIGEST_DIGITS: usize = 8;

pub fn instance_template(prefix: &str, template: &str, digest: &str) -> String {
    format!("{prefix}-agent-{template}-{digest}")
}

pub fn instance_group(prefix: &str, pool: &str) -> String {
    format!("{prefix}-pool-{pool}")
}

/// The pool whose group it is; None where the name is no group's of that prefix.
pub fn pool_of<'a>(group: &'a str, prefix: &str) -> Option<&'a str> {
    group.strip_prefix(&instance_group(prefix, ""))
}

pub fn autoscaler(prefix: &str, pool: &str) -> String {
    format!("{prefix}-pool-{pool}-autoscaler")
}

pub fn health_check(prefix: &str, pool: &str) -> String {
    format!("{prefix}-pool-{pool}-health")
}

/// The pool whose autoscaler it is.
pub fn pool_of_autoscaler<'a>(autoscaler: &'a str, prefix: &str) -> Option<&'a str> {
    pool_of(autoscaler.strip_suffix("-autoscaler")?, prefix)
}

/// The pool whose health check it is.
pub fn pool_of_health_check<'a>(health_check: &'a str, prefix: &str) -> Option<&'a str> {
    pool_of(health_check.strip_suffix("-health")?, prefix)
}

pub fn firewall_rule(prefix: &str, key: &str) -> String {
    format!("{prefix}-agent-{key}")
}

/// The key of the firewall rule that is called so.
pub fn key_of<'a>(rule: &'a str, prefix: &str) -> Option<&'a str> {
    rule.strip_prefix(&firewall_rule(prefix, ""))
}

pub fn base_instance(pool: &str) -> String {
    format!("agent-{pool}")
}

/// Whether the instance template is a version of the declared template.
pub fn is_version_of(resource: &str, prefix: &str, template: &str) -> bool {
    resource
        .strip_prefix(&instance_template(prefix, template, ""))
        .is_some_and(|digest| digest.len() == TEMPLATE_DIGEST_DIGITS && digest.bytes().all(is_lower_hex))
}

/// The declared template that the instance template is a version of.
pub fn template_of<'a>(resource: &'a str, prefix: &str) -> Option<&'a str> {
    let (named, _) = resource.rsplit_once('-')?;
    let template = named.strip_prefix(&format!("{prefix}-agent-"))?;
    is_version_of(resource, prefix, template).then_some(template)
}

/// The digits that tell a version from the others of its template, which end the instance template's name; a declaration names the
/// version by them. Whether the name is a version's at all is for [`is_version_of`] to say.
pub fn version_digits(resource: &str) -> &str {
    resource.rsplit('-').next().unwrap_or(resource)
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Lower-case letter first, then letters, digits and hyphens, no hyphen last, at most 63.
pub fn is_rfc1035(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= MAX_NAME
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last() != Some(&b'-')
        && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// What [`is_rfc1035`] takes, made from the text; None where nothing is left of it.
pub fn to_rfc1035(text: &str) -> Option<String> {
    let replaced: String =
        text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let trimmed = replaced.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('-');
    is_rfc1035(trimmed).then(|| trimmed.to_owned())
}

fn is_label_character(character: char) -> bool {
    // Letters of scripts without case count as lower-case ones.
    (character.is_alphabetic() && !character.is_uppercase())
        || character.is_numeric()
        || matches!(character, '-' | '_')
}

pub fn is_label_key(text: &str) -> bool {
    text.chars().next().is_some_and(|first| first.is_alphabetic()) && is_label_value(text)
}

/// At most 63 characters; may be empty.
pub fn is_label_value(text: &str) -> bool {
    text.chars().count() <= MAX_NAME && text.chars().all(is_label_character)
}

/// What [`is_label_value`] takes, made from the text.
pub fn to_label_value(text: &str) -> String {
    text.to_lowercase().chars().map(|c| if is_label_character(c) { c } else { '-' }).take(MAX_NAME).collect()
}

/// The last segment of a path or URL: resources are declared as either, and read back as URLs.
pub fn last_segment(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// Whether two references mean the same resource: a bare name, a `projects/…` path and a URL of it are equal.
pub fn same_reference(one: &str, other: &str) -> bool {
    let (one, other) = (without_host(one), without_host(other));
    if one.contains('/') && other.contains('/') {
        one == other || ends_as_path(one, other) || ends_as_path(other, one)
    } else {
        last_segment(one) == last_segment(other)
    }
}

fn ends_as_path(longer: &str, shorter: &str) -> bool {
    longer.strip_suffix(shorter).is_some_and(|head| head.ends_with('/'))
}

/// `projects/p/global/networks/n` of a URL of it.
pub(crate) fn without_host(reference: &str) -> &str {
    match reference.find("projects/") {
        Some(start) if reference.contains("://") => &reference[start..],
        _ => reference.trim_start_matches('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1035_is_held_to_the_letter() {
        for good in ["a", "a1", "a-b", &"a".repeat(63)] {
            assert!(is_rfc1035(good), "{good}");
        }
        for bad in ["", "1a", "-a", "a-", "A", "a_b", "a.b", "é", &"a".repeat(64)] {
            assert!(!is_rfc1035(bad), "{bad}");
        }
    }

    #[test]
    fn a_corrected_name_is_a_name() {
        assert_eq!(to_rfc1035("My_Pool "), Some("my-pool".to_owned()));
        assert_eq!(to_rfc1035("9lives"), Some("lives".to_owned()));
        assert_eq!(to_rfc1035("--- 12"), None);
    }

    #[test]
    fn labels_take_lower_case_digits_and_two_marks() {
        assert!(
            is_label_key("team_1-x") && is_label_value("") && is_label_value("1a") && is_label_value("é語")
        );
        assert!(!is_label_key("") && !is_label_key("1a") && !is_label_value("A") && !is_label_value("a.b"));
        assert!(!is_label_value(&"a".repeat(64)));
        assert_eq!(to_label_value("Team A/B"), "team-a-b");
    }

    #[test]
    fn a_group_names_its_pool_once() {
        assert_eq!(pool_of("genesis-pool-web", "genesis"), Some("web"));
        assert_eq!(
            pool_of(&instance_group("genesis", "genesis-pool-web"), "genesis"),
            Some("genesis-pool-web")
        );
        assert_eq!(pool_of("genesis-pool-web", "other"), None);
    }

    #[test]
    fn what_is_derived_names_what_it_is_derived_from() {
        assert_eq!(pool_of_autoscaler(&autoscaler("g", "web-pool"), "g"), Some("web-pool"));
        assert_eq!(pool_of_health_check(&health_check("g", "web-health"), "g"), Some("web-health"));
        assert_eq!(pool_of_autoscaler("g-pool-web", "g"), None);
        assert_eq!(key_of(&firewall_rule("g", "allow-agent-ssh"), "g"), Some("allow-agent-ssh"));
        assert_eq!(
            template_of(&instance_template("g-agent", "web-db", "0a1b2c3d"), "g-agent"),
            Some("web-db")
        );
        assert_eq!(template_of("g-agent-web-db", "g"), None);
    }

    #[test]
    fn a_version_belongs_to_its_template_alone() {
        assert!(is_version_of("g-agent-web-0a1b2c3d", "g", "web"));
        assert!(!is_version_of("g-agent-web-db-0a1b2c3d", "g", "web"));
        assert!(!is_version_of("g-agent-web-0A1B2C3D", "g", "web"));
    }

    #[test]
    fn a_version_s_digits_end_its_name() {
        assert_eq!(version_digits(&instance_template("g", "web-db", "0a1b2c3d")), "0a1b2c3d");
        assert_eq!(version_digits("nameless"), "nameless");
    }

    #[test]
    fn a_name_a_path_and_a_url_are_one_reference() {
        let path = "projects/p/global/networks/vpc";
        let url = "https://www.googleapis.com/compute/v1/projects/p/global/networks/vpc";
        assert!(same_reference("vpc", path) && same_reference(path, url) && same_reference(url, "vpc"));
        assert!(same_reference("global/networks/vpc", url));
        assert!(!same_reference(path, "projects/q/global/networks/vpc"));
        assert!(!same_reference("vpc", "vpc2") && !same_reference("pc", path));
    }
}
