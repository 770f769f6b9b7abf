//! The names of the time zone database, release 2026e.

const NAMES: &str = include_str!("time_zones.txt");

/// Spelled exactly: the service takes no other.
pub fn is_time_zone(name: &str) -> bool {
    !name.is_empty() && NAMES.lines().any(|known| known == name)
}

/// The name as the database spells it, where only letter case or spaces differ.
pub(crate) fn spelled(name: &str) -> Option<&'static str> {
    let wanted = name.trim().replace(' ', "_");
    NAMES.lines().find(|known| known.eq_ignore_ascii_case(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_as_they_are_spelled() {
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+1"] {
            assert!(is_time_zone(good), "{good}");
        }
        for wrong in ["", "Berlin", "europe/berlin", "UTC\n", "CEST"] {
            assert!(!is_time_zone(wrong), "{wrong}");
        }
        assert_eq!(spelled("america/new york"), Some("America/New_York"));
    }
}
