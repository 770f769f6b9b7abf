//! Predefined machine types by family: enough to tell a real name from a wrong one, with vCPUs and memory.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MachineType {
    pub(crate) cpus: u32,
    pub(crate) memory_mb: u32,
    pub(crate) shared: bool,
    pub(crate) arm: bool,
}

/// Family, the vCPU counts it comes in, and MiB per vCPU of its standard, highmem and highcpu types (0 = has none).
const FAMILIES: &[(&str, &[u32], [u32; 3])] = &[
    ("c2", &[4, 8, 16, 30, 60], [4096, 0, 0]),
    ("c2d", &[2, 4, 8, 16, 32, 56, 112], [4096, 8192, 2048]),
    ("c3", &[4, 8, 22, 44, 88, 176], [4096, 8192, 2048]),
    ("c3d", &[4, 8, 16, 30, 60, 90, 180, 360], [4096, 8192, 2048]),
    ("e2", &[2, 4, 8, 16, 32], [4096, 8192, 1024]),
    ("n1", &[1, 2, 4, 8, 16, 32, 64, 96], [3840, 6656, 922]),
    ("n2", &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128], [4096, 8192, 1024]),
    ("n2d", &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224], [4096, 8192, 1024]),
    ("t2a", &[1, 2, 4, 8, 16, 32, 48], [4096, 0, 0]),
    ("t2d", &[1, 2, 4, 8, 16, 32, 48, 60], [4096, 0, 0]),
];
const CLASSES: [&str; 3] = ["standard", "highmem", "highcpu"];
const SHARED: &[(&str, u32, u32)] = &[
    ("e2-micro", 2, 1024),
    ("e2-small", 2, 2048),
    ("e2-medium", 2, 4096),
    ("f1-micro", 1, 614),
    ("g1-small", 1, 1740),
];

/// Every name and what it means, in the order of names.
pub(crate) fn all() -> Vec<(String, MachineType)> {
    let mut types: Vec<(String, MachineType)> = SHARED
        .iter()
        .map(|(name, cpus, memory_mb)| {
            ((*name).to_owned(), MachineType { cpus: *cpus, memory_mb: *memory_mb, shared: true, arm: false })
        })
        .collect();
    for (family, sizes, memories) in FAMILIES {
        for (class, per_cpu) in CLASSES.iter().zip(memories).filter(|(_, per_cpu)| **per_cpu > 0) {
            for cpus in *sizes {
                let kind = MachineType {
                    cpus: *cpus,
                    memory_mb: cpus * per_cpu,
                    shared: false,
                    arm: *family == "t2a",
                };
                types.push((format!("{family}-{class}-{cpus}"), kind));
            }
        }
    }
    types.sort_by(|a, b| a.0.cmp(&b.0));
    types
}

/// The machine type of that name. Custom types (`n2-custom-4-8192`) say themselves what they are.
pub(crate) fn find(name: &str) -> Option<MachineType> {
    if let Some((family, size)) =
        name.split_once("-custom-").or_else(|| Some(("n1", name.strip_prefix("custom-")?)))
    {
        let (cpus, memory) = size.split_once('-')?;
        let memory = memory.strip_suffix("-ext").unwrap_or(memory);
        let known = ["e2", "n1", "n2", "n2d"].contains(&family);
        return known
            .then(|| {
                Some(MachineType {
                    cpus: cpus.parse().ok()?,
                    memory_mb: memory.parse().ok()?,
                    shared: false,
                    arm: false,
                })
            })
            .flatten();
    }
    if let Some((_, cpus, memory_mb)) = SHARED.iter().find(|(known, ..)| *known == name) {
        return Some(MachineType { cpus: *cpus, memory_mb: *memory_mb, shared: true, arm: false });
    }
    let mut parts = name.splitn(3, '-');
    let (family, class, cpus) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, sizes, memories) = FAMILIES.iter().find(|(known, ..)| *known == family)?;
    let (_, per_cpu) = CLASSES.iter().zip(memories).find(|(known, _)| **known == class)?;
    let cpus = sizes.iter().find(|size| size.to_string() == cpus)?;
    let kind = MachineType { cpus: *cpus, memory_mb: cpus * per_cpu, shared: false, arm: family == "t2a" };
    (*per_cpu > 0).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_lists() {
        for (name, kind) in all() {
            assert_eq!(find(&name), Some(kind), "{name}");
        }
    }

    #[test]
    fn knows_real_names_only() {
        assert_eq!(find("e2-standard-2").map(|t| (t.cpus, t.memory_mb)), Some((2, 8192)));
        assert_eq!(find("n2-custom-4-10240").map(|t| (t.cpus, t.memory_mb)), Some((4, 10240)));
        for wrong in ["e2-standard-3", "x9-standard-2", "c2-highmem-4", "e2-custom-a-b", ""] {
            assert_eq!(find(wrong), None, "{wrong}");
        }
    }
}
