//! Sets of numbers as sorted, disjoint intervals that do not touch: addresses and services are both kept like this.

/// Ends are inclusive.
pub(super) type Interval = (u128, u128);

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Intervals(Vec<Interval>);

impl Intervals {
    pub(super) fn of(mut parts: Vec<Interval>) -> Self {
        parts.sort_unstable();
        let mut merged: Vec<Interval> = Vec::with_capacity(parts.len());
        for (first, last) in parts {
            match merged.last_mut() {
                Some(before) if before.1 == u128::MAX || first <= before.1 + 1 => {
                    before.1 = before.1.max(last)
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub(super) fn one(first: u128, last: u128) -> Self {
        Self(vec![(first, last)])
    }

    pub(super) fn parts(&self) -> &[Interval] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, value: u128) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= value);
        after > 0 && value <= self.0[after - 1].1
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied().collect())
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let (mut parts, mut mine, mut theirs) =
            (Vec::new(), self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(&&(a_first, a_last)), Some(&&(b_first, b_last))) = (mine.peek(), theirs.peek()) {
            let (first, last) = (a_first.max(b_first), a_last.min(b_last));
            if first <= last {
                parts.push((first, last));
            }
            if a_last < b_last {
                mine.next();
            } else {
                theirs.next();
            }
        }
        Self(parts)
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        let mut parts = Vec::new();
        for &(first, last) in &self.0 {
            let mut next = Some(first);
            let begin = other.0.partition_point(|(_, their_last)| *their_last < first);
            for &(their_first, their_last) in &other.0[begin..] {
                if their_first > last {
                    break;
                }
                if let Some(from) = next.filter(|from| *from < their_first) {
                    parts.push((from, their_first - 1));
                }
                next = their_last.checked_add(1);
            }
            if let Some(from) = next.filter(|from| *from <= last) {
                parts.push((from, last));
            }
        }
        Self(parts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn small() -> impl Strategy<Value = Intervals> {
        prop::collection::vec((0..40_u128, 0..6_u128), 0..6).prop_map(|parts| {
            Intervals::of(parts.into_iter().map(|(first, more)| (first, first + more)).collect())
        })
    }

    fn members(set: &Intervals) -> BTreeSet<u128> {
        set.parts().iter().flat_map(|(first, last)| *first..=*last).collect()
    }

    proptest! {
        #[test]
        fn they_are_sets(a in small(), b in small(), probe in 0..50_u128) {
            let (x, y) = (members(&a), members(&b));
            prop_assert_eq!(members(&a.union(&b)), &x | &y);
            prop_assert_eq!(members(&a.intersection(&b)), &x & &y);
            prop_assert_eq!(members(&a.difference(&b)), &x - &y);
            prop_assert_eq!(a.contains(probe), x.contains(&probe));
        }

        #[test]
        fn one_set_has_one_spelling(a in small(), b in small()) {
            for set in [a.union(&b), a.intersection(&b), a.difference(&b)] {
                prop_assert_eq!(Intervals::of(set.parts().to_vec()), set);
            }
        }
    }

    #[test]
    fn the_last_number_is_no_edge() {
        let all = Intervals::one(0, u128::MAX);
        assert!(all.difference(&all).is_empty());
        let tail = Intervals::of(vec![(5, u128::MAX), (7, 9)]);
        assert_eq!(all.difference(&tail), Intervals::one(0, 4));
        assert_eq!(all.difference(&Intervals::one(0, 4)), tail);
    }
}
