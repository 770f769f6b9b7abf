//! Fields of a firewall rule.

use super::{Fields, Shape::*};

pub(crate) const FIREWALL: Fields = &[
    ("kind", Text),
    ("id", Int64),
    ("creationTimestamp", Text),
    ("selfLink", Text),
    ("name", Text),
    ("description", Text),
    ("network", Text),
    ("priority", Int32),
    ("direction", Choice(&["EGRESS", "INGRESS"])),
    ("disabled", Bool),
    ("sourceRanges", List(&Text)),
    ("destinationRanges", List(&Text)),
    ("sourceTags", List(&Text)),
    ("targetTags", List(&Text)),
    ("sourceServiceAccounts", List(&Text)),
    ("targetServiceAccounts", List(&Text)),
    ("allowed", List(&Object(TRAFFIC))),
    ("denied", List(&Object(TRAFFIC))),
    (
        "logConfig",
        Object(&[("enable", Bool), ("metadata", Choice(&["EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"]))]),
    ),
];

const TRAFFIC: Fields = &[("IPProtocol", Text), ("ports", List(&Text))];
