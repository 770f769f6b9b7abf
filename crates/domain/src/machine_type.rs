//! Machine types: what their names say of vCPUs, memory and abilities.
//! Families as published in 2026: <https://cloud.google.com/compute/docs/machine-resource>. Types of a family that
//! is not here, or whose sizes are not, are left to Compute Engine.

use crate::agent_type::Range;

/// MiB of memory for each vCPU, by class, and the sizes that exist.
struct Class {
    name: &'static str,
    mib_per_vcpu: u32,
    vcpus: &'static [u32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskSupport {
    PersistentDisk,
    /// Neither boot nor data disks of the `pd-` types.
    HyperdiskOnly,
}

struct Family {
    name: &'static str,
    confidential: bool,
    custom: bool,
    disks: DiskSupport,
    /// Empty: the family exists, its sizes are not checked.
    classes: &'static [Class],
}

const fn class(name: &'static str, mib_per_vcpu: u32, vcpus: &'static [u32]) -> Class {
    Class { name, mib_per_vcpu, vcpus }
}

const fn family(name: &'static str, classes: &'static [Class]) -> Family {
    Family { name, confidential: false, custom: false, disks: DiskSupport::PersistentDisk, classes }
}

const N1: &[u32] = &[1, 2, 4, 8, 16, 32, 64, 96];
const N2: &[u32] = &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128];
const N2D: &[u32] = &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224];
const C3: &[u32] = &[4, 8, 22, 44, 88, 176, 192];
const C3D: &[u32] = &[4, 8, 16, 30, 60, 90, 180, 360];
const C2D: &[u32] = &[2, 4, 8, 16, 32, 56, 112];
const N4: &[u32] = &[2, 4, 8, 16, 32, 48, 64, 80];

const FAMILIES: &[Family] = &[
    Family {
        custom: true,
        ..family(
            "e2",
            &[
                class("standard", 4096, &[2, 4, 8, 16, 32]),
                class("highmem", 8192, &[2, 4, 8, 16]),
                class("highcpu", 1024, &[2, 4, 8, 16, 32]),
            ],
        )
    },
    Family {
        custom: true,
        ..family("n1", &[class("standard", 3840, N1), class("highmem", 6656, N1), class("highcpu", 922, N1)])
    },
    Family {
        custom: true,
        ..family("n2", &[class("standard", 4096, N2), class("highmem", 8192, N2), class("highcpu", 1024, N2)])
    },
    Family {
        custom: true,
        confidential: true,
        ..family(
            "n2d",
            &[class("standard", 4096, N2D), class("highmem", 8192, N2D), class("highcpu", 1024, N2D)],
        )
    },
    Family {
        custom: true,
        disks: DiskSupport::HyperdiskOnly,
        ..family("n4", &[class("standard", 4096, N4), class("highmem", 8192, N4), class("highcpu", 2048, N4)])
    },
    family("c2", &[class("standard", 4096, &[4, 8, 16, 30, 60])]),
    Family {
        confidential: true,
        ..family(
            "c2d",
            &[class("standard", 4096, C2D), class("highmem", 8192, C2D), class("highcpu", 2048, C2D)],
        )
    },
    Family {
        confidential: true,
        ..family("c3", &[class("standard", 4096, C3), class("highmem", 8192, C3), class("highcpu", 2048, C3)])
    },
    Family {
        confidential: true,
        ..family(
            "c3d",
            &[class("standard", 4096, C3D), class("highmem", 8192, C3D), class("highcpu", 2048, C3D)],
        )
    },
    family("t2d", &[class("standard", 4096, &[1, 2, 4, 8, 16, 32, 48, 60])]),
    family("t2a", &[class("standard", 4096, &[1, 2, 4, 8, 16, 32, 48])]),
    Family { disks: DiskSupport::HyperdiskOnly, ..family("c4", &[]) },
    Family { disks: DiskSupport::HyperdiskOnly, ..family("c4a", &[]) },
    Family { disks: DiskSupport::HyperdiskOnly, confidential: true, ..family("c4d", &[]) },
    Family { disks: DiskSupport::HyperdiskOnly, ..family("n4a", &[]) },
    Family { disks: DiskSupport::HyperdiskOnly, ..family("n4d", &[]) },
    family("a2", &[]),
    Family { confidential: true, ..family("a3", &[]) },
    family("g2", &[]),
    family("h3", &[]),
    family("m1", &[]),
    family("m2", &[]),
    family("m3", &[]),
    family("z3", &[]),
];

