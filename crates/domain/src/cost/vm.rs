//! The price of one VM, from its template: machine, disks, external address. By the month of 730 hours, so that hourly
//! and monthly list prices are both whole numbers of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{HOURS_A_MONTH, Known, Money, PriceBook};
use crate::{
    machine_type,
    name::last_segment,
    resource::{Disk, InstanceTemplate},
};

/// Each part by the month of 730 hours; None where the price book has no price.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VmPrice {
    pub machine_type: String,
    pub spot: bool,
    pub machine: Option<Money>,
    pub disks: Option<Money>,
    /// Zero without an external address.
    pub address: Option<Money>,
    /// The book's version.
    pub book: String,
}

impl VmPrice {
    /// What is known of it.
    pub fn known(&self) -> Money {
        [self.machine, self.disks, self.address].into_iter().flatten().sum()
    }

    pub const fn is_whole(&self) -> bool {
        self.machine.is_some() && self.disks.is_some() && self.address.is_some()
    }
}

/// An amount a month, and what it lacks because no price is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monthly {
    pub known: Money,
    /// In words: `machine type c4-standard-8 in us-central1`. Empty: the amount is whole.
    pub unknown: BTreeSet<String>,
}

impl Monthly {
    /// `$1,235`, `at least $12.00` where a part has no price, `unknown` where nothing has one.
    pub fn words(&self) -> String {
        Known::of(self.known, self.unknown.is_empty()).short()
    }

    /// VMs that run, of which nothing but their price is known.
    pub fn add_running(&mut self, vms: i64, price: Option<&VmPrice>) {
        let Some(price) = price else {
            self.unknown.insert("VMs without a template".to_owned());
            return;
        };
        self.known += price.known().times(vms);
        if price.machine.is_none() {
            self.unknown.insert(format!("machine type {}", price.machine_type));
        }
        if price.disks.is_none() {
            self.unknown.insert(format!("disks of {} VMs", price.machine_type));
        }
        if price.address.is_none() {
            self.unknown.insert("external addresses".to_owned());
        }
    }

    pub(crate) fn add(&mut self, count: u32, template: &InstanceTemplate, region: &str, book: &PriceBook) {
        if count == 0 {
            return;
        }
        let price = vm_price(template, region, book);
        self.known += price.known().times(i64::from(count));
        self.unknown.extend(missing(&price, template, region));
    }
}

/// What so many VMs of the template cost.
pub fn monthly(count: u32, template: &InstanceTemplate, region: &str, book: &PriceBook) -> Monthly {
    let mut sum = Monthly::default();
    sum.add(count, template, region, book);
    sum
}

/// What a VM of the template costs a month while it runs.
pub fn vm_price(template: &InstanceTemplate, region: &str, book: &PriceBook) -> VmPrice {
    let spot = template.scheduling.spot;
    let machine_type = last_segment(&template.machine_type);
    let disks = [Some(&template.boot_disk), template.workspace_disk.as_ref()];
    VmPrice {
        machine: machine(machine_type, region, spot, book),
        disks: disks.into_iter().flatten().map(|one| disk(one, region, book)).sum(),
        address: match template.external_ip {
            true => book.external_address(spot).map(|hourly| hourly.times(HOURS_A_MONTH)),
            false => Some(Money::ZERO),
        },
        machine_type: machine_type.to_owned(),
        spot,
        book: book.version.clone(),
    }
}

/// Custom types, local SSDs and sizes that the table does not hold have prices of their own, which the book lacks.
fn machine(machine_type: &str, region: &str, spot: bool, book: &PriceBook) -> Option<Money> {
    if machine_type.contains("custom-") || machine_type.ends_with("-lssd") || machine_type.ends_with("-metal")
    {
        return None;
    }
    let parsed = machine_type::parse(machine_type).ok()?;
    let (vcpus, mib) = parsed.size?;
    let price = book.machine(parsed.family, region, spot)?;
    let thousandths = match book.shared_core.get(machine_type) {
        Some(billed) => *billed,
        // The other types that share a core are billed as one unit.
        None if matches!(machine_type, "f1-micro" | "g1-small") => return None,
        None => i64::from(vcpus) * 1000,
    };
    // Both divide exactly but for odd sizes of the oldest family, where half a nano-dollar more or less is nothing.
    let vcpus = price.vcpu.nanos() * HOURS_A_MONTH * thousandths / 1000;
    let memory = price.memory.nanos() * HOURS_A_MONTH * i64::from(mib) / 1024;
    Some(Money::from_nanos(vcpus + memory))
}

