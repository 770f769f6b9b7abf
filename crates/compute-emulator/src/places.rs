//! The regions and zones that the emulator has: a selection of Google's, with their real names.

/// Region and the letters of its zones.
pub(crate) const REGIONS: &[(&str, &str)] = &[
    ("asia-east1", "abc"),
    ("asia-northeast1", "abc"),
    ("asia-south1", "abc"),
    ("asia-southeast1", "abc"),
    ("australia-southeast1", "abc"),
    ("europe-north1", "abc"),
    ("europe-west1", "bcd"),
    ("europe-west2", "abc"),
    ("europe-west3", "abc"),
    ("europe-west4", "abc"),
    ("europe-west6", "abc"),
    ("northamerica-northeast1", "abc"),
    ("southamerica-east1", "abc"),
    ("us-central1", "abcf"),
    ("us-east1", "bcd"),
    ("us-east4", "abc"),
    ("us-west1", "abc"),
    ("us-west2", "abc"),
    ("us-west4", "abc"),
];

/// The zones of a region; None for an unknown one.
pub(crate) fn zones(region: &str) -> Option<Vec<String>> {
    let (_, letters) = REGIONS.iter().find(|(name, _)| *name == region)?;
    Some(letters.chars().map(|letter| format!("{region}-{letter}")).collect())
}

/// The region of a zone; None for an unknown zone.
pub(crate) fn region_of(zone: &str) -> Option<&'static str> {
    let (region, letter) = zone.rsplit_once('-')?;
    let (name, letters) = REGIONS.iter().find(|(name, _)| *name == region)?;
    (letter.len() == 1 && letters.contains(letter)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_know_their_region() {
        assert_eq!(zones("us-east1").unwrap(), ["us-east1-b", "us-east1-c", "us-east1-d"]);
        assert_eq!(region_of("us-central1-f"), Some("us-central1"));
        assert_eq!((region_of("us-central1-z"), region_of("mars"), zones("mars")), (None, None, None));
    }
}