/// Types whose vCPUs share a core: name, family, vCPUs, MiB.
const SHARED_CORE: &[(&str, &str, u32, u32)] = &[
    ("e2-micro", "e2", 2, 1024),
    ("e2-small", "e2", 2, 2048),
    ("e2-medium", "e2", 2, 4096),
    ("f1-micro", "n1", 1, 614),
    ("g1-small", "n1", 1, 1740),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineType {
    pub family: &'static str,
    /// vCPUs and MiB; None where the table does not hold the family's sizes.
    pub size: Option<(u32, u32)>,
    pub confidential: bool,
    pub disks: DiskSupport,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMachineType {
    #[error("`{0}` is no machine type: it looks like e2-standard-2")]
    Malformed(String),
    /// It may be newer than the table.
    #[error("the machine family `{0}` is not known here")]
    UnknownFamily(String),
    #[error("{family} has no `{text}`: its types are {known}")]
    UnknownType { family: &'static str, text: String, known: String },
    #[error(
        "`{0}` breaks the rules of custom machine types: an even number of vCPUs (or 1), and memory in MiB that 256 divides"
    )]
    InvalidCustom(String),
    #[error("the machine family {0} has no custom types")]
    NoCustom(&'static str),
}

/// Reads `e2-standard-4`, `custom-4-8192` (an N1), `n2-custom-4-8192-ext` or `c3-standard-4-lssd`.
pub fn parse(text: &str) -> Result<MachineType, InvalidMachineType> {
    let well_formed = !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !well_formed {
        return Err(InvalidMachineType::Malformed(text.to_owned()));
    }
    if let Some((_, family, vcpus, mib)) = SHARED_CORE.iter().find(|(name, ..)| *name == text) {
        return find(family).map(|family| family.with(Some((*vcpus, *mib))));
    }
    let (family, rest) = match text.strip_prefix("custom-") {
        Some(_) => ("n1", text),
        None => text.split_once('-').ok_or_else(|| InvalidMachineType::Malformed(text.to_owned()))?,
    };
    let family = find(family)?;
    if let Some(custom) = rest.strip_prefix("custom-") {
        return family.custom_type(custom, text);
    }
    if family.classes.is_empty() {
        return Ok(family.with(None));
    }
    // Local SSDs and bare metal change neither vCPUs nor memory.
    let plain = rest.strip_suffix("-lssd").or_else(|| rest.strip_suffix("-metal")).unwrap_or(rest);
    let size = plain.split_once('-').and_then(|(class, vcpus)| {
        let class = family.classes.iter().find(|known| known.name == class)?;
        let vcpus: u32 = vcpus.parse().ok()?;
        class.vcpus.contains(&vcpus).then_some((vcpus, vcpus * class.mib_per_vcpu))
    });
    match size {
        Some(size) => Ok(family.with(Some(size))),
        None => Err(InvalidMachineType::UnknownType {
            family: family.name,
            text: text.to_owned(),
            known: family.known(),
        }),
    }
}

/// The families that have confidential VMs, for messages.
pub fn confidential_families() -> String {
    let names: Vec<&str> =
        FAMILIES.iter().filter(|family| family.confidential).map(|family| family.name).collect();
    names.join(", ")
}

/// Memory as people say it: `8`, `3.75`.
pub fn gib(mib: u32) -> String {
    format!("{:.2}", f64::from(mib) / 1024.0).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The types of the table whose vCPUs and memory are within the ranges, by family.
pub fn within(vcpus: Range, gib: Range) -> Vec<String> {
    let mut found = Vec::new();
    for family in FAMILIES {
        for class in family.classes {
            for count in class.vcpus {
                let mib = count * class.mib_per_vcpu;
                if vcpus.contains(*count) && mib >= gib.min * 1024 && mib <= gib.max * 1024 {
                    found.push(format!("{}-{}-{count}", family.name, class.name));
                }
            }
        }
    }
    found
}

fn find(name: &str) -> Result<&'static Family, InvalidMachineType> {
    FAMILIES
        .iter()
        .find(|family| family.name == name)
        .ok_or_else(|| InvalidMachineType::UnknownFamily(name.to_owned()))
}

impl Family {
    const fn with(&self, size: Option<(u32, u32)>) -> MachineType {
        MachineType { family: self.name, size, confidential: self.confidential, disks: self.disks }
    }

    fn known(&self) -> String {
        let classes: Vec<String> = self
            .classes
            .iter()
            .map(|class| {
                let sizes: Vec<String> = class.vcpus.iter().map(u32::to_string).collect();
                format!("{}-{}-{{{}}}", self.name, class.name, sizes.join(","))
            })
            .collect();
        classes.join(", ")
    }

    /// `4-8192`, `4-8192-ext`; E2 also has `medium-4096` and its like, which share a core.
    fn custom_type(&self, custom: &str, whole: &str) -> Result<MachineType, InvalidMachineType> {
        if !self.custom {
            return Err(InvalidMachineType::NoCustom(self.name));
        }
        let invalid = || InvalidMachineType::InvalidCustom(whole.to_owned());
        let custom = custom.strip_suffix("-ext").unwrap_or(custom);
        let (vcpus, mib) = custom.split_once('-').ok_or_else(invalid)?;
        let mib: u32 = mib.parse().map_err(|_| invalid())?;
        let shared_core = self.name == "e2" && matches!(vcpus, "micro" | "small" | "medium");
        let vcpus: u32 = if shared_core { 2 } else { vcpus.parse().map_err(|_| invalid())? };
        let even = vcpus > 0 && (vcpus == 1 || vcpus.is_multiple_of(2));
        if even && mib > 0 && mib.is_multiple_of(256) {
            Ok(self.with(Some((vcpus, mib))))
        } else {
            Err(invalid())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> (u32, u32) {
        parse(text).unwrap().size.unwrap()
    }

    #[test]
    fn names_tell_vcpus_and_memory() {
        assert_eq!(size("e2-standard-4"), (4, 16 * 1024));
        assert_eq!(size("n2d-highmem-8"), (8, 64 * 1024));
        assert_eq!(size("n1-standard-1"), (1, 3840));
        assert_eq!(size("e2-medium"), (2, 4096));
        assert_eq!(size("c3-standard-8-lssd"), (8, 32 * 1024));
        assert_eq!(size("custom-6-8192"), (6, 8192));
        assert_eq!(size("n2-custom-4-40960-ext"), (4, 40960));
        assert_eq!(size("e2-custom-small-2048"), (2, 2048));
        assert_eq!(parse("c4-standard-8").unwrap().size, None);
    }

    #[test]
    fn confidential_vms_need_their_families() {
        for (text, confidential) in [
            ("n2d-standard-2", true),
            ("c2d-standard-4", true),
            ("c3-standard-4", true),
            ("c3d-standard-4", true),
            ("e2-standard-2", false),
            ("n1-standard-2", false),
            ("c2-standard-4", false),
        ] {
            assert_eq!(parse(text).unwrap().confidential, confidential, "{text}");
        }
    }

    #[test]
    fn types_are_found_by_what_they_have() {
        let found = within(Range { min: 2, max: 4 }, Range { min: 8, max: 16 });
        for (name, expected) in [("e2-standard-2", true), ("n2-standard-4", true), ("e2-highmem-4", false)] {
            assert_eq!(found.iter().any(|found| found == name), expected, "{name}");
        }
        assert!(found.iter().all(|name| parse(name).is_ok()), "{found:?}");
        assert_eq!([gib(8192), gib(3840), gib(614)], ["8", "3.75", "0.6"]);
    }

    #[test]
    fn what_is_no_machine_type_says_why() {
        use InvalidMachineType as E;
        assert!(matches!(parse(""), Err(E::Malformed(_))));
        assert!(matches!(parse("E2-standard-2"), Err(E::Malformed(_))));
        assert!(matches!(parse("large"), Err(E::Malformed(_))));
        assert!(matches!(parse("x9-standard-2"), Err(E::UnknownFamily(_))));
        assert!(matches!(parse("custom-3-4096"), Err(E::InvalidCustom(_))));
        assert!(matches!(parse("n2-custom-4-1000"), Err(E::InvalidCustom(_))));
        assert!(matches!(parse("c2-custom-4-4096"), Err(E::NoCustom("c2"))));
        let message = parse("e2-standard-3").unwrap_err().to_string();
        assert!(message.contains("e2-standard-{2,4,8,16,32}"), "{message}");
    }
}