fn disk(disk: &Disk, region: &str, book: &PriceBook) -> Option<Money> {
    let price = book.disk(last_segment(&disk.disk_type), region)?;
    Some(price.gib_month.times(i64::from(disk.size_gb)))
}

fn missing(price: &VmPrice, template: &InstanceTemplate, region: &str) -> Vec<String> {
    let spot = if price.spot { "Spot " } else { "" };
    let mut missing = Vec::new();
    if price.machine.is_none() {
        missing.push(format!("{spot}machine type {} in {region}", price.machine_type));
    }
    if price.disks.is_none() {
        let mut types = vec![last_segment(&template.boot_disk.disk_type)];
        types.extend(template.workspace_disk.as_ref().map(|disk| last_segment(&disk.disk_type)));
        types.dedup();
        missing.push(format!("disks of type {} in {region}", types.join(", ")));
    }
    if price.address.is_none() {
        missing.push(format!("{spot}external addresses"));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AgentType, FleetSpec, derive, environment::EnvironmentSpec, template::TemplateSpec};

    fn template(change: impl Fn(&mut TemplateSpec)) -> InstanceTemplate {
        let environment = EnvironmentSpec::new("project-1", "us-central1", "dev", "vpc", "subnet");
        let mut spec = FleetSpec::new(environment);
        let mut declared = TemplateSpec::new("web", AgentType::BackendDeveloper);
        change(&mut declared);
        spec.agent_vm_templates.push(declared);
        derive::resources(&spec, &[]).templates.into_values().next().unwrap()
    }

    fn price(change: impl Fn(&mut TemplateSpec)) -> VmPrice {
        vm_price(&template(change), "us-central1", PriceBook::shipped())
    }

    #[test]
    fn the_default_vm_costs_what_the_list_says() {
        let price = price(|_| ());
        // 2 vCPU and 8 GiB of e2; 20 GB and 50 GB of pd-ssd; one address.
        assert_eq!(price.machine, Some("48.9183366".parse().unwrap()));
        assert_eq!(price.disks, Some("11.9".parse().unwrap()));
        assert_eq!(price.address, Some("3.65".parse().unwrap()));
        assert_eq!(price.known().exact(), "$64.47");
    }

    #[test]
    fn spot_and_shared_cores_have_their_own_prices() {
        let spot = price(|declared| declared.preemptible = Some(true));
        assert_eq!(spot.machine, Some("29.35476".parse().unwrap()));
        assert_eq!(spot.address, Some("1.825".parse().unwrap()));
        let micro = price(|declared| declared.machine_type = Some("e2-micro".to_owned()));
        assert_eq!(micro.machine.unwrap().exact(), "$6.11");
    }

    #[test]
    fn a_price_that_is_not_listed_is_unknown_and_said() {
        for machine in ["c4-standard-8", "e2-custom-2-4096", "c3-standard-4-lssd", "f1-micro"] {
            let template = template(|declared| declared.machine_type = Some(machine.to_owned()));
            assert_eq!(vm_price(&template, "us-central1", PriceBook::shipped()).machine, None, "{machine}");
        }
        let mut month = Monthly::default();
        month.add(3, &template(|_| ()), "moon-north1", PriceBook::shipped());
        // The address alone has one price everywhere.
        assert_eq!(month.words(), "at least $10.95");
        assert_eq!(
            month.unknown.into_iter().collect::<Vec<_>>(),
            ["disks of type pd-ssd in moon-north1", "machine type e2-standard-2 in moon-north1"]
        );
        let mut month = Monthly::default();
        let bare = template(|declared| declared.enable_external_ip = Some(false));
        month.add(3, &bare, "moon-north1", PriceBook::shipped());
        assert_eq!(month.words(), "unknown");
    }
}
