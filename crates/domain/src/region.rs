//! Google's regions and their zones as published in 2026: what a declaration without zones falls back to
//! while Compute Engine has not been asked. What the API tells always wins.

/// Region to the letters of its zones.
const REGIONS: &[(&str, &str)] = &[
    ("africa-south1", "abc"),
    ("asia-east1", "abc"),
    ("asia-east2", "abc"),
    ("asia-northeast1", "abc"),
    ("asia-northeast2", "abc"),
    ("asia-northeast3", "abc"),
    ("asia-south1", "abc"),
    ("asia-south2", "abc"),
    ("asia-southeast1", "abc"),
    ("asia-southeast2", "abc"),
    ("australia-southeast1", "abc"),
    ("australia-southeast2", "abc"),
    ("europe-central2", "abc"),
    ("europe-north1", "abc"),
    ("europe-north2", "abc"),
    ("europe-southwest1", "abc"),
    ("europe-west1", "bcd"),
    ("europe-west10", "abc"),
    ("europe-west12", "abc"),
    ("europe-west2", "abc"),
    ("europe-west3", "abc"),
    ("europe-west4", "abc"),
    ("europe-west6", "abc"),
    ("europe-west8", "abc"),
    ("europe-west9", "abc"),
    ("me-central1", "abc"),
    ("me-central2", "abc"),
    ("me-west1", "abc"),
    ("northamerica-northeast1", "abc"),
    ("northamerica-northeast2", "abc"),
    ("northamerica-south1", "abc"),
    ("southamerica-east1", "abc"),
    ("southamerica-west1", "abc"),
    ("us-central1", "abcf"),
    ("us-east1", "bcd"),
    ("us-east4", "abc"),
    ("us-east5", "abc"),
    ("us-south1", "abc"),
    ("us-west1", "abc"),
    ("us-west2", "abc"),
    ("us-west3", "abc"),
    ("us-west4", "abc"),
];

/// The region's zones, sorted; None for a region that is not in the table.
pub fn zones_of(region: &str) -> Option<Vec<String>> {
    let (_, letters) = REGIONS.iter().find(|(name, _)| *name == region)?;
    Some(letters.chars().map(|letter| format!("{region}-{letter}")).collect())
}

/// `us-central1` of `us-central1-a`; None where the text is no zone's name.
pub fn region_of(zone: &str) -> Option<&str> {
    let (region, letter) = zone.rsplit_once('-')?;
    let one_letter = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_lowercase());
    (one_letter && is_region(region)).then_some(region)
}

/// Whether the text has a region's form: `us-central1`.
pub fn is_region(text: &str) -> bool {
    let Some((area, place)) = text.split_once('-') else { return false };
    let digits = place.trim_start_matches(|c: char| c.is_ascii_lowercase());
    !area.is_empty()
        && area.bytes().all(|byte| byte.is_ascii_lowercase())
        && digits.len() < place.len()
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_in_its_region() {
        for (region, _) in REGIONS {
            for zone in zones_of(region).unwrap() {
                assert_eq!(region_of(&zone), Some(*region));
            }
        }
        assert_eq!(zones_of("us-central1").unwrap().len(), 4);
        assert_eq!(zones_of("moon-north1"), None);
    }

    #[test]
    fn what_is_no_zone_has_no_region() {
        for wrong in
            ["", "us", "us-central1", "us-central1-", "us-central1-ab", "us-central1-A", "-central1-a"]
        {
            assert_eq!(region_of(wrong), None, "{wrong}");
        }
    }
}
