//! What a plan does to the month.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Money, Monthly, PriceBook};
use crate::{
    ObservedFleet,
    name::last_segment,
    plan::Settled,
    resource::{InstanceGroup, ResourceSet},
};

/// List prices by the month of 730 hours, of groups at the sizes at which they settle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostImpact {
    pub before: Monthly,
    pub after: Monthly,
    /// With every autoscaled pool at its maximum. Absent where no autoscaler decides.
    pub at_most: Option<Monthly>,
    /// The version of the price book.
    pub book: String,
}

impl CostImpact {
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }

    /// What the month costs more, or less where it is below zero. None: a price is missing on either side, so nobody knows.
    pub fn difference(&self) -> Option<Money> {
        let whole = self.before.unknown.is_empty() && self.after.unknown.is_empty();
        whole.then(|| self.after.known - self.before.known)
    }

    /// What has no price, before or after.
    pub fn unknown(&self) -> BTreeSet<&String> {
        self.before.unknown.union(&self.after.unknown).collect()
    }

    /// No VM runs before or after.
    pub fn is_nothing(&self) -> bool {
        self.before == Monthly::default() && self.after == Monthly::default()
    }
}

/// `held` are groups that the plan leaves alone although nothing derives to them.
pub(crate) fn cost_impact(
    wanted: &ResourceSet,
    observed: &ObservedFleet,
    held: &BTreeSet<String>,
    region: &str,
) -> CostImpact {
    let book = PriceBook::shipped();
    let mut impact = CostImpact { book: book.version.clone(), ..CostImpact::default() };
    let mut at_most = Monthly::default();
    let mut scaled = false;
    let names: BTreeSet<&String> = wanted.groups.keys().chain(observed.resources.groups.keys()).collect();
    for name in names {
        let before = Settled::before(observed, name);
        let priced =
            |side: &mut Monthly, resources: &ResourceSet, group: Option<&InstanceGroup>, size: u32| {
                let Some(group) = group.filter(|_| size > 0) else { return };
                match resources.templates.get(last_segment(&group.template)) {
                    Some(template) => side.add(size, template, region, book),
                    None => {
                        side.unknown.insert(format!("template {} of {name}", last_segment(&group.template)));
                    }
                }
            };
        let existing = observed.resources.groups.get(name);
        priced(&mut impact.before, &observed.resources, existing, before.size);
        if held.contains(name) {
            priced(&mut impact.after, &observed.resources, existing, before.size);
            priced(&mut at_most, &observed.resources, existing, before.size);
            continue;
        }
        let after = Settled::after(wanted, observed, name, &before);
        let next = wanted.groups.get(name);
        priced(&mut impact.after, wanted, next, after.size);
        let scaler = crate::plan::autoscaler_of(wanted, name);
        scaled |= scaler.is_some();
        priced(&mut at_most, wanted, next, scaler.map_or(after.size, |scaler| scaler.max_replicas));
    }
    impact.at_most = scaled.then_some(at_most);
    impact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_with_a_price_missing_is_nobody_s_to_say() {
        let month = |dollars, unknown: &[&str]| Monthly {
            known: Money::from_dollars(dollars),
            unknown: unknown.iter().map(|&what| what.to_owned()).collect(),
        };
        let of = |before, after| CostImpact { before, after, ..CostImpact::default() };
        assert_eq!(of(month(5, &[]), month(2, &[])).difference(), Some(Money::from_dollars(-3)));
        let partly = of(month(5, &["a"]), month(9, &["a", "b"]));
        assert_eq!(partly.difference(), None);
        assert_eq!(partly.unknown(), BTreeSet::from([&"a".to_owned(), &"b".to_owned()]));
    }
}
