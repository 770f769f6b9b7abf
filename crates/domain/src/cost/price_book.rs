//! The price book: a data file of list prices, each with the list it stands in and the day it was read.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::Money;

const TEXT: &str = include_str!("price_book.toml");

/// A book that cannot be read knows no price, and then everything is unknown; a test reads it.
static SHIPPED: LazyLock<PriceBook> = LazyLock::new(|| toml::from_str(TEXT).unwrap_or_default());

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// The newest date in it. Costs name it, so that a new price never changes what has accrued.
    pub version: String,
    pub sources: BTreeMap<String, Source>,
    pub machines: Vec<MachinePrice>,
    /// Machine type to the thousandths of a vCPU that it is billed for.
    pub shared_core: BTreeMap<String, i64>,
    pub disks: Vec<DiskPrice>,
    pub address: AddressPrice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub name: String,
    pub url: String,
    pub date: String,
}

/// Hourly.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachinePrice {
    pub family: String,
    pub regions: Vec<String>,
    #[serde(default)]
    pub spot: bool,
    /// For each vCPU.
    pub vcpu: Money,
    /// For each GiB.
    pub memory: Money,
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskPrice {
    #[serde(rename = "type")]
    pub disk_type: String,
    pub regions: Vec<String>,
    pub gib_month: Money,
    pub source: String,
}

/// Hourly, for an address in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressPrice {
    pub standard: Money,
    pub spot: Money,
    pub source: String,
}

impl PriceBook {
    /// The one that this version of the product has.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    pub fn machine(&self, family: &str, region: &str, spot: bool) -> Option<&MachinePrice> {
        self.machines.iter().find(|price| {
            price.family == family && price.spot == spot && price.regions.iter().any(|known| known == region)
        })
    }

    pub fn disk(&self, disk_type: &str, region: &str) -> Option<&DiskPrice> {
        self.disks
            .iter()
            .find(|price| price.disk_type == disk_type && price.regions.iter().any(|known| known == region))
    }

    /// None for a book without addresses.
    pub fn external_address(&self, spot: bool) -> Option<Money> {
        let price = if spot { self.address.spot } else { self.address.standard };
        (price > Money::ZERO).then_some(price)
    }

    /// One line a source, for people who check: `Disk and image pricing, 2026-10-06`.
    pub fn cited(&self) -> Vec<&Source> {
        let mut sources: Vec<&Source> = self.sources.values().collect();
        sources.sort_by(|a, b| (&a.name, &a.date).cmp(&(&b.name, &b.date)));
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_book_reads_and_every_price_names_a_source_of_it() {
        let book: PriceBook = toml::from_str(TEXT).unwrap();
        assert_eq!(&book, PriceBook::shipped());
        let used = book
            .machines
            .iter()
            .map(|price| &price.source)
            .chain(book.disks.iter().map(|price| &price.source))
            .chain([&book.address.source]);
        for source in used {
            let source = &book.sources[source];
            assert!(source.date <= book.version, "{} is newer than the book", source.date);
        }
        for price in &book.machines {
            assert!(price.vcpu > Money::ZERO && price.memory > Money::ZERO, "{}", price.family);
        }
    }

    #[test]
    fn spot_is_cheaper_where_both_are_known() {
        let book = PriceBook::shipped();
        for spot in book.machines.iter().filter(|price| price.spot) {
            let standard = book.machine(&spot.family, &spot.regions[0], false).unwrap();
            assert!(spot.vcpu < standard.vcpu && spot.memory < standard.memory, "{}", spot.family);
        }
    }

    #[test]
    fn no_price_stands_in_it_twice() {
        let book = PriceBook::shipped();
        for (index, price) in book.machines.iter().enumerate() {
            for region in &price.regions {
                let first = book.machine(&price.family, region, price.spot).unwrap();
                assert!(std::ptr::eq(first, &raw const book.machines[index]), "{} {region}", price.family);
            }
        }
    }
}
